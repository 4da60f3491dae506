"""Commands to try first."""

import shlex

RECORD_SET = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
KEYWORDS = ("T_REC", "QUALITY", "CRLT_OBS", "DATAMEAN")
ORDERED = "hmi.m_45s[2013.07.03_08:42_TAI/3m]"
NOTIFY = "user@example.com"
"""The address that the stand-in for JSOC has registered."""
DATASET = "solar-wind"
"""A dataset to which the stand-in for the Mission Data Broker adds a message each second."""
OBJECT = "s3://modos-demo/ex"
FILE = "demo1.cram"
REGION = "chr1:1000-2000"
"""Of an object that the stand-in for MODOS has: 0-based, half-open."""
_FIRST_CALLS = {
    "autobahn": ("tail", "autobahn", DATASET, "--from", "600", "--limit", "5"),
    "drms": ("call", "drms", "query", "--ds", RECORD_SET, "--key", ",".join(KEYWORDS), "--rec-index"),
    "modos": ("call", "modos", "metadata", "--type", "DataEntity"),
}
_FIRST_JOBS = {
    "autobahn": ("submit", "autobahn", "read", "--dataset", DATASET, "--limit", "3", "--follow"),
    "drms": ("submit", "drms", "export", "--ds", ORDERED, "--notify", NOTIFY, "--follow"),
    "modos": ("submit", "modos", "records", "--modo", OBJECT, "--file", FILE, "--regions", REGION, "--follow"),
}


def first_call(service: str) -> tuple[str, ...]:
    """What to ask `service`; its help where nobody wrote an example down."""
    return _FIRST_CALLS.get(service, ("call", service, "--help"))


def first_job(service: str) -> tuple[str, ...]:
    """What to submit to `service`; its help where nobody wrote an example down."""
    return _FIRST_JOBS.get(service, ("submit", service, "--help"))


def command(*words: str, url: str | None = None) -> str:
    """The command as it is typed into a shell."""
    return shlex.join(["scibus", *(("--url", url) if url else ()), *words])
