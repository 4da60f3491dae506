"""Reference sequences by their digest (GA4GH refget): of servers of version 2, and of the deployed refget-cloud."""

import asyncio
from typing import Any

from scibus.contracts.modos import SequenceHash, SequenceId, SequenceMetadata, SequencePart, SequenceQuery
from scibus.contracts.modos.sequences import SequenceAlias
from scibus.contracts.problems import (
    BackendUnavailable,
    BadBackendAnswer,
    InvalidRequest,
    NotFound,
    Unsupported,
)
from scibus.runtime.http.web_service import Answer, WebService

REFGET = "refget"
NEW, OLD, ANY = "vnd.ga4gh.refget.v2.0.0", "vnd.ga4gh.refget.v1.0.0", "*/*;q=0.1"
TEXT = f"text/{NEW}+plain, text/{OLD}+plain;q=0.9, text/plain;q=0.8, {ANY}"
JSON = f"application/{NEW}+json, application/{OLD}+json;q=0.9, application/json;q=0.8, {ANY}"
SAID = frozenset({200, 206, 400, 403, 404, 406, 416, 501})
LARGEST_SEQUENCE = 512 * 1024 * 1024
"""Bases of one answer; the longest human chromosome has half of that."""
SIGNS = bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1)) + b"*-"
"""What a sequence is written with."""


class Refget:
    """The refget server at `url`, without a slash at the end. Follows it to where its sequences are."""

    def __init__(self, web: WebService, url: str) -> None:
        self._web = web
        self._url = url

    async def sequence(self, query: SequenceQuery) -> SequencePart:
        """Bases of a sequence; a whole one is checked against its digest.

        Raises:
            NotFound: the server does not have it.
            InvalidRequest: it is shorter than `start`.
            BadBackendAnswer: what came is not what was asked for.
            BackendUnavailable: the server does not answer (retryable).
        """
        asked = SequenceId.parse(query.id)
        is_empty = False
        for name in asked.names:
            answer = await self._ask(f"/sequence/{name}", "refget/sequence", TEXT, _range(query))
            if answer.status == 404 or _is_missing_object(answer):
                continue
            _check(answer, query)
            if not answer.body and (query.end is None or query.end > (query.start or 0)):
                # refget-cloud leads a `SQ.` digest to an object without content, and past the end says nothing.
                is_empty = True
                continue
            return await asyncio.to_thread(_part, asked, query, answer.body)
        if is_empty:
            raise await self._nothing_there(asked, query)
        raise NotFound(f"refget has no sequence {asked}")

    async def metadata(self, text: str) -> SequenceMetadata:
        """What the server knows of a sequence.

        Raises:
            NotFound: it does not have it.
            BadBackendAnswer: it tells in a way that is not known.
            BackendUnavailable: it does not answer (retryable).
        """
        asked = SequenceId.parse(text)
        for name in asked.names:
            answer = await self._ask(f"/sequence/{name}/metadata", "refget/metadata", JSON, None)
            if answer.status == 404 or _is_missing_object(answer) or (answer.status == 200 and not answer.body):
                continue
            _check(answer, None)
            return _metadata(answer)
        raise NotFound(f"refget has no sequence {asked}")

    async def service_info(self) -> dict[str, Any]:
        """What the server says of itself, of either version.

        Raises:
            BadBackendAnswer: it tells in a way that is not known.
            BackendUnavailable: it does not answer (retryable).
        """
        for path in ("/service-info", "/sequence/service-info"):
            answer = await self._ask(path, "refget/service-info", JSON, None)
            if answer.status == 200:
                said = answer.json()
                if isinstance(said, dict):
                    return said
        raise BadBackendAnswer("refget says nothing of itself", backend=answer.fault)

    async def _ask(self, path: str, template: str, accept: str, params: dict[str, str] | None) -> Answer:
        return await self._web.ask(
            REFGET,
            self._url + path,
            template,
            params=params,
            headers={"Accept": accept},
            understood=SAID,
            largest=LARGEST_SEQUENCE,
        )

    async def _nothing_there(self, asked: SequenceId, query: SequenceQuery) -> Exception:
        """Why a part of a sequence has no bases."""
        try:
            length = (await self.metadata(asked.digest)).length
        except (NotFound, BadBackendAnswer):
            return NotFound(f"refget has no sequence {asked} under that digest: ask for it by its MD5")
        if query.start is not None and query.start >= length:
            return InvalidRequest(f"start ({query.start}) lies past the end of the sequence, which has {length} bases")
        return BadBackendAnswer(f"refget answers without any bases of {asked}: ask for it by its MD5")


def _range(query: SequenceQuery) -> dict[str, str] | None:
    given = {"start": query.start, "end": query.end}
    return {name: str(value) for name, value in given.items() if value is not None} or None


def _is_missing_object(answer: Answer) -> bool:
    """Where refget leads to the object store, that answers for what it does not have, in XML."""
    return answer.status == 403 and b"<Error>" in answer.body[:1000] and b"AccessDenied" in answer.body[:1000]


def _check(answer: Answer, query: SequenceQuery | None) -> None:
    if answer.status in (200, 206):
        return
    if answer.status in (400, 416) and query is not None:
        raise InvalidRequest("refget does not have that part of the sequence: is it shorter?", backend=answer.fault)
    if answer.status == 501:
        raise Unsupported("refget cannot do that", backend=answer.fault)
    raise BackendUnavailable(f"refget answered with HTTP {answer.status}", retryable=False, backend=answer.fault)


def _part(asked: SequenceId, query: SequenceQuery, body: bytes) -> SequencePart:
    bases = body.strip()
    if bases.translate(None, delete=SIGNS):
        raise BadBackendAnswer(f"refget answers with something else than a sequence for {asked}")
    start = query.start or 0
    is_whole = start == 0 and query.end is None
    if is_whole:
        hashed = SequenceHash()
        hashed.add(bases)
        if not hashed.digests().fit(asked):
            raise BadBackendAnswer(f"refget answers with another sequence than {asked}: its digest differs")
    elif query.end is not None and len(bases) > query.end - start:
        raise BadBackendAnswer(f"refget answers with more of {asked} than was asked for: {len(bases)} bases")
    return SequencePart(
        id=str(asked), start=start, end=start + len(bases), sequence=bases.decode("ascii"), verified=is_whole
    )


def _metadata(answer: Answer) -> SequenceMetadata:
    said = answer.json()
    # modos itself publishes them flat, the specification has them under "metadata".
    found = said.get("metadata", said) if isinstance(said, dict) else said
    try:
        return SequenceMetadata(
            md5=found.get("md5"),
            ga4gh=_unprefixed(found.get("ga4gh")),
            trunc512=found.get("trunc512"),
            length=found["length"],
            aliases=[SequenceAlias(**alias) for alias in found.get("aliases") or []],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadBackendAnswer("refget describes a sequence in a way that is not known") from error


def _unprefixed(digest: Any) -> Any:
    return digest.removeprefix("ga4gh:") if isinstance(digest, str) else digest
