"""The AsyncAPI document before its judge, the official parser from npm."""

import json

import pytest

from scibus.bus.asyncapi import describe
from scibus.contracts.drms import Drms
from scibus.contracts.live import SubscribeOperation
from scibus.contracts.schemas import SERVICES
from tests.tools import ROOT, run, tool

PARSER = ROOT / "tests" / "judges" / "npm" / "asyncapi.js"
WARNING = 1


@pytest.fixture
def judged(tmp_path):
    """What the parser finds in a document."""
    node = tool("node")

    def judge(document):
        path = tmp_path / "asyncapi.json"
        path.write_text(json.dumps(document))
        trial = run([*node, str(PARSER), str(path)])
        assert trial.returncode == 0, trial.stderr
        return json.loads(trial.stdout)

    return judge


def test_the_document_of_all_services_is_valid(judged):
    verdict = judged(describe(SERVICES, "1.0.0"))

    assert [found for found in verdict["findings"] if found["severity"] <= WARNING] == []
    operations = [operation for service in SERVICES for operation in service.operations()]
    assert verdict["operations"] == 8 * len(operations) + sum(isinstance(one, SubscribeOperation) for one in operations)


def test_the_judge_sees_what_is_wrong(judged):
    document = describe([Drms], "1.0.0")
    document["operations"]["drms.rs_list.request"]["reply"]["channel"]["$ref"] = "#/channels/nowhere"

    assert [found["code"] for found in judged(document)["findings"] if found["severity"] == 0] != []
