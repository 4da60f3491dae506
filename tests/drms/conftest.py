"""`Jsoc` as a plain script uses it, before the stand-in; exports as jobs, seen by any NATS client."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import stamina

from scibus.bus.stored import StoredMessage, last_message
from scibus.client import Bus
from scibus.contracts.drms import ExportedFile, ExportedFiles
from scibus.contracts.problems import ProblemDetails
from scibus.drms.jsoc import Jsoc
from scibus.drms.settings import DrmsSettings
from scibus.sandbox.jsoc import JsocStandIn
from tests.conftest import SpawnWorker
from tests.processes import WorkerProcess
from tests.waiting import until

OpenJsoc = Callable[..., Jsoc]
SpawnDrms = Callable[..., Awaitable[WorkerProcess]]
ADDRESS = "user@example.com"


@pytest.fixture(autouse=True)
def _no_pauses_between_tries():
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
async def open_jsoc(jsoc: JsocStandIn) -> AsyncIterator[OpenJsoc]:
    """A client of the stand-in with settings of its own: `open_jsoc(attempts=1)`."""
    async with AsyncExitStack() as stack:

        def open_(**settings: Any) -> Jsoc:
            values = {"base_url": jsoc.cgi_url, "download_url": jsoc.download_url, **settings}
            known = DrmsSettings(**values)
            archive = Jsoc(known.known_servers()[0], known)
            stack.push_async_callback(archive.close)
            return archive

        yield open_


@pytest.fixture
def archive(open_jsoc: OpenJsoc) -> Jsoc:
    return open_jsoc()


class Exports:
    """Export jobs, with nothing but nats-py."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._js = bus.connection.jetstream()

    async def submit(self, job_id: str, ds: str, **order: Any) -> None:
        """Submit an export of `ds`."""
        body = json.dumps({"ds": ds, "notify": ADDRESS, **order}).encode()
        await self._js.publish(f"scibus.v1.job.drms.export.{job_id}", body)

    async def done(self, job_id: str, ds: str, **order: Any) -> ExportedFiles:
        """What the export of `ds` gives."""
        await self.submit(job_id, ds, **order)
        return await self.files(job_id)

    async def notes(self, job_id: str, files: int) -> None:
        """Wait until the job's checkpoint names so many files."""
        subject = f"$KV.scibus_checkpoints.drms.export.{job_id}"

        async def there() -> bool:
            saved = await last_message(self._bus.connection, "KV_scibus_checkpoints", subject)
            return saved is not None and len(json.loads(saved.data)["files"]) == files

        await until(there, 30)

    async def result(self, job_id: str) -> StoredMessage:
        """The result, when it is there."""
        found: list[StoredMessage] = []

        async def there() -> bool:
            message = await last_message(
                self._bus.connection, "SCIBUS_RESULTS", f"scibus.v1.result.drms.export.{job_id}"
            )
            found.extend([message] if message else [])
            return message is not None

        await until(there, 60)
        return found[0]

    async def files(self, job_id: str) -> ExportedFiles:
        """The result of an export that succeeds."""
        result = await self.result(job_id)
        assert result.headers["Scibus-State"] == "succeeded", result.data
        return ExportedFiles.model_validate_json(result.data)

    async def problem(self, job_id: str) -> ProblemDetails:
        """The result of an export that fails."""
        result = await self.result(job_id)
        assert result.headers["Scibus-State"] == "failed", result.data
        return ProblemDetails.model_validate_json(result.data)

    async def status(self, job_id: str) -> dict[str, Any]:
        """The job's status, as it is now."""
        message = await last_message(self._bus.connection, "KV_scibus_jobs", f"$KV.scibus_jobs.drms.export.{job_id}")
        return json.loads(message.data) if message else {"state": "none", "progress": None}

    async def tells(self, job_id: str, text: str) -> None:
        """Wait until the job's progress tells `text`."""

        async def there() -> bool:
            return text in ((await self.status(job_id))["progress"] or {}).get("message", "")

        await until(there, 30)

    async def reaches(self, job_id: str, state: str) -> dict[str, Any]:
        """The status once the job is in `state`."""

        async def there() -> bool:
            return bool((await self.status(job_id))["state"] == state)

        await until(there, 30)
        return await self.status(job_id)

    async def cancel(self, job_id: str) -> dict[str, Any]:
        """The answer to a request to cancel."""
        subject = f"scibus.v1.cancel.drms.export.{job_id}"
        return json.loads((await self._bus.connection.request(subject, b"", timeout=30)).data)

    async def content(self, file: ExportedFile) -> bytes:
        """The bytes of a file as they lie in the object store, checked against its digest."""
        return b"".join([chunk async for chunk in self._bus.blobs.read(file.blob)])


@pytest.fixture
def exports(bus: Bus) -> Exports:
    return Exports(bus)


@pytest.fixture
def spawn_drms(spawn_worker: SpawnWorker, jsoc: JsocStandIn) -> SpawnDrms:
    """A worker that polls quickly: `await spawn_drms(**TAKEN_OVER)` where it is killed."""
    jsoc.configure({"wait": 0})

    async def spawn(**settings: str) -> WorkerProcess:
        quick = {
            "SCIBUS_DRMS_BASE_URL": jsoc.cgi_url,
            "SCIBUS_DRMS_DOWNLOAD_URL": jsoc.download_url,
            "SCIBUS_DRMS_POLL_SHORTEST": "0.1",
        }
        return await spawn_worker("drms", **{**quick, **settings})

    return spawn


@pytest.fixture
async def exporter(spawn_drms: SpawnDrms) -> WorkerProcess:
    return await spawn_drms()
