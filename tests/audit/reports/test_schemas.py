import json

import jsonschema
import pytest

from audit.commands.schema import Document, generated, published
from audit.config import Config
from audit.gate import baseline
from audit.reports import json_report
from tests.audit.reports.samples import EMPTY, FULL


def validator(document):
    schema = json.loads(published(document))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("document", Document)
def test_what_is_published_is_what_the_models_say(document):
    assert published(document) == generated(document), "run `python -m scripts.write_schemas`"


@pytest.mark.parametrize("report", [FULL, EMPTY], ids=["full", "empty"])
def test_reports_and_baselines_are_valid(report):
    validator(Document.REPORT).validate(json.loads(json_report.render(report)))
    known = baseline.renewed(report, baseline.Baseline(), Config(), ())
    validator(Document.BASELINE).validate(json.loads(baseline.render(known)))


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 1},
        {"verdict": "fine"},
        {"surprise": 1},
        {"score": {"value": 3}},
        {"checks": [{"id": "x"}]},
    ],
)
def test_the_schema_notices_what_is_wrong(change):
    content = json.loads(json_report.render(FULL)) | change
    with pytest.raises(jsonschema.ValidationError):
        validator(Document.REPORT).validate(content)


def test_a_missing_key_is_noticed():
    content = json.loads(json_report.render(FULL))
    del content["conditions"]
    with pytest.raises(jsonschema.ValidationError):
        validator(Document.REPORT).validate(content)


def test_the_schema_of_the_configuration_agrees_with_the_reader():
    validator(Document.CONFIGURATION).validate(json.loads(Config().model_dump_json(exclude_none=True)))
    with pytest.raises(jsonschema.ValidationError):
        validator(Document.CONFIGURATION).validate({"exlude": []})
