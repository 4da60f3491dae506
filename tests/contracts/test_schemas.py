"""The committed JSON Schemas are those of today's models."""

import json
from pathlib import Path

from scibus.contracts.schemas import all_files, all_schemas

COMMITTED = Path(__file__).parents[2] / "shared" / "contracts" / "schemas" / "v1"


def test_committed_schemas_are_todays():
    committed = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in COMMITTED.glob("*.json")}

    assert committed == all_files(), "run `make schemas`, look at the difference, and commit it"


def test_every_schema_has_the_urn_that_messages_name():
    assert all_schemas()["RecordSetQuery"]["$id"] == "urn:scibus:schema:v1:RecordSetQuery"
