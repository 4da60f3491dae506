"""Terms of ontologies by text."""

import pytest

from scibus.contracts.problems import BackendUnavailable, NotFound
from scibus.modos.deployment import Deployment
from scibus.modos.fuzon import Fuzon
from scibus.sandbox.modos import ModosStandIn
from scibus.sandbox.standin import Fault


@pytest.fixture
async def fuzon(deployment: Deployment) -> Fuzon:
    return await deployment.fuzon()


async def test_the_best_term_comes_first_without_signs_around_it(fuzon: Fuzon) -> None:
    first, second = (await fuzon.codes("cell_type", "Leukocyte", 50)).codes

    assert (first.label, first.uri, first.score) == ("leukocyte", "http://purl.obolibrary.org/obo/CL_0000738", 1.0)
    assert second.label == "myeloid leukocyte"
    assert 0 < second.score < 1


async def test_no_more_than_asked_for(fuzon: Fuzon) -> None:
    assert len((await fuzon.codes("cell_type", "e", 2)).codes) == 2


async def test_where_nothing_fits_nothing_is_given(fuzon: Fuzon) -> None:
    assert (await fuzon.codes("cell_type", "xyzzy", 50)).codes == []


@pytest.mark.parametrize("query", ["T cell & #1", "100% näïve?", "a+b=c;d"])
async def test_any_text_can_be_asked_for(fuzon: Fuzon, stand_in: ModosStandIn, query: str) -> None:
    await fuzon.codes("cell_type", query, 5)

    [asked] = [request for request in stand_in.log if request.path.endswith("/codes/top")]
    assert asked.parameters["query"] == query


async def test_an_unknown_collection_is_told_from_no_match(fuzon: Fuzon) -> None:
    with pytest.raises(NotFound, match="there is cell_type, source_material, taxon_id"):
        await fuzon.codes("sample_processing", "x", 5)


async def test_all_collections(fuzon: Fuzon) -> None:
    assert await fuzon.collections() == ["cell_type", "source_material", "taxon_id"]


async def test_a_server_that_breaks_off_is_away(fuzon: Fuzon, stand_in: ModosStandIn) -> None:
    stand_in.faults.inject(Fault(operation="fuzon", close="before", times=None))

    with pytest.raises(BackendUnavailable):
        await fuzon.codes("cell_type", "x", 5)


async def test_which_collections_there_are_is_asked_once(fuzon: Fuzon, stand_in: ModosStandIn) -> None:
    for _ in range(3):
        await fuzon.codes("cell_type", "leukocyte", 1)

    asked = [request.path.rpartition("/fuzon/")[2] for request in stand_in.log]
    assert asked.count("collections") == 1
    assert asked.count("codes/top") == 3


async def test_a_collection_that_is_not_known_is_asked_for_once_more(fuzon: Fuzon, stand_in: ModosStandIn) -> None:
    stand_in.faults.inject(Fault(operation="fuzon", body='{"collections": ["taxon_id"]}'))
    await fuzon.codes("taxon_id", "Homo sapiens", 1)

    assert (await fuzon.codes("cell_type", "leukocyte", 1)).codes
