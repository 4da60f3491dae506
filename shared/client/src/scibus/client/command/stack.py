"""A whole bus on one machine: nats-server, stand-ins for backends nobody configured, and the workers."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from scibus.bus.connection import open_connection
from scibus.bus.settings import BusSettings
from scibus.client.bus import Bus
from scibus.client.command.child import ChildError, Program
from scibus.client.command.installed import STAND_INS, WORKERS, installed
from scibus.client.command.journal import Journal
from scibus.client.command.keeper import Keeper
from scibus.client.command.plan import Plan

NATS_MODULE = "scibus.sandbox.nats"
READY_SECONDS = 60.0
LOOK_SECONDS = 0.5
NATS_STOP_SECONDS = 25.0
STAND_IN_STOP_SECONDS = 5.0
GRACE_SECONDS = 25.0
"""A worker's grace period where SCIBUS_GRACE_PERIOD says nothing else."""


class Stack:
    """Everything that a plan asks for, started and stopped in order."""

    def __init__(self, plan: Plan, journal: Journal) -> None:
        self._plan = plan
        self._journal = journal
        # Settings of another bus would keep the workers off this one.
        foreign = "SCIBUS_" if plan.alone else "SCIBUS_NATS_"
        self._given = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self._given.setdefault("SCIBUS_LOG_FORMAT", "console")
        self._stand_ins: dict[str, Keeper] = {}
        self._workers: dict[str, Keeper] = {}
        self._nats = self._keeper(self._nats_program(plan.port))
        self._keeping: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """Address of the bus."""
        return str(self._nats.told["url"])

    async def start(self) -> None:
        """Start everything, and return when every worker is found on the bus.

        Raises:
            ChildError: something does not come up.
        """
        await self._nats.start()
        # Whoever finds the bus at this address must find it there again.
        port = int(self.url.rpartition(":")[2])
        self._nats.program = self._nats_program(port)
        self._keep(self._nats)
        self._journal.own(f"nats-server at {self.url}, data in {self._plan.store}")
        for service in self._plan.services:
            await self._start_stand_in(service)
            await self._start_worker(service)
        await self._find_workers()

    @asynccontextmanager
    async def bus(self) -> AsyncIterator[Bus]:
        """A connection to the bus, whatever the settings say of another one."""
        nobody: dict[str, Any] = dict.fromkeys(["nats_creds", "nats_tls_ca", "nats_tls_cert", "nats_tls_key"])
        connection = await open_connection(BusSettings(nats_url=self.url, **nobody), "scibus-up")
        try:
            yield Bus(connection)
        finally:
            await connection.close()

    async def failure(self) -> None:
        """Wait for ever.

        Raises:
            ChildError: something failed too often.
        """
        done, _ = await asyncio.wait(self._keeping, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self, hurry: asyncio.Event) -> None:
        """Stop the workers, then the stand-ins, then nats-server; `hurry` shortens every wait."""
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        for rank in (self._workers.values(), self._stand_ins.values(), [self._nats]):
            await asyncio.gather(*(keeper.stop(hurry) for keeper in rank))

    def _configured(self) -> set[str]:
        """Settings that somebody gave, in the environment or where workers look for them too."""
        return {*self._given, *dotenv_values(Path(".env"))}

    def _nats_program(self, port: int) -> Program:
        arguments = ("--port", str(port), "--store", str(self._plan.store))
        return Program("nats", NATS_MODULE, arguments, NATS_STOP_SECONDS, announces=True)

    def _keeper(self, program: Program) -> Keeper:
        return Keeper(program, lambda: self._given, self._journal)

    def _keep(self, keeper: Keeper) -> None:
        self._keeping.append(asyncio.create_task(keeper.keep()))

    async def _start_stand_in(self, service: str) -> None:
        entry = installed(STAND_INS).get(service)
        if not (self._plan.stand_ins and entry):
            return
        program = Program(f"{service} stand-in", entry.module, patience=STAND_IN_STOP_SECONDS, announces=True)
        stand_in = self._stand_ins[service] = self._keeper(program)
        await stand_in.start()
        if configured := sorted(stand_in.settings.keys() & self._configured()):
            self._journal.own(f"{service}: no stand-in, the backend is configured by {', '.join(configured)}")
            await self._stand_ins.pop(service).stop(asyncio.Event())
            return
        self._journal.own(f"{program.name} at {stand_in.told.get('url', 'an address of its own')}")
        self._keep(stand_in)

    async def _start_worker(self, service: str) -> None:
        program = Program(service, installed(WORKERS)[service].module, patience=_grace_seconds(self._given) + 5)
        number = len(self._workers)

        def environment() -> dict[str, str]:
            stand_in = self._stand_ins.get(service)
            settings = self._given | self._nats.settings | (stand_in.settings if stand_in else {})
            if self._plan.http_port_base is not None:
                settings["SCIBUS_HTTP_PORT"] = str(self._plan.http_port_base + number)
            return settings

        worker = self._workers[service] = Keeper(program, environment, self._journal)
        if stand_in := self._stand_ins.get(service):
            stand_in.on_change = worker.replace
        await worker.start()
        self._keep(worker)
        port = environment().get("SCIBUS_HTTP_PORT")
        self._journal.own(f"{service} worker" + (f", health and metrics at http://127.0.0.1:{port}" if port else ""))

    async def _find_workers(self) -> None:
        found, failed = asyncio.create_task(self._until_found()), asyncio.create_task(self.failure())
        try:
            done, _ = await asyncio.wait({found, failed}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            found.cancel()
            failed.cancel()

    async def _until_found(self) -> None:
        missing = set(self._plan.services)
        try:
            async with asyncio.timeout(READY_SECONDS), self.bus() as bus:
                while missing:
                    missing -= {worker.name for worker in await bus.services(LOOK_SECONDS)}
        except TimeoutError:
            words = "\n".join(self._journal.last_words(service) for service in sorted(missing))
            raise ChildError(f"not on the bus after {READY_SECONDS:g} s: {', '.join(sorted(missing))}", words) from None


def _grace_seconds(environment: Mapping[str, str]) -> float:
    try:
        return float(environment["SCIBUS_GRACE_PERIOD"])
    except (KeyError, ValueError):
        return GRACE_SECONDS
