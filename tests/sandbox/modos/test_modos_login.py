"""Login on a device, tokens, and the key that one gets for a token."""

import time
from datetime import datetime

import jwt
import pytest

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
CLIENT = {"client_id": "modos-client-id"}


class Device:
    """Something that logs in."""

    def __init__(self, http, configuration):
        self.http = http
        self.configuration = configuration
        self.begun = {}

    async def begin(self):
        scope = "openid profile offline_access permissions"
        endpoint = self.configuration["device_authorization_endpoint"]
        self.begun = (await self.http.post(endpoint, data={**CLIENT, "scope": scope})).raise_for_status().json()
        return self.begun

    async def poll(self):
        """The error; None when there are tokens."""
        answer = await self.ask_for_tokens(grant_type=DEVICE_GRANT, device_code=self.begun["device_code"])
        return answer.json().get("error")

    async def ask_for_tokens(self, **form):
        return await self.http.post(self.configuration["token_endpoint"], data={**CLIENT, **form})

    async def tokens(self):
        answer = await self.ask_for_tokens(grant_type=DEVICE_GRANT, device_code=self.begun["device_code"])
        return answer.raise_for_status().json()


@pytest.fixture(autouse=True)
def login(modos, in_order):
    modos.configure({"login": True})


@pytest.fixture
async def device(http, ask):
    issuer = (await ask.json(""))["auth"]["url"]
    return Device(http, (await http.get(f"{issuer}.well-known/openid-configuration")).json())


async def bearer(modos, **parameters):
    return {"Authorization": f"Bearer {await modos.actions()['token'](**parameters)}"}


async def test_the_provider_tells_where_everything_is(modos, http, device):
    configuration = device.configuration

    assert configuration["issuer"] == f"{modos.url}auth/application/o/modos/"
    assert DEVICE_GRANT in configuration["grant_types_supported"]
    assert (await http.get(configuration["jwks_uri"])).json() == {"keys": []}


async def test_a_login_waits_for_its_user(modos, device):
    begun = await device.begin()
    before = [await device.poll(), await device.poll()]
    await modos.actions()["approve"](user_code=begun["user_code"])
    tokens = await device.tokens()

    assert list(begun) == [
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
    ]  # fmt: skip
    assert begun["verification_uri_complete"].endswith(f"?code={begun['user_code']}")
    assert before == ["authorization_pending"] * 2
    assert list(tokens) == ["access_token", "refresh_token", "token_type", "expires_in", "scope"]
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == (device.configuration["issuer"], "modos-client-id")
    assert claims["exp"] - time.time() == pytest.approx(3600, abs=5)


async def test_a_device_gets_its_tokens_once(modos, device):
    await device.begin()
    await modos.actions()["approve"]()
    await device.tokens()

    assert await device.poll() == "invalid_grant"


async def test_logins_may_be_approved_after_so_many_polls(modos, device):
    modos.configure({"pending_polls": 2})
    await device.begin()

    assert [await device.poll() for _ in range(3)] == ["authorization_pending", "authorization_pending", None]


async def test_a_user_may_deny(modos, device):
    await device.begin()
    await modos.actions()["deny"]()

    assert await device.poll() == "access_denied"


async def test_a_login_ends(modos, device):
    modos.configure({"device_seconds": 0})
    await device.begin()

    assert await device.poll() == "expired_token"


async def test_a_device_may_be_told_to_slow_down(modos, device):
    modos.configure({"slow_downs": 1, "pending_polls": 0})
    await device.begin()

    assert [await device.poll() for _ in range(2)] == ["slow_down", None]


async def test_nobody_decides_a_login_that_is_none(modos):
    with pytest.raises(ValueError, match="there is no such login"):
        await modos.actions()["approve"](user_code="0")


async def test_refresh_tokens_are_good_once(modos, device):
    first = await modos.actions()["refresh_token"]()
    answers = [await device.ask_for_tokens(grant_type="refresh_token", refresh_token=first) for _ in range(2)]
    second = answers[0].json()["refresh_token"]
    answers.append(await device.ask_for_tokens(grant_type="refresh_token", refresh_token=second))

    assert [answer.status_code for answer in answers] == [200, 400, 200]
    assert answers[1].json() == {"error": "invalid_grant"}


