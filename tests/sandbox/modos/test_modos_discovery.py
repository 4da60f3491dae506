"""The MODOS server of both generations."""

import pytest

DEMO = ["s3://modos-demo/GIAB", "s3://modos-demo/ex", "s3://modos-demo/proj/nested-ex"]


@pytest.fixture
def release(modos):
    modos.configure({"generation": "0.3.5"})


async def test_the_root_names_the_services_in_the_order_of_the_real_one(modos, ask):
    services = await ask.json("")

    assert list(services.items()) == [
        ("status", "success"),
        ("auth", None),
        ("s3", modos.buckets.place.folder.as_uri()),
        ("htsget", f"{modos.url}htsget"),
        ("fuzon", f"{modos.url}fuzon"),
        ("kms", None),
        ("refget", f"{modos.url}refget"),
    ]


async def test_the_root_of_the_release_knows_neither_login_nor_keys(ask, release):
    assert list(await ask.json("")) == ["status", "s3", "htsget", "fuzon", "refget"]


async def test_login_is_told_when_it_is_switched_on(modos, ask):
    modos.configure({"login": True})
    services = await ask.json("")

    assert services["auth"] == {"url": f"{modos.url}auth/application/o/modos/", "client_id": "modos-client-id"}
    assert services["kms"] == f"{modos.url}kms"


async def test_objects_are_listed_at_any_depth(ask):
    answer = await ask.get("list", unknown="ignored")

    assert (answer.json(), answer.headers["content-type"]) == ({"data": DEMO}, "application/json")


async def test_the_release_lists_folders_of_the_first_level_only(ask, release):
    assert await ask.json("list") == {"modos": ["s3://modos-035/GIAB", "s3://modos-035/ex"]}


async def test_metadata_go_by_the_id_among_the_attributes(ask):
    data = (await ask.json("meta"))["data"]

    assert [list(entry) for entry in data] == [["meta", "path"]] * 3
    assert [entry["path"] for entry in data] == DEMO
    assert [next(iter(entry["meta"])) for entry in data] == ["GIAB", "ex", "ex"]
    assert data[1]["meta"]["ex"] == {
        "@type": "MODO",
        "creation_date": "2024-01-17T00:00:00",
        "description": "Example modo for tests",
        "has_assay": "assay1",
        "id": "ex",
        "last_update_date": "2024-10-15",
    }
    assert data[1]["meta"]["data/demo1"]["data_path"] == "demo1.cram"
    assert {name.partition("/")[0] for name in data[1]["meta"]} == {
        "ex", "assay", "data", "reference", "sample", "sequence",
    }  # fmt: skip


async def test_metadata_of_the_release_are_by_bucket_and_name(ask, release):
    meta = await ask.json("meta")

    assert list(meta) == ["modos-035/GIAB", "modos-035/ex"]
    assert list(meta["modos-035/ex"])[:3] == ["ex", "assay/assay1", "data/demo1"]


async def test_the_newer_server_never_finds_anything(ask):
    found = [await ask.json("get", **query) for query in ({"query": "ex"}, {"query": "ex", "fuzzy": "true"})]

    assert found == [{"data": []}, {"data": []}]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"query": "ex"}, ["modos-035/ex"]),
        ({"query": "xe"}, ["modos-035/ex"]),
        ({"query": "GIAC"}, []),
        ({"query": "ex", "exact_match": "True"}, []),
        ({"query": "/ex", "exact_match": "True"}, ["modos-035/ex"]),
    ],
)
async def test_the_release_compares_with_a_slash_before_the_name(modos, ask, release, query, found):
    answer = await ask.json("get", **query)

    place = {"s3_endpoint": modos.buckets.place.url}
    assert answer == [{name: {**place, "modo_path": f"s3://{name}"}} for name in found]


async def test_a_search_without_a_query_is_invalid(ask):
    answer = await ask.get("get")

    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    url = "https://errors.pydantic.dev/2.14/v/missing"
    assert error == {"type": "missing", "loc": ["query", "query"], "msg": "Field required", "input": None, "url": url}


async def test_a_search_is_fuzzy_or_not(ask):
    answer = await ask.get("get", query="ex", fuzzy="maybe")

    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert (error["type"], error["loc"], error["input"]) == ("bool_parsing", ["query", "fuzzy"], "maybe")


async def test_two_slashes_are_not_one(modos, ask):
    answers = [await ask.get("/list")]
    modos.configure({"merge_slashes": True})
    answers.append(await ask.get("/list"))

    assert [answer.status_code for answer in answers] == [404, 200]
    assert answers[0].json() == {"detail": "Not Found"}


async def test_a_slash_at_the_end_leads_to_the_path_without(modos, ask):
    answer = await ask.get("list/")

    assert (answer.status_code, answer.headers["location"]) == (307, f"{modos.url}list")


@pytest.mark.parametrize(("method", "path"), [("POST", "list"), ("HEAD", "")])
async def test_nothing_but_get_is_allowed(modos, http, method, path):
    answer = await http.request(method, modos.url + path)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("generation", ["head", "0.3.5"])
async def test_one_broken_object_takes_the_metadata_of_all_away(modos, ask, generation):
    modos.configure({"generation": generation})
    await modos.collection.break_object("ex")
    broken, listed = await ask.get("meta"), await ask.get("list")
    await modos.collection.mend_object("ex")
    mended = await ask.get("meta")

    assert (broken.status_code, broken.text) == (500, "Internal Server Error")
    assert broken.headers["content-type"] == "text/plain; charset=utf-8"
    assert (listed.status_code, mended.status_code) == (200, 200)


async def test_an_unknown_path_is_not_found(ask):
    answer = await ask.get("nope")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
