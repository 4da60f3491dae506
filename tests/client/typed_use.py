"""What an editor and mypy know of the client: checked by mypy as it stands here, never run."""

from typing import assert_type

from scibus.client import Bus, Table, connect
from scibus.contracts.drms import ExportState, RecordList


async def typed() -> None:
    async with connect() as bus:
        assert_type(bus, Bus)
        assert_type(await bus.drms.rs_list(ds="hmi.v_45s[$]", key=["T_REC"], n=5), RecordList)
        assert_type(await bus.drms.rs_list.options(timeout=5)(ds="hmi.v_45s[$]", key="T_REC"), RecordList)
        assert_type(await bus.drms.query(ds="hmi.v_45s[$]", key="T_REC,QUALITY", utc=True), Table)
        assert_type(await bus.drms.exp_status(requestid="JSOC_20261123_001"), ExportState)

        await bus.drms.rs_list(key="T_REC")  # type: ignore[call-arg]
        await bus.drms.rs_list(ds="hmi.v_45s[$]", keys="T_REC")  # type: ignore[call-arg]
        await bus.drms.rs_list(ds="hmi.v_45s[$]", n="five")  # type: ignore[arg-type]
        await bus.drms.rs_lists(ds="hmi.v_45s[$]")  # type: ignore[attr-defined]
