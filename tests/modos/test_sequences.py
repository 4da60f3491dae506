"""Reference sequences by digest, of servers as the specification has them and as one is deployed."""

import pytest

from scibus.contracts.modos import SequenceHash, SequenceQuery
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, InvalidRequest, NotFound
from scibus.modos.deployment import Deployment
from scibus.modos.refget import Refget
from scibus.sandbox.modos import ModosStandIn
from scibus.sandbox.modos.samples.genome import contigs
from scibus.sandbox.standin import Fault

CHR1, CHR2 = contigs()
CLOUD = pytest.mark.parametrize("kind", ["spec", "cloud"])


def digests(sequence: str):
    hashed = SequenceHash()
    hashed.add(sequence.encode())
    return hashed.digests()


@pytest.fixture
async def refget(deployment: Deployment) -> Refget:
    return await deployment.refget()


def test_digests_are_those_of_the_specification() -> None:
    found = digests("acgt\n")

    assert found.md5 == "f1f8f4bf413b16ad135722aa4591043e"
    assert found.ga4gh == "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"
    assert found.trunc512 == "68a178f7c740c5c240aa67ba41843b119d3bf9f8b0f0ac36"
    assert found.length == 4


@CLOUD
async def test_a_whole_sequence_is_checked(refget: Refget, stand_in: ModosStandIn, kind: str) -> None:
    stand_in.settings.change({"refget": kind})

    part = await refget.sequence(SequenceQuery(id=CHR2.md5))

    assert part.sequence == CHR2.sequence
    assert (part.start, part.end, part.verified) == (0, len(CHR2.sequence), True)


@CLOUD
async def test_a_part_of_it(refget: Refget, stand_in: ModosStandIn, kind: str) -> None:
    stand_in.settings.change({"refget": kind})

    part = await refget.sequence(SequenceQuery(id=CHR1.md5, start=1000, end=1010))

    assert part.sequence == CHR1.sequence[1000:1010]
    assert (part.start, part.end, part.verified) == (1000, 1010, False)


@pytest.mark.parametrize("start", [0, 44_990])
async def test_to_the_end(refget: Refget, start: int) -> None:
    part = await refget.sequence(SequenceQuery(id=CHR2.md5, start=start))

    assert part.sequence == CHR2.sequence[start:]
    assert part.verified == (start == 0)


@pytest.mark.parametrize(
    "write", ["{0.md5}", "md5:{0.md5}", "{0.ga4gh}", "ga4gh:{0.ga4gh}", "{0.trunc512}", "TRUNC512:{0.trunc512}"]
)
async def test_by_every_name(refget: Refget, write: str) -> None:
    name = write.format(digests(CHR2.sequence))

    assert (await refget.sequence(SequenceQuery(id=name))).sequence == CHR2.sequence


async def test_an_md5_in_capitals(refget: Refget) -> None:
    assert (await refget.sequence(SequenceQuery(id=CHR2.md5.upper()))).id == CHR2.md5


async def test_a_name_under_which_the_deployed_server_has_no_bases_is_no_empty_sequence(
    refget: Refget, stand_in: ModosStandIn
) -> None:
    stand_in.settings.change({"refget": "cloud"})

    with pytest.raises(NotFound, match="ask for it by its MD5"):
        await refget.sequence(SequenceQuery(id=digests(CHR2.sequence).ga4gh))


@CLOUD
async def test_an_unknown_sequence(refget: Refget, stand_in: ModosStandIn, kind: str) -> None:
    stand_in.settings.change({"refget": kind})

    with pytest.raises(NotFound):
        await refget.sequence(SequenceQuery(id="0" * 32))
    with pytest.raises(NotFound):
        await refget.metadata("0" * 32)


@CLOUD
async def test_a_start_past_the_end(refget: Refget, stand_in: ModosStandIn, kind: str) -> None:
    stand_in.settings.change({"refget": kind})

    with pytest.raises(InvalidRequest):
        await refget.sequence(SequenceQuery(id=CHR2.md5, start=99_999))


async def test_another_sequence_than_asked_for_is_refused(refget: Refget, stand_in: ModosStandIn) -> None:
    stand_in.faults.inject(Fault(operation="refget", body=CHR1.sequence, content_type="text/plain"))

    with pytest.raises(BadBackendAnswer, match="digest differs"):
        await refget.sequence(SequenceQuery(id=CHR2.md5))


async def test_a_page_is_no_sequence(refget: Refget, stand_in: ModosStandIn) -> None:
    stand_in.faults.inject(Fault(operation="refget", status=200))

    with pytest.raises(BadBackendAnswer, match="something else than a sequence"):
        await refget.sequence(SequenceQuery(id=CHR2.md5, start=5, end=9))


async def test_a_sequence_that_breaks_off_is_asked_for_again(refget: Refget, stand_in: ModosStandIn) -> None:
    stand_in.faults.inject(Fault(operation="refget", cut_after=100))

    assert (await refget.sequence(SequenceQuery(id=CHR2.md5))).sequence == CHR2.sequence


async def test_a_server_in_maintenance(refget: Refget, stand_in: ModosStandIn) -> None:
    stand_in.faults.inject(Fault(operation="refget", status=503, times=None))

    with pytest.raises(BackendUnavailable, match="HTTP 503"):
        await refget.sequence(SequenceQuery(id=CHR2.md5))


@CLOUD
async def test_what_is_known_of_a_sequence(refget: Refget, stand_in: ModosStandIn, kind: str) -> None:
    stand_in.settings.change({"refget": kind})

    told = await refget.metadata(CHR2.md5)

    assert (told.md5, told.length) == (CHR2.md5, len(CHR2.sequence))
    assert told.ga4gh in (None, digests(CHR2.sequence).ga4gh)


@CLOUD
async def test_what_the_server_can_do(refget: Refget, stand_in: ModosStandIn, kind: str) -> None:
    stand_in.settings.change({"refget": kind})

    assert {"spec": "refget", "cloud": "service"}[kind] in await refget.service_info()
