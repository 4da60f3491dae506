"""Operations: in one table, and each with all that it takes and gives."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from docs.generated.markdown import Lines, code, table
from docs.generated.models import described, fields, inner
from scibus.contracts.operations import JobOperation, Operation
from scibus.contracts.schemas import SERVICES, all_schemas

AnyOperation = Operation[..., Any, Any]
RECORDS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
ADDRESS = "user@example.com"
DATASET = "solar-wind"
OBJECT = "s3://modos-demo/ex"
SEQUENCE = "bb8b99d187820d9ca49fb2ffe2e89bfb"
SAMPLE = {"id": "blood1", "type": "Sample", "attributes": {"name": "Blood 1", "cell_type": "leukocyte"}}
BLOB = {
    "bucket": "scibus_blobs",
    "name": "uploads/notes.txt",
    "size": 5,
    "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "media_type": "text/plain",
}
COMMA = ("key", "seg", "link")
"""Fields that may be one text with commas."""
ASKED: Mapping[str, Mapping[str, Any]] = {
    "autobahn.subscribe": {"dataset": DATASET, "offset": "begin"},
    "autobahn.seek": {"id": DATASET, "sequence": 1},
    "autobahn.pause": {"id": DATASET},
    "autobahn.resume": {"id": DATASET},
    "autobahn.subscriptions": {"dataset": DATASET},
    "autobahn.unsubscribe": {"id": DATASET},
    "autobahn.read": {"dataset": DATASET, "offset": "begin", "limit": 3},
    "autobahn.info": {"dataset": DATASET},
    "autobahn.token": {},
    "drms.check_address": {"email": ADDRESS},
    "drms.exp_request": {"ds": RECORDS, "notify": ADDRESS},
    "drms.exp_status": {"requestid": "JSOC_20261123_001"},
    "drms.export": {"ds": "hmi.m_45s[2013.07.03_08:42_TAI/90s]{magnetogram}", "notify": ADDRESS},
    "drms.rs_list": {"ds": RECORDS, "key": ["T_REC", "QUALITY"]},
    "drms.rs_summary": {"ds": RECORDS},
    "drms.series_struct": {"ds": "hmi.v_45s"},
    "drms.show_series": {"ds_filter": "^hmi"},
    "drms.show_series_wrapper": {"ds_filter": "^hmi"},
    "drms.query": {"ds": RECORDS, "key": ["T_REC", "DATAMEAN"], "utc": True},
    "modos.endpoints": {},
    "modos.service_info": {"service": "reads"},
    "modos.list": {},
    "modos.metadata": {"type": "Sample"},
    "modos.find": {"query": "GIAC", "fuzzy": True},
    "modos.s3_path": {"query": "GIAB", "exact_match": True},
    "modos.files": {"modo": OBJECT},
    "modos.elements": {"modo": OBJECT, "group": "data"},
    "modos.show": {"modo": OBJECT, "element": "sample/sample1", "format": "yaml"},
    "modos.refget_sequence": {"id": SEQUENCE, "start": 1000, "end": 1010},
    "modos.refget_metadata": {"id": SEQUENCE},
    "modos.codes": {"collection": "cell_type", "query": "leukocyte", "top": 3},
    "modos.collections": {},
    "modos.token": {},
    "modos.s3_key": {},
    "modos.login": {"seconds": 300},
    "modos.stream": {"modo": OBJECT, "file": "demo1.bam", "regions": ["chr1:1000-2000", "chr2"]},
    "modos.records": {"modo": OBJECT, "file": "demo1.cram", "regions": ["chr1:1000-2000"]},
    "modos.download": {"modo": "GIAB"},
    "modos.upload": {"path": "s3://modos-demo/new", "files": [{"name": "notes.txt", "blob": BLOB}]},
    "modos.create": {"path": "s3://modos-demo/mine", "attributes": {"description": "An object of mine"}},
    "modos.add": {"modo": "s3://modos-demo/mine", "elements": [SAMPLE]},
    "modos.update": {"modo": "GIAB", "attributes": {"description": "Genome in a bottle, again"}},
    "modos.remove": {"modo": "s3://modos-demo/mine", "element": "sample/blood1"},
    "modos.enrich": {"modo": "s3://modos-demo/mine"},
    "modos.publish": {"modo": OBJECT, "file": "reference.fa"},
}
"""An example for each operation."""


def operations(_argument: str) -> Lines:
    """A table of all operations."""
    rows = ((code(_subject(op)), code(op.model.__name__), _answer(op), op.summary) for op in _all())
    return table("subject | asks | answers | what for", rows)


def operation_details(_argument: str) -> Lines:
    """A section for each operation, then one for each model inside of others."""
    for service in SERVICES:
        schemas = all_schemas([service])
        for op in service.operations():
            yield from _section(op, schemas)
        yield f"## Models of `{service.service_name}`"
        yield ""
        used = [schemas[one.__name__] for op in service.operations() for one in (op.model, op.answer_model)]
        for name, schema in inner(used).items():
            yield f"### {name}"
            yield ""
            yield described(schema)
            yield ""
            yield from fields(schema)
            yield ""


def _section(op: AnyOperation, schemas: Mapping[str, Any]) -> Lines:
    asked, answered = schemas[op.model.__name__], schemas[op.answer_model.__name__]
    example = ASKED[f"{op.service}.{op.name}"]
    op.model(**example)
    yield f"## `{op.service}.{op.name}`"
    yield ""
    yield f"{op.summary}."
    yield ""
    rows = [] if isinstance(op, JobOperation) else [("request", code(op.subject))]
    rows += [
        ("job", f"`{op.job_subject}` or `{op.job_subject}.<job id>`"),
        ("attempts of a job", f"{op.attempts}, each of {op.time_limit:g} s at most"),
        ("request schema", code(op.request_schema)),
        ("answer schema", code(op.answer_schema)),
    ]
    yield from table("what | value", rows)
    yield ""
    yield "```sh"
    yield command_line(op, example)
    yield "```"
    yield ""
    yield "```py"
    yield python_line(op, example)
    yield "```"
    yield ""
    yield f"Request, `{op.model.__name__}`: {described(asked)}"
    yield ""
    yield from fields(asked, asked=True)
    yield ""
    yield f"Answer, `{op.answer_model.__name__}`: {described(answered)}"
    yield ""
    yield from fields(answered)
    yield ""


def command_line(op: AnyOperation, example: Mapping[str, Any]) -> str:
    """The command that asks for `example`."""
    verb = ("submit", op.service, op.name) if isinstance(op, JobOperation) else ("call", op.service, op.name)
    words = [word for name, value in example.items() for word in _option(name, value)]
    return shlex.join(["scibus", *verb, *words])


def python_line(op: AnyOperation, example: Mapping[str, Any]) -> str:
    """The call of the client that asks for `example`."""
    given = ", ".join(f"{name}={_literal(value)}" for name, value in example.items())
    submit = ".submit" if isinstance(op, JobOperation) else ""
    return f"await bus.{op.service}.{op.name}{submit}({given})"


def _option(name: str, value: Any) -> list[str]:
    option = f"--{name.replace('_', '-')}"
    if value is True:
        return [option]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return [option, ",".join(value)] if name in COMMA else [word for one in value for word in (option, one)]
    return [option, json.dumps(value) if isinstance(value, list | dict) else str(value)]


def _literal(value: Any) -> str:
    return repr(value).replace("'", '"')


def _all() -> list[AnyOperation]:
    return [op for service in SERVICES for op in service.operations()]


def _subject(op: AnyOperation) -> str:
    return op.job_subject if isinstance(op, JobOperation) else op.subject


def _answer(op: AnyOperation) -> str:
    return "table (JSON or Arrow)" if op.answers_table else code(op.answer_model.__name__)
