"""Write audit/schemas anew from the models: after a change of `audit.model` or `audit.config`."""

from pathlib import Path

from audit.commands.schema import Document, generated

for document in Document:
    path = Path("audit/schemas") / f"{document}.schema.json"
    path.write_text(generated(document), encoding="utf-8")
