"""The telescope's HTTP API. Nothing here knows of the bus, but for the problems that it names."""

from collections.abc import AsyncGenerator
from typing import Any

import httpx

from scibus.contracts.problems import BackendFault, BackendUnavailable, NotFound


class TelescopeServer:
    """One telescope."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=10)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def position(self, target: str) -> tuple[float, float]:
        """Altitude and azimuth of `target`, in degrees.

        Raises:
            NotFound: the catalogue has no such target.
            BackendUnavailable: the telescope does not answer (retryable).
        """
        told = await self._ask("GET", "position", params={"target": target})
        return told["altitude"], told["azimuth"]

    async def order(self, target: str, seconds: float, label: str) -> int:
        """Begin an exposure that is labelled `label`; its number. Raises what `position` raises."""
        told = await self._ask("POST", "exposures", json={"target": target, "seconds": seconds, "label": label})
        return int(told["number"])

    async def find(self, label: str) -> int | None:
        """The number of the exposure that was ordered under `label`, if there is one."""
        found = await self._ask("GET", "exposures", params={"label": label})
        return int(found["numbers"][0]) if found["numbers"] else None

    async def exposed(self, number: int) -> float:
        """For how many seconds the exposure has run."""
        return float((await self._ask("GET", f"exposures/{number}"))["exposed"])

    async def is_aborted(self, number: int) -> bool:
        """Whether somebody has closed the shutter."""
        return bool((await self._ask("GET", f"exposures/{number}"))["aborted"])

    async def abort(self, number: int) -> None:
        """Close the shutter."""
        await self._ask("DELETE", f"exposures/{number}")

    async def frame(self, number: int) -> AsyncGenerator[bytes, None]:
        """The frame of a finished exposure, piece by piece."""
        async with self._http.stream("GET", f"exposures/{number}/frame") as response:
            async for piece in response.aiter_bytes():
                yield piece

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            response = await self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise BackendUnavailable("the telescope does not answer", backend=_fault()) from error
        if response.status_code == httpx.codes.NOT_FOUND:
            raise NotFound(response.json()["message"], backend=_fault(response))
        if response.is_error:
            raise BackendUnavailable("the telescope cannot do it now", backend=_fault(response))
        return response.json()


def _fault(response: httpx.Response | None = None) -> BackendFault:
    """Says that it was the telescope, and not the bus: only then a failed attempt counts."""
    return BackendFault(name="telescope", status=response.status_code if response is not None else None)
