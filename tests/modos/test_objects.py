"""Finding objects and reading what they say of themselves."""

import gc
import os
import weakref
from pathlib import Path

import pytest

from scibus.contracts.modos import BrokenObject, FoundObject, MetadataQuery, ObjectPlace, S3Path
from scibus.contracts.problems import BadBackendAnswer, InvalidRequest, NotFound, Unsupported
from scibus.modos.deployment import Deployment
from scibus.modos.objects.finding import found_alike, found_exactly
from scibus.modos.stores import MOST_OPENED
from scibus.sandbox.modos import ModosStandIn
from tests.modos.conftest import OpenDeployment

GIAB, EX, NESTED = (f"s3://modos-demo/{name}" for name in ("GIAB", "ex", "proj/nested-ex"))
SAMPLES = [GIAB, EX, NESTED]


def buckets(stand_in: ModosStandIn, generation: str = "head") -> Path:
    return Path(stand_in.buckets.place.folder) / {"head": "modos-demo", "0.3.5": "modos-release"}[generation]


async def test_only_so_many_buckets_are_held_open(
    open_deployment: OpenDeployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key")
    deployment = await open_deployment(url=None, services={"s3": "http://127.0.0.1:1"}, bucket="modos-demo")
    first = await deployment.stores.bucket("bucket-0")
    held = [weakref.ref(await deployment.stores.bucket(f"bucket-{number}")) for number in range(1, MOST_OPENED)]

    assert None not in [store() for store in held]
    assert await deployment.stores.bucket("bucket-0") is first
    for number in range(MOST_OPENED - 1):
        await deployment.stores.bucket(f"other-{number}")
    gc.collect()
    assert [store() for store in held] == [None] * len(held)
    assert await deployment.stores.bucket("bucket-0") is first


async def test_all_objects_are_listed_by_name(deployment: Deployment) -> None:
    assert await deployment.catalogue.names() == SAMPLES


async def test_a_folder_that_is_no_object_is_not_listed(deployment: Deployment, stand_in: ModosStandIn) -> None:
    near = buckets(stand_in) / "near" / "xdata.zarr" / "zarr.json"
    near.parent.mkdir(parents=True)
    near.write_text("{}")
    try:
        assert await deployment.catalogue.names() == SAMPLES
    finally:
        near.unlink()


@pytest.mark.parametrize("path", ["s3://modos-demo/ex/data.zarr", "s3://modos-demo/ex/data.zarr/sample"])
async def test_no_object_is_inside_of_another(deployment: Deployment, path: str) -> None:
    with pytest.raises(InvalidRequest, match=r"a path without data\.zarr"):
        await deployment.objects.place(path)


async def test_metadata_are_what_the_newer_server_tells(deployment: Deployment, stand_in: ModosStandIn) -> None:
    told = (await deployment.web.ask("the server", f"{stand_in.url}meta", "meta")).json()

    read = await deployment.objects.metadata(MetadataQuery())

    assert [one.model_dump() for one in read.data] == told["data"]
    assert read.broken == []
    assert read.total == len(SAMPLES)


async def test_one_broken_object_spoils_nothing(deployment: Deployment, stand_in: ModosStandIn) -> None:
    await stand_in.collection.break_object("GIAB")
    try:
        read = await deployment.objects.metadata(MetadataQuery())
    finally:
        await stand_in.collection.mend_object("GIAB")

    assert [one.path for one in read.data] == [EX, NESTED]
    reason = "the object has no consolidated metadata: consolidate them with zarr"
    assert read.broken == [BrokenObject(path=GIAB, reason=reason)]


async def test_only_what_changed_is_read_again(deployment: Deployment, stand_in: ModosStandIn) -> None:
    first = await deployment.objects.metadata(MetadataQuery())
    again = await deployment.objects.metadata(MetadataQuery())
    await stand_in.collection.break_object("GIAB")
    try:
        after = await deployment.objects.metadata(MetadataQuery())
    finally:
        await stand_in.collection.mend_object("GIAB")

    assert all(one is other for one, other in zip(first.data, again.data, strict=True))
    assert after.data[0] is first.data[1]
    assert [one.path for one in after.broken] == [GIAB]


async def test_an_object_that_goes_is_gone(deployment: Deployment, stand_in: ModosStandIn) -> None:
    [path] = await stand_in.collection.add_object()
    had = await deployment.catalogue.names()
    await stand_in.collection.remove_object(path)

    assert f"s3://modos-demo/{path}" in had
    assert await deployment.catalogue.names() == SAMPLES
    assert (await deployment.objects.metadata(MetadataQuery())).total == len(SAMPLES)


@pytest.mark.parametrize("name", [EX, "GIAB", "proj/nested-ex", "/proj/nested-ex/"])
async def test_one_object_by_path_or_place(deployment: Deployment, name: str) -> None:
    [one] = (await deployment.objects.metadata(MetadataQuery(modo=name))).data

    assert one.path.endswith(name.strip("/"))


async def test_an_id_of_two_objects_is_told_to_be_one(deployment: Deployment) -> None:
    with pytest.raises(InvalidRequest, match=f"'ex' may be {EX}, {NESTED}: name it by its path"):
        await deployment.objects.object("ex")


@pytest.mark.parametrize("name", ["nosuch", "s3://modos-demo/nosuch", "EX"])
async def test_an_object_that_is_not_there_is_not_made(
    deployment: Deployment, stand_in: ModosStandIn, name: str
) -> None:
    def everything() -> list[str]:
        return sorted(str(Path(folder, file)) for folder, _, files in os.walk(buckets(stand_in)) for file in files)

    before = everything()

    with pytest.raises(NotFound):
        await deployment.objects.object(name)

    assert everything() == before


async def test_a_broken_object_that_is_asked_for_is_a_problem(deployment: Deployment, stand_in: ModosStandIn) -> None:
    await stand_in.collection.break_object("GIAB")
    try:
        with pytest.raises(BadBackendAnswer, match="consolidate them"):
            await deployment.objects.object(GIAB)
    finally:
        await stand_in.collection.mend_object("GIAB")


@pytest.mark.parametrize(
    "path", ["s3://", "s3://x", "s3://modos-demo", "s3://Modos/ex", "s3://modos-demo/a b", "s3://modos-demo/../x"]
)
async def test_a_path_that_cannot_be_is_refused(deployment: Deployment, path: str) -> None:
    with pytest.raises(InvalidRequest):
        await deployment.objects.place(path)


async def test_elements_of_a_type(deployment: Deployment) -> None:
    read = await deployment.objects.metadata(MetadataQuery(type="Sample"))

    assert [(one.path, list(one.meta)) for one in read.data] == [(EX, ["sample/sample1"]), (NESTED, ["sample/sample1"])]


async def test_objects_with_a_text_in_any_case(deployment: Deployment) -> None:
    read = await deployment.objects.metadata(MetadataQuery(text="GENOME IN a bottle"))

    assert [one.path for one in read.data] == [GIAB]


async def test_pages_of_objects(deployment: Deployment) -> None:
    page = await deployment.objects.metadata(MetadataQuery(offset=1, limit=1))

    assert [one.path for one in page.data] == [EX]
    assert page.total == len(SAMPLES)


async def test_the_older_generation(open_deployment: OpenDeployment, stand_in: ModosStandIn) -> None:
    deployment = await open_deployment()
    newer = {one.path.rpartition("/")[2]: one.meta for one in (await deployment.objects.metadata(MetadataQuery())).data}
    stand_in.settings.generation = "0.3.5"
    older = await (await open_deployment()).objects.metadata(MetadataQuery())

    assert older.total
    assert {one.path.rpartition("/")[2]: one.meta for one in older.data}.items() <= newer.items()


@pytest.mark.parametrize("generation", ["head", "0.3.5"])
async def test_where_the_store_cannot_be_read_the_server_is_asked(
    open_deployment: OpenDeployment, stand_in: ModosStandIn, generation: str
) -> None:
    stand_in.settings.generation = generation
    deployment = await open_deployment(bucket="modos-demo" if generation == "head" else None)
    shown = await deployment.catalogue.names()
    deployment = await open_deployment()
    endpoints = await deployment.endpoints.all()
    current = deployment.endpoints._kept.current
    assert current is not None
    object.__setattr__(current, "endpoints", endpoints.model_copy(update={"s3": None}))

    assert await deployment.catalogue.names() == shown
    assert [one.path for one in (await deployment.objects.metadata(MetadataQuery())).data] == shown


async def test_places_of_a_name(deployment: Deployment) -> None:
    endpoint = (await deployment.endpoints.all()).s3

    assert (await deployment.objects.places("GIAC", exact=True)).data == []
    assert (await deployment.objects.places("GIAC", exact=False)).data == [
        {"GIAB": ObjectPlace(s3_endpoint=endpoint, modo_path=GIAB)}
    ]
    assert (await deployment.objects.places("ex", exact=True)).data == [
        {"ex": ObjectPlace(s3_endpoint=endpoint, modo_path=EX)}
    ]


async def test_without_a_server_the_bucket_must_be_named(
    open_deployment: OpenDeployment, stand_in: ModosStandIn
) -> None:
    services = {"s3": f"file://{stand_in.buckets.place.folder}"}

    assert await (await open_deployment(url=None, services=services, bucket="modos-demo")).catalogue.names() == SAMPLES
    with pytest.raises(Unsupported, match="SCIBUS_MODOS_BUCKET"):
        await (await open_deployment(url=None, services=services)).catalogue.names()


class TestNames:
    """`find`, as the server defines it."""

    def test_exactly(self) -> None:
        assert found_exactly("ex", SAMPLES) == [FoundObject(path=EX, name="ex", score=1.0)]
        assert found_exactly("/ex", SAMPLES) == [FoundObject(path=EX, name="ex", score=1.0)]
        assert found_exactly(NESTED, SAMPLES) == [FoundObject(path=NESTED, name="proj/nested-ex", score=1.0)]
        assert found_exactly("nested-ex", SAMPLES) == []

    def test_alike_and_best_first(self) -> None:
        found = found_alike("demo-ab", ["s3://b/demo-a", "s3://b/demo-ab", "s3://b/other"])

        assert [one.name for one in found] == ["demo-ab", "demo-a"]
        assert found[0].score == 1.0

    def test_letters_count_in_any_order_and_capitals_do(self) -> None:
        assert [(one.name, one.score) for one in found_alike("xe", SAMPLES)] == [("ex", 1.0)]
        assert found_alike("giab", SAMPLES) == []

    def test_a_likeness_of_seven_tenths_is_too_little(self) -> None:
        assert found_alike("abcdefg---", ["s3://b/abcdefg+++"]) == []


def test_a_path_is_written_as_it_is_read() -> None:
    assert str(S3Path.parse("s3://modos-demo/proj/nested-ex/")) == NESTED
