"""The client against real workers."""

import asyncio
import hashlib
import json
import sys

import pytest
from pydantic import ValidationError

from scibus.bus.headers import decode_blob
from scibus.client import NoAnswer, connect
from scibus.contracts.problems import InvalidRequest, NotFound
from scibus.sandbox import NatsServer
from tests import standing
from tests.runtime.probe import Probe

nats_server, bus, jsoc, in_order = standing.nats_server, standing.bus, standing.jsoc, standing.in_order
folder, spawn_worker = standing.folder, standing.spawn_worker
probe, drms = standing.probe, standing.drms

FOUR_RECORDS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
WITHOUT_ARROW = """
import asyncio, sys
sys.modules["pyarrow"] = None
from scibus.client import connect
async def main():
    async with connect() as bus:
        table = await bus.drms.query(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]", key="T_REC,QUALITY")
        print(len(table), table.column_names, table.rows()[0])
asyncio.run(main())
"""


async def test_a_service_is_an_attribute(bus, drms):
    assert (await bus.drms.rs_summary(ds=FOUR_RECORDS)).count == 4


async def test_fields_that_do_not_fit_are_refused_before_anything_is_sent(bus, drms, jsoc):
    with pytest.raises(ValidationError, match="name at least one of key, seg and link"):
        bus.drms.rs_list(ds=FOUR_RECORDS)

    assert len(jsoc.log) == 0


async def test_problems_are_caught_by_their_type(bus, drms):
    with pytest.raises(NotFound) as raised:
        await bus.drms.rs_summary(ds="nope.nope[$]")

    assert raised.value.details.backend.name == "jsoc"
    assert raised.value.details.instance == "drms.rs_summary"


async def test_where_no_worker_is_nobody_answers(bus):
    with pytest.raises(NoAnswer, match="no worker serves"):
        await bus.modos.list()


async def test_a_worker_that_says_nothing_is_not_waited_for_without_end():
    async with NatsServer() as server, connect(server.url) as bus:
        await bus.connection.subscribe(Probe.echo.subject)

        with pytest.raises(NoAnswer, match=r"within 0\.2 s"):
            await bus.service(Probe).echo.options(timeout=0.2)(text="hi")


async def test_authorization_is_sent_with_every_request(nats_server, probe):
    async with connect(nats_server.url, authorization="Bearer abc", timeout=7) as bus:
        carried = await bus.service(Probe).carried()

    assert carried.authorization == "Bearer abc"
    assert carried.timeout == 7


async def test_a_blob_is_downloaded_and_checked(bus, probe, tmp_path):
    reply = await bus.connection.request(Probe.repeat.subject, b'{"count":3000000}', timeout=40)
    ref = decode_blob(reply.headers["Scibus-Blob"])

    path = await bus.download(ref, tmp_path / "answer.json")

    assert json.loads(path.read_bytes()) == {"text": "x" * 3_000_000}
    assert hashlib.sha256(path.read_bytes()).hexdigest() == ref.sha256


async def test_a_large_table_is_mapped_and_leaves_no_file(bus, probe, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    table = await bus.service(Probe).numbers(count=300_000)

    assert len(table) == 300_000
    assert table.to_arrow()["n"][-1].as_py() == 299_999
    assert [path.name for path in tmp_path.glob("scibus-*") if path.is_dir()] == []


async def test_without_pyarrow_tables_come_as_json(drms, nats_server, monkeypatch):
    monkeypatch.setenv("SCIBUS_NATS_URL", nats_server.url)
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WITHOUT_ARROW, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        output, errors = await running.communicate()

    assert output.decode().strip() == "4 ['T_REC', 'QUALITY'] {'T_REC': '2013.07.03_08:42:00_TAI', 'QUALITY': 0}", (
        errors
    )


async def test_what_the_worker_refuses_names_the_fields(bus, drms):
    reply = await bus.connection.request("scibus.v1.req.drms.rs_list", b'{"ds":7,"n":"x"}', timeout=40)

    assert [error["field"] for error in json.loads(reply.data)["errors"]] == ["ds", "n"]


async def test_an_unknown_server_is_an_invalid_request(bus, drms):
    with pytest.raises(InvalidRequest):
        await bus.drms.rs_summary(ds=FOUR_RECORDS, server="nope")
