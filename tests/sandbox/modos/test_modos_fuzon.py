"""The finder of terms."""

import httpx
import pytest


async def test_the_collections_are_named(ask):
    assert set((await ask.json("fuzon/collections"))["collections"]) == {"cell_type", "source_material", "taxon_id"}


async def test_the_best_terms_come_first(ask):
    codes = (await ask.json("fuzon/codes/top", collection="cell_type", query="kocyte", num=3))["codes"]

    assert codes == [
        {"label": "leukocyte@en", "uri": "<http://purl.obolibrary.org/obo/CL_0000738>", "score": None},
        {"label": "myeloid leukocyte", "uri": "<http://purl.obolibrary.org/obo/CL_0000766>", "score": None},
        {"label": "T cell", "uri": "<http://purl.obolibrary.org/obo/CL_0000084>", "score": None},
    ]


async def test_the_same_text_is_best_whatever_its_case(ask):
    codes = (await ask.json("fuzon/codes/top", collection="taxon_id", query="MUS MUSCULUS", num=1))["codes"]

    assert codes[0]["label"] == "Mus musculus"


async def test_there_are_always_as_many_as_were_asked_for(ask):
    counts = [
        len((await ask.json("fuzon/codes/top", collection="taxon_id", query="zzz", num=num))["codes"])
        for num in (2, 99)
    ]

    assert counts == [2, 5]


@pytest.mark.parametrize("missing", ["collection", "query", "num"])
async def test_all_parameters_are_needed(ask, missing):
    parameters = {"collection": "cell_type", "query": "k", "num": "3"}
    del parameters[missing]
    answer = await ask.get("fuzon/codes/top", **parameters)

    assert (answer.status_code, answer.text) == (400, f"Query deserialize error: missing field `{missing}`")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_an_unknown_collection_ends_the_connection(ask):
    with pytest.raises(httpx.RemoteProtocolError):
        await ask.get("fuzon/codes/top", collection="sample_processing", query="k", num=3)
