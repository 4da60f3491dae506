"""Who the worker is: a login by a person, tokens that are renewed, and where they are sent."""

import asyncio
import stat
import time
from itertools import pairwise
from pathlib import Path

import pytest

from scibus.contracts.problems import BackendUnavailable, DeadlineExceeded, Forbidden, Unauthenticated, Unsupported
from scibus.modos.access.bearer import Bearer
from scibus.modos.access.device_login import logged_in
from scibus.modos.access.provider import DeviceCode, Grant, TokenProvider
from scibus.modos.access.secret_file import write_secret
from scibus.modos.access.tokens import AccessToken, UnreadableToken
from scibus.modos.deployment import Deployment
from scibus.sandbox.modos import ModosStandIn
from scibus.sandbox.standin import Fault
from tests.modos.conftest import OpenDeployment

SLOWER = 0.05
"""Seconds by which an issuer makes a worker wait longer each time that it tells it to slow down."""


@pytest.fixture(autouse=True)
def login_wanted(stand_in: ModosStandIn) -> None:
    stand_in.settings.change({"login": True, "device_interval": 0.0})


@pytest.fixture(autouse=True)
def short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scibus.modos.access.device_login.SHORTEST", 0.02)
    monkeypatch.setattr("scibus.modos.access.device_login.SLOWER", SLOWER)


@pytest.fixture
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always now."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)


