"""A real S3 server for the tests: moto in a process and an environment of its own, and a way to it that can break.

`s3_bucket` is a fixture: import it, with `s3_server`, into the conftest.py of the tests that use it.
"""

import asyncio
import json
import re
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.request import Request, urlopen

import pytest

from tests.tools import tool

START_SECONDS = 60.0
ANSWER_SECONDS = 60.0
PIECE = 64 * 1024
SIGNED = "AWS4-HMAC-SHA256 Credential=somebody/20260101/us-east-1/s3/aws4_request"
"""Enough where the server is not strict."""


class S3Server:
    """moto on a free port inside `with`; its buckets are gone with it.

    Args:
        strict: whether requests signed with other keys than these are refused. All that is signed is taken otherwise.

    Attributes:
        url: the endpoint.
        key: id of a key that may do all.
        secret: what belongs to it.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._process: subprocess.Popen[bytes] | None = None
        self.url, self.key, self.secret = "", "", ""
        self._first_bucket = ""

    def __enter__(self) -> Self:
        command = tool("moto_server") + (["--strict"] if self._strict else [])
        # What it logs is of no use to anybody, and a pipe that nobody reads would stop it.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline() or pytest.fail("moto did not start: run `make setup`"))
        self.url, self.key, self.secret = ready["url"], ready["key"], ready["secret"]
        self._first_bucket = ready["bucket"]
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            # Its standard input ends, and it with it.
            self._process.communicate(timeout=START_SECONDS)

    def bucket(self) -> "S3Bucket":
        """A bucket with nothing in it: a new one each time, but the same where the server is strict."""
        if self._strict:
            return S3Bucket(self, self._first_bucket)
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        _ask("PUT", f"{self.url}/{name}")
        return S3Bucket(self, name)


@dataclass(frozen=True)
class S3Bucket:
    """A bucket, how a worker gets at it, and what can be done to it behind its back."""

    server: S3Server
    name: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which any client of S3 finds the server and logs in."""
        return {
            "AWS_ENDPOINT_URL": self.server.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.server.key,
            "AWS_SECRET_ACCESS_KEY": self.server.secret,
        }

    @property
    def url(self) -> str:
        """What SCIBUS_BLOB_URL is set to: with a prefix, below which all of the bus lies."""
        return f"s3://{self.name}/kept"

    @property
    def settings(self) -> dict[str, str]:
        """With these a worker keeps its blobs in this bucket."""
        return {**self.environment, "SCIBUS_BLOB_STORE": "s3", "SCIBUS_BLOB_URL": self.url}

    async def keys(self) -> list[str]:
        """Names of all objects."""
        listing = await self._listed("list-type=2")
        return re.findall("<Key>(.*?)</Key>", listing)

    async def unfinished(self) -> list[str]:
        """Names of all uploads that were begun, and neither completed nor aborted."""
        listing = await self._listed("uploads")
        return re.findall("<Key>(.*?)</Key>", listing)

    async def get(self, key: str) -> bytes:
        """What the object holds."""
        return await asyncio.to_thread(_ask, "GET", f"{self.server.url}/{self.name}/{key}")

    async def put(self, key: str, content: bytes) -> None:
        """Make the object, or replace it."""
        await asyncio.to_thread(_ask, "PUT", f"{self.server.url}/{self.name}/{key}", content)

    async def remove(self, key: str) -> None:
        """Delete the object."""
        await asyncio.to_thread(_ask, "DELETE", f"{self.server.url}/{self.name}/{key}")

    async def _listed(self, query: str) -> str:
        return (await asyncio.to_thread(_ask, "GET", f"{self.server.url}/{self.name}?{query}")).decode()


class BreakableWay:
    """A TCP proxy before the server, inside `async with`.

    Attributes:
        away: set, every connection is ended, and new ones at once.
        breaks_after: bytes of answers after which the connection that carries them is cut; None: it is not.
        breaks: how often that shall still happen.
        seconds: by which each answer is late.
        rate: bytes that pass in a second, on each connection and each way; 0: as many as there are.
        connections: how many there were.
    """

    def __init__(self, server: S3Server) -> None:
        self._server_port = int(server.url.rpartition(":")[2])
        self._listening: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._away = False
        self.breaks_after: int | None = None
        self.breaks = 0
        self.seconds = 0.0
        self.rate = 0
        self.connections = 0
        self.url = ""

    @property
    def away(self) -> bool:
        return self._away

    @away.setter
    def away(self, away: bool) -> None:
        self._away = away
        if away:
            self.cut()

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """End all connections at once."""
        for writer in self._open:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._open.add(writer)
        far: asyncio.StreamWriter | None = None
        try:
            if not self._away:
                answers, far = await asyncio.open_connection("127.0.0.1", self._server_port)
                self._open.add(far)
                await asyncio.gather(self._pass(reader, far), self._pass(answers, writer, answers=True))
        except OSError:
            pass
        finally:
            for end in filter(None, (writer, far)):
                end.transport.abort()
                self._open.discard(end)
            self._tasks.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False) -> None:
        passed = 0
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                passed += len(piece)
                if answers and self.breaks and self.breaks_after is not None and passed > self.breaks_after:
                    self.breaks -= 1
                    break
                if answers and self.seconds:
                    await asyncio.sleep(self.seconds)
                if self.rate:
                    await asyncio.sleep(len(piece) / self.rate)
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()


def _ask(method: str, url: str, content: bytes | None = None) -> bytes:
    with urlopen(
        Request(url, content, {"Authorization": SIGNED, "Content-Type": "application/octet-stream"}, method=method),
        timeout=ANSWER_SECONDS,
    ) as answer:
        body: bytes = answer.read()
    return body


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """One server for all tests; each has a bucket of its own."""
    with S3Server() as server:
        yield server


@pytest.fixture
def s3_bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Bucket:
    """A bucket with nothing in it, which this process and those that it starts find by their environment."""
    bucket = s3_server.bucket()
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return bucket
