"""The MODOS server, which knows objects and services, in both generations of its answers."""

from typing import Any

from scibus.contracts.modos import Metadata, ObjectMetadata
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer
from scibus.runtime.http.web_service import Answer, WebService

SERVER = "the MODOS server"
FAILED = frozenset({200, 500})


class ModosServer:
    """Asks the server at `url`, which ends with a slash: paths are joined without a second one.

    A server of the newer generation answers `{"data": ...}`; 0.3.5, the last release, `{"modos": ...}` or the bare
    thing.
    """

    def __init__(self, web: WebService, url: str) -> None:
        self._web = web
        self._url = url

    async def root(self) -> dict[str, Any]:
        """What the server says of itself and the services.

        Raises:
            BackendUnavailable: it does not answer (retryable).
            BadBackendAnswer: the answer is none of a MODOS server.
        """
        answer = (await self._web.ask(SERVER, self._url, "modos/")).json()
        if not isinstance(answer, dict):
            raise BadBackendAnswer(f"{SERVER} answers something else than a map of services: check SCIBUS_MODOS_URL")
        return answer

    async def names(self) -> list[str]:
        """Paths of all objects, in the server's order.

        Raises:
            BackendUnavailable: the server does not answer, or cannot reach its bucket (retryable).
            BadBackendAnswer: the answer is none of a MODOS server.
        """
        listed = _unwrapped(await self._asked("list", "its bucket may be missing, or the object store away"), "modos")
        if not isinstance(listed, list) or not all(isinstance(path, str) for path in listed):
            raise BadBackendAnswer(f"{SERVER} lists its objects in a way that is not known")
        return list(dict.fromkeys(path for path in listed if not path.endswith("/.")))

    async def meta(self) -> list[ObjectMetadata]:
        """What all objects say of themselves; one broken object spoils the answer.

        Raises:
            BackendUnavailable: the server does not answer, or an object is broken.
            BadBackendAnswer: the answer is none of a MODOS server.
        """
        listed = _unwrapped(await self._asked("meta", "one of its objects may be broken"), "modos")
        if isinstance(listed, dict):
            listed = [{"path": f"s3://{name}", "meta": meta} for name, meta in listed.items()]
        try:
            return [ObjectMetadata(path=one["path"], meta=_metadata(one["meta"])) for one in listed]
        except (KeyError, TypeError, ValueError) as error:
            raise BadBackendAnswer(f"{SERVER} tells of its objects in a way that is not known") from error

    async def _asked(self, path: str, reason: str) -> Answer:
        answer = await self._web.ask(SERVER, self._url + path, f"modos/{path}", understood=FAILED)
        if answer.status != 200:
            # It says no more than "Internal Server Error", whatever is the matter.
            raise BackendUnavailable(f"{SERVER} failed over /{path}: {reason}", backend=answer.fault)
        return answer


def _unwrapped(answer: Answer, older: str) -> Any:
    body = answer.json()
    if isinstance(body, dict):
        return body.get("data", body.get(older, body))
    return body


def _metadata(meta: Any) -> Metadata:
    if not isinstance(meta, dict):
        raise TypeError("no map")
    return meta