async def test_refresh_tokens_can_be_revoked(modos, device):
    token = await modos.actions()["refresh_token"]()
    await modos.actions()["revoke_refresh_tokens"]()

    assert (await device.ask_for_tokens(grant_type="refresh_token", refresh_token=token)).status_code == 400


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "somebody"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": DEVICE_GRANT, "device_code": "x"}, "invalid_grant"),
    ],
)
async def test_other_requests_for_tokens_are_refused(device, form, error):
    answer = await device.ask_for_tokens(**form)

    assert (answer.status_code, answer.json()) == (400, {"error": error})


GUARDED = ["htsget/reads/ex/demo1", "fuzon/collections", "refget/service-info"]


@pytest.mark.parametrize("path", GUARDED)
async def test_services_want_a_token(modos, ask, path):
    with_token = await ask.get(path, await bearer(modos))
    without, expired = await ask.get(path), await ask.get(path, await bearer(modos, seconds=-1))
    token = await bearer(modos)
    await modos.actions()["revoke_tokens"]()
    revoked = await ask.get(path, token)

    assert [answer.status_code for answer in (with_token, without, expired, revoked)] == [200, 401, 401, 401]


async def test_htsget_names_its_refusal(ask):
    answer = await ask.get("htsget/reads/ex/demo1")

    assert answer.json()["htsget"]["error"] == "InvalidAuthentication"


@pytest.mark.parametrize("path", ["", "list", "meta"])
async def test_the_discovery_server_itself_checks_nothing(ask, path):
    assert (await ask.get(path)).status_code == 200


async def test_without_login_nobody_is_asked(modos, ask):
    modos.configure({"login": False})

    assert [(await ask.get(path)).status_code for path in GUARDED] == [200] * 3
    assert (await ask.get("kms/create")).json() == {"detail": "Not Found"}


async def test_a_token_gets_a_key(modos, ask):
    answer = await ask.get("kms/create", await bearer(modos, groups=["ex", "proj/nested-ex"], permissions="write"))

    key = answer.json()
    assert list(key) == ["spec", "access_key_id", "secret_access_key"]
    assert list(key["spec"]) == ["bucket", "expiration", "prefixes", "permissions", "name", "region"]
    assert (key["spec"]["bucket"], key["spec"]["region"]) == ("modos-demo", "us-east-1")
    assert key["spec"]["prefixes"] == ["ex", "proj/nested-ex"]
    assert key["spec"]["permissions"] == {"read": True, "write": True, "owner": False}
    assert key["access_key_id"].startswith("GK")


async def test_only_the_word_write_lets_write(modos, ask):
    key = (await ask.get("kms/create", await bearer(modos, groups="ex", permissions="admin"))).json()

    assert key["spec"]["permissions"] == {"read": True, "write": False, "owner": False}
    assert key["spec"]["prefixes"] == ["ex"]


async def test_a_key_ends_with_its_token_or_before(modos, ask):
    ends = []
    for key_seconds in (3600, 5):
        modos.configure({"key_seconds": key_seconds})
        key = (await ask.get("kms/create", await bearer(modos, seconds=60))).json()
        ends.append(datetime.fromisoformat(key["spec"]["expiration"] + "+00:00").timestamp() - time.time())

    assert ends == [pytest.approx(60, abs=4), pytest.approx(5, abs=4)]


async def test_the_key_service_wants_no_scheme(modos, ask):
    token = await modos.actions()["token"]()

    assert (await ask.get("kms/create", {"Authorization": token})).status_code == 200


@pytest.mark.parametrize(("seconds", "detail"), [(-1, "Token has expired"), (None, "Invalid token")])
async def test_the_key_service_tells_what_is_wrong_with_a_token(modos, ask, seconds, detail):
    header = {"Authorization": "Bearer nonsense"} if seconds is None else await bearer(modos, seconds=seconds)
    answer = await ask.get("kms/create", header)

    assert (answer.status_code, answer.json()) == (401, {"detail": detail})


async def test_the_key_service_needs_a_header(ask):
    answer = await ask.get("kms/create")

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["header", "Authorization"]
