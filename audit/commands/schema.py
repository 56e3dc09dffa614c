"""`python -m audit schema NAME`: the published JSON Schemas, as they lie in audit/schemas."""

import json
from enum import StrEnum
from importlib import resources
from typing import Annotated, Any, Literal

import typer
from pydantic import TypeAdapter

from audit.config import Config
from audit.gate.baseline import Baseline
from audit.reports import json_report


class Document(StrEnum):
    """What has a schema."""

    REPORT = "report"
    BASELINE = "baseline"
    CONFIGURATION = "configuration"


def schema(
    document: Annotated[Document, typer.Argument(help="Of report.json, of a baseline, or of [tool.audit].")],
) -> None:
    """Print the JSON Schema of what the audit writes or reads."""
    print(published(document), end="")


SOURCES: dict[Document, Any] = {
    Document.REPORT: json_report.Document,
    Document.BASELINE: Baseline,
    Document.CONFIGURATION: Config,
}


def published(document: Document) -> str:
    """The schema's text, as it lies in the package; a test holds it against the models."""
    return (resources.files("audit") / "schemas" / f"{document}.schema.json").read_text(encoding="utf-8")


def generated(document: Document) -> str:
    """The schema's text, made from the models: what `published` must be."""
    mode: Literal["serialization", "validation"] = "validation"
    if document is Document.REPORT:
        mode = "serialization"
    content = TypeAdapter(SOURCES[document]).json_schema(mode=mode)
    if document is Document.REPORT:
        content = closed(content)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", **content, "title": f"audit {document}"}
    return json.dumps(head, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def closed(schema: Any) -> Any:
    """Every object has all of its keys and no other, as what we write does."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(part) for key, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        result |= {"additionalProperties": False, "required": sorted(schema["properties"])}
    return result