class Told:
    """What the person who is waited for gets to read."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def __call__(self, gone: float, last: float, text: str) -> None:
        self.texts.append(text)


async def log_in(deployment: Deployment, seconds: float = 30.0) -> Told:
    told = Told()
    await deployment.bearer.keep(await logged_in(await deployment.provider(), seconds, told))
    return told


async def asked_with(deployment: Deployment, stand_in: ModosStandIn) -> str | None:
    """The login that the next question carries."""
    stand_in.log.clear()
    await (await deployment.fuzon()).collections()
    [asked] = stand_in.log.of("fuzon")
    return asked.headers.get("authorization")


def kept(file: Path) -> str:
    return file.read_text()


def write(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)


class TestLogin:
    async def test_a_person_agrees(self, deployment: Deployment, stand_in: ModosStandIn, token_file: Path) -> None:
        stand_in.settings.pending_polls = 3

        told = await log_in(deployment)

        assert "/device" in told.texts[0]
        assert "confirm the code" in told.texts[0]
        assert len(told.texts) == 4
        assert await asked_with(deployment, stand_in) == f"Bearer {kept(token_file)}"

    async def test_nobody_else_may_read_what_is_kept(
        self, deployment: Deployment, stand_in: ModosStandIn, token_file: Path
    ) -> None:
        stand_in.settings.pending_polls = 0
        await log_in(deployment)

        assert [stat.filemode(path.stat().st_mode) for path in sorted(token_file.parent.iterdir())] == [
            "-rw-------"
        ] * 2
        assert stat.filemode(token_file.parent.stat().st_mode) == "drwx------"

    async def test_told_to_slow_down_it_asks_less_often(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.settings.change({"slow_downs": 3, "pending_polls": 0})

        await log_in(deployment)

        times = [poll.time for poll in stand_in.log.of("token")]
        pauses = [later - sooner for sooner, later in pairwise(times)]
        assert len(pauses) == 3
        assert all(pause > times * SLOWER for times, pause in enumerate(pauses, start=1))

    async def test_the_person_says_no(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        waiting = asyncio.ensure_future(log_in(deployment))
        await stand_in.received("token")
        stand_in.gateway.provider.logins.decide("no")

        with pytest.raises(Forbidden, match="refused by the person"):
            await waiting

    async def test_the_code_ends_first(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.settings.device_seconds = 0.3

        with pytest.raises(DeadlineExceeded) as raised:
            await log_in(deployment)

        assert not raised.value.details.retryable

    async def test_nobody_says_anything(self, deployment: Deployment) -> None:
        with pytest.raises(DeadlineExceeded, match="submit it again"):
            await log_in(deployment, seconds=0.2)

    async def test_an_issuer_that_hiccups_is_asked_on(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.settings.pending_polls = 1
        stand_in.faults.inject(Fault(operation="token", status=503, times=2))

        await log_in(deployment)

        assert stand_in.count("token") >= 3

    async def test_an_issuer_that_stays_away_is_told(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.faults.inject(Fault(operation="token", status=503, times=None))

        with pytest.raises(BackendUnavailable):
            await log_in(deployment, seconds=30)

    async def test_a_deployment_without_logins_says_so(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.settings.login = False

        with pytest.raises(Unsupported, match="needs no login"):
            await log_in(deployment)

    async def test_what_was_begun_carries_no_token(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.settings.pending_polls = 0
        await log_in(deployment)
        stand_in.log.clear()
        await log_in(deployment)

        asked = [*stand_in.log.of("device"), *stand_in.log.of("token")]
        assert len(asked) == 2
        assert [request.headers.get("authorization") for request in asked] == [None, None]


class TestToken:
    async def keep(
        self, deployment: Deployment, stand_in: ModosStandIn, seconds: float, *, refresh: bool = True
    ) -> str:
        access = AccessToken.read(stand_in.tokens.access(seconds, ["ex"], "write"))
        await deployment.bearer.keep(Grant(access, stand_in.tokens.refreshing(60) if refresh else None, None))
        return f"Bearer {access.text}"

    async def unkept(
        self, open_deployment: OpenDeployment, stand_in: ModosStandIn, folder: Path
    ) -> tuple[Deployment, Path, str]:
        """A deployment whose token could not be written, and the file where it can be by now."""
        file = folder / "in the way" / "token.jwt"
        file.parent.write_text("")
        deployment = await open_deployment(token_file=file)
        token = await self.keep(deployment, stand_in, 3600)
        file.parent.unlink()
        return deployment, file, token

    async def test_a_good_one_is_sent(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        token = await self.keep(deployment, stand_in, 3600)

        assert await asked_with(deployment, stand_in) == token
        assert stand_in.count("token") == 0

    async def test_one_that_ends_soon_is_renewed_once_for_all(
        self, deployment: Deployment, stand_in: ModosStandIn
    ) -> None:
        old = await self.keep(deployment, stand_in, 29)
        fuzon = await deployment.fuzon()
        stand_in.log.clear()

        await asyncio.gather(*(fuzon.collections() for _ in range(10)))

        assert stand_in.count("token") == 1
        sent = {request.headers["authorization"] for request in stand_in.log.of("fuzon")}
        assert len(sent) == 1
        assert old not in sent

    async def test_the_new_refresh_token_counts(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.settings.token_seconds = 20
        await self.keep(deployment, stand_in, 10)

        first, second = [await asked_with(deployment, stand_in) for _ in range(2)]

        assert first != second

    async def test_without_a_refresh_token_an_ended_one_asks_for_a_login(
        self, deployment: Deployment, stand_in: ModosStandIn
    ) -> None:
        await self.keep(deployment, stand_in, -1, refresh=False)

        with pytest.raises(Unauthenticated, match="scibus submit modos login"):
            await asked_with(deployment, stand_in)

    async def test_a_refresh_token_that_does_not_count_any_more(
        self, deployment: Deployment, stand_in: ModosStandIn
    ) -> None:
        await self.keep(deployment, stand_in, -1)
        stand_in.tokens.revoke_refreshing()

        with pytest.raises(Unauthenticated, match="invalid_grant"):
            await asked_with(deployment, stand_in)

    async def test_an_issuer_that_is_away_costs_nothing_while_the_token_is_good(
        self, deployment: Deployment, stand_in: ModosStandIn, no_time_passes: None
    ) -> None:
        stand_in.faults.inject(Fault(operation="token", status=503, times=None))
        token = await self.keep(deployment, stand_in, 31)

        assert await asked_with(deployment, stand_in) == token

    async def test_one_that_is_refused_before_its_end_is_renewed(
        self, deployment: Deployment, stand_in: ModosStandIn
    ) -> None:
        old = await self.keep(deployment, stand_in, 3600)
        fuzon = await deployment.fuzon()
        stand_in.log.clear()
        stand_in.faults.inject(Fault(operation="fuzon", status=401, body="{}"))

        await fuzon.collections()

        assert [request.headers["authorization"] == old for request in stand_in.log.of("fuzon")] == [True, False]

    async def test_one_that_nobody_takes_asks_for_a_login(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        await self.keep(deployment, stand_in, 3600, refresh=False)
        stand_in.tokens.revoke()

        with pytest.raises(Unauthenticated, match="fuzon does not let the worker in"):
            await asked_with(deployment, stand_in)

    async def test_without_any_token_nothing_is_sent(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.settings.login = False

        assert await asked_with(deployment, stand_in) is None

    async def test_another_host_gets_no_token(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        await self.keep(deployment, stand_in, 3600)
        await deployment.endpoints.all()

        assert await deployment.bearer.headers(f"{stand_in.block_url}x") == {}
        assert await deployment.bearer.headers(f"{stand_in.url}htsget/reads/x") != {}

    @pytest.mark.parametrize("text", ["", "no token", "a.b.c"])
    async def test_a_file_without_a_token_is_told(
        self, deployment: Deployment, stand_in: ModosStandIn, token_file: Path, text: str
    ) -> None:
        write(token_file, text)

        assert (await deployment.bearer.state()).state == "unreadable"
        with pytest.raises(Unauthenticated, match="cannot be read"):
            await asked_with(deployment, stand_in)

    async def test_white_space_around_it_does_not_count(
        self, deployment: Deployment, stand_in: ModosStandIn, token_file: Path
    ) -> None:
        text = stand_in.tokens.access(3600, ["ex"], "write")
        write(token_file, f" {text}\n\n")

        assert await asked_with(deployment, stand_in) == f"Bearer {text}"

    async def test_how_it_stands(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        absent = await deployment.bearer.state()
        await self.keep(deployment, stand_in, 3600)
        valid = await deployment.bearer.state()
        await self.keep(deployment, stand_in, -1)
        renewable = await deployment.bearer.state()

        assert (absent.state, absent.advice) == ("absent", "log the worker in: scibus submit modos login --follow")
        assert (valid.state, valid.refreshable, valid.advice) == ("valid", True, None)
        assert (renewable.state, renewable.refreshable, renewable.advice) == ("expired", True, None)

    @pytest.mark.parametrize(("left", "good"), [(29, False), (31, True)])
    def test_thirty_seconds_before_its_end_it_is_over(
        self, stand_in: ModosStandIn, left: float, good: bool, no_time_passes: None
    ) -> None:
        assert AccessToken.read(stand_in.tokens.access(left)).is_good is good

    def test_a_token_without_an_end_is_none(self) -> None:
        import jwt

        with pytest.raises(UnreadableToken):
            AccessToken.read(jwt.encode({"sub": "x"}, "secret" * 8, algorithm="HS256"))

    async def test_a_refresh_token_alone_is_enough(
        self, deployment: Deployment, stand_in: ModosStandIn, token_file: Path
    ) -> None:
        old = await self.keep(deployment, stand_in, 3600)
        token_file.unlink()  # noqa: ASYNC240 - a small file of the test

        new = await asked_with(deployment, stand_in)

        assert new not in (None, old)
        assert (await deployment.bearer.state()).state == "valid"

    async def test_workers_with_one_login_do_not_lose_it_to_each_other(
        self, open_deployment: OpenDeployment, stand_in: ModosStandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("scibus.modos.access.bearer.OTHERS_SECONDS", 30.0)
        workers = [await open_deployment() for _ in range(4)]
        await self.keep(workers[0], stand_in, -1)
        for worker in workers:
            await worker.endpoints.all()

        found = await asyncio.gather(*(worker.bearer.token() for worker in workers))

        assert [token is not None and token.is_good for token in found] == [True] * 4

    async def test_a_refresh_token_that_comes_meanwhile_counts(
        self, deployment: Deployment, stand_in: ModosStandIn, token_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("scibus.modos.access.bearer.OTHERS_SECONDS", 0.1)
        await self.keep(deployment, stand_in, -1)
        stand_in.tokens.revoke_refreshing()

        async def provider() -> TokenProvider:
            write_secret(token_file.with_name("token.jwt.refresh"), stand_in.tokens.refreshing(60))
            return await deployment.provider()

        token = await Bearer(token_file, provider, lambda _: True).token()

        assert token is not None
        assert token.is_good

    async def test_that_the_login_has_ended_is_told_to_all_soon(
        self, deployment: Deployment, stand_in: ModosStandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("scibus.modos.access.bearer.OTHERS_SECONDS", 1.0)
        await self.keep(deployment, stand_in, -1)
        stand_in.tokens.revoke_refreshing()

        async with asyncio.timeout(20):
            told = await asyncio.gather(*(deployment.bearer.token() for _ in range(40)), return_exceptions=True)

        assert {type(problem) for problem in told} == {Unauthenticated}

    async def test_a_new_file_counts_more_than_what_could_not_be_kept(
        self, open_deployment: OpenDeployment, stand_in: ModosStandIn, tmp_path: Path
    ) -> None:
        deployment, file, _ = await self.unkept(open_deployment, stand_in, tmp_path)
        other = stand_in.tokens.access(1800, ["ex"], "write")
        write(file, other)

        assert await asked_with(deployment, stand_in) == f"Bearer {other}"

    def test_no_secret_is_shown(self, stand_in: ModosStandIn) -> None:
        grant = Grant(AccessToken.read(stand_in.tokens.access(60)), "refreshing", None)

        code = DeviceCode("waiting", "confirming", "http://device", "http://device?confirming", 60, 5)

        shown = f"{grant!r} {grant.access} {code}"
        assert "http://device" in shown
        assert not any(secret in shown for secret in (grant.access.text, "refreshing", "waiting", "confirming"))

    async def test_an_old_file_does_not_come_back_in_place_of_what_could_not_be_kept(
        self, open_deployment: OpenDeployment, stand_in: ModosStandIn, tmp_path: Path
    ) -> None:
        deployment, file, token = await self.unkept(open_deployment, stand_in, tmp_path)
        write(file, stand_in.tokens.access(-1, ["ex"], "write"))

        assert await asked_with(deployment, stand_in) == token

    async def test_where_it_cannot_be_kept_it_counts_all_the_same(
        self, open_deployment: OpenDeployment, stand_in: ModosStandIn
    ) -> None:
        deployment = await open_deployment(token_file=Path("/proc/nowhere/token.jwt"))

        token = await self.keep(deployment, stand_in, 3600)

        assert await asked_with(deployment, stand_in) == token


class TestS3Key:
    @pytest.fixture(autouse=True)
    async def logged_in(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.settings.pending_polls = 0
        await log_in(deployment)

    async def test_the_key_service_gives_one(self, deployment: Deployment) -> None:
        key = await deployment.keys.key()

        assert key.bucket == "modos-demo"
        assert key.permissions.read
        assert key.paths == [f"s3://modos-demo/{prefix}" for prefix in key.prefixes] or key.paths == ["s3://modos-demo"]
        assert "secret" not in key.model_dump_json()

    async def test_it_is_kept_over_a_restart_and_nobody_else_reads_it(
        self, deployment: Deployment, open_deployment: OpenDeployment, stand_in: ModosStandIn, token_file: Path
    ) -> None:
        first = await deployment.keys.key()
        again = await (await open_deployment()).keys.key()

        assert again == first
        assert stand_in.count("kms") == 1
        assert stat.filemode((token_file.parent / "s3-key.json").stat().st_mode) == "-rw-------"

    async def test_it_is_renewed_before_it_ends(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        stand_in.settings.key_seconds = 1.5
        first = await deployment.keys.credentials()
        await asyncio.sleep(1.2)
        second = await deployment.keys.credentials()

        assert first["access_key_id"] != second["access_key_id"]
        assert first["expires_at"] is not None
        assert first["expires_at"].timestamp() < time.time()

    async def test_another_one_on_demand(self, deployment: Deployment) -> None:
        first = await deployment.keys.key()

        assert (await deployment.keys.key(renew=True)).name != first.name

    async def test_the_store_is_asked_with_the_newest(
        self, open_deployment: OpenDeployment, stand_in: ModosStandIn
    ) -> None:
        used: list[str] = []

        async def store(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            used.append(head.partition("Credential=")[2].partition("/")[0])
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(store, "127.0.0.1", 0) as server:
            services = {"s3": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "kms": f"{stand_in.url}kms"}
            deployment = await open_deployment(url=None, services=services, bucket="modos-demo")
            for renew in (False, False, True):
                if renew:
                    await deployment.keys.key(renew=True)
                assert not await deployment.catalogue.has("modos-demo", "ex")
            newest = (await deployment.keys.credentials())["access_key_id"]

        assert len(used) == 6
        assert len(set(used[:4])) == 1
        assert set(used[4:]) == {newest} != set(used[:4])

    @pytest.mark.parametrize("is_kept", [False, True], ids=["its file goes", "its file cannot be removed"])
    async def test_a_login_ends_the_key_of_the_one_before(
        self, deployment: Deployment, token_file: Path, is_kept: bool
    ) -> None:
        file = token_file.with_name("s3-key.json")
        first = await deployment.keys.credentials()
        text = kept(file)
        await deployment.keys.forget()
        assert not file.exists()
        if is_kept:
            write_secret(file, text)

        assert (await deployment.keys.credentials())["access_key_id"] != first["access_key_id"]

    async def test_a_key_that_comes_after_the_next_login_is_not_kept(
        self, deployment: Deployment, stand_in: ModosStandIn, open_deployment: OpenDeployment, token_file: Path
    ) -> None:
        stand_in.faults.inject(Fault(operation="kms", delay=0.5))
        coming = asyncio.ensure_future(deployment.keys.credentials())
        await stand_in.received("kms")
        await deployment.keys.forget()
        late = await coming

        assert not (token_file.parent / "s3-key.json").exists()
        assert (await deployment.keys.credentials())["access_key_id"] != late["access_key_id"]

    async def test_the_first_key_is_asked_for_once(self, deployment: Deployment, stand_in: ModosStandIn) -> None:
        await deployment.keys.key(renew=True)

        assert stand_in.count("kms") == 1

    async def test_a_key_of_ones_own_comes_first(self, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
        assert await deployment.keys.are_wanted()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
        assert not await deployment.keys.are_wanted()

    async def test_without_a_login_there_is_none(self, open_deployment: OpenDeployment, tmp_path: Path) -> None:
        deployment = await open_deployment(token_file=tmp_path / "other" / "token.jwt")

        with pytest.raises(Unauthenticated, match="log the worker in"):
            await deployment.keys.key()

    async def test_a_store_that_wants_such_a_key_says_how_to_get_one(
        self, open_deployment: OpenDeployment, stand_in: ModosStandIn, tmp_path: Path
    ) -> None:
        services = {"s3": "http://127.0.0.1:1", "kms": f"{stand_in.url}kms"}
        deployment = await open_deployment(
            url=None, services=services, bucket="modos-demo", token_file=tmp_path / "other" / "token.jwt"
        )

        with pytest.raises(Unauthenticated, match="log the worker in"):
            await deployment.catalogue.names()
