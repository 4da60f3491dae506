"""The same without an event loop: in a script, or in a notebook whose loop is taken."""

from scibus.client import connect_sync

with connect_sync() as bus:
    table = bus.drms.query(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]", key=["T_REC", "DATAMEAN"], rec_index=True)
    print(table.to_pandas())

    job = bus.drms.rs_summary.submit(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]")
    print(job.ref, "has found", job.result(timeout=60).count, "records")
