"""Attributes are set and taken away; what an object is, it stays."""

import pytest

from scibus.contracts.modos import AddOrder, UpdateOrder
from scibus.contracts.problems import Conflict, InvalidRequest, NotFound
from scibus.modos.editing.adding import add
from scibus.modos.editing.updating import update
from tests.modos.editing.parts import contents, element, metadata, node, placed


async def test_attributes_are_set_and_null_takes_one_away(example_place, store):
    edited = await update(
        example_place,
        UpdateOrder(modo="ex", element="sample/sample1", attributes={"sex": None, "collector": "Bar", "age": 3}),
    )

    seen = await metadata(store)
    assert edited.meta == seen
    assert edited.changed == ["sample/sample1"]
    assert seen["sample/sample1"] == {"@type": "Sample", "collector": ["Bar"], "age": 3}
    assert node(await contents(store), "sample/sample1") == seen["sample/sample1"]


async def test_the_object_itself_is_changed_by_its_id_or_without_a_name(example_place, store):
    await update(example_place, UpdateOrder(modo="ex", element="ex", attributes={"name": "Example"}))
    await update(
        example_place,
        UpdateOrder(modo="ex", attributes={"source_uri": "https://a.b", "last_update_date": "2020-01-01"}),
    )

    seen = (await metadata(store))["ex"]
    assert (seen["name"], seen["source_uri"], seen["last_update_date"]) == ("Example", "https://a.b", "2020-01-01")


async def test_the_day_of_the_change_is_noted_but_only_of_a_change(example_place, store):
    later = placed(store, example_place.today().replace(year=2027))
    await update(later, UpdateOrder(modo="ex", element="sample/sample1", attributes={"sex": "Male"}))
    assert (await metadata(store))["ex"]["last_update_date"] == "2026-11-30"

    await update(later, UpdateOrder(modo="ex", element="sample/sample1", attributes={"sex": "Female"}))
    assert (await metadata(store))["ex"]["last_update_date"] == "2027-11-30"


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("sample/sample1", {"@type": "Assay"}),
        ("sample/sample1", {"id": "other"}),
        (None, {"id": "other"}),
        (None, {"has_assay": ["assay/none"]}),
        (None, {"last_update_date": None}),
        ("data/demo1", {"has_sample": "nobody"}),
        ("data/demo1", {"data_path": None}),
        ("sample/sample1", {"has_data": "demo1"}),
        ("data/demo1", {"data_checksum": "1234"}),
    ],
)
async def test_what_does_not_fit_changes_nothing(example_place, store, name, attributes):
    before = await contents(store)

    with pytest.raises(InvalidRequest) as raised:
        await update(example_place, UpdateOrder(modo="ex", element=name, attributes=attributes))

    assert [error.field for error in raised.value.details.errors] == [f"attributes.{next(iter(attributes))}"]
    assert await contents(store) == before


async def test_an_unknown_element_is_told_with_those_there_are(example_place):
    with pytest.raises(NotFound, match="sample/sample1"):
        await update(example_place, UpdateOrder(modo="ex", element="sample/other", attributes={"a": 1}))


async def test_of_two_changes_at_once_the_second_is_a_conflict_to_be_tried_again(example_place, store):
    thing = await example_place.read()
    await add(example_place, AddOrder(modo="ex", elements=[element("s2", "Sample")]))
    thing.layout.attributes["name"] = "lost?"

    with pytest.raises(Conflict) as raised:
        await thing.write()

    assert raised.value.details.retryable
    assert "sample/s2" in await metadata(store)


async def test_s3_itself_refuses_what_the_look_before_did_not_see(bucket):
    """The bucket's own condition is what holds: another writer can come between looking and writing."""
    folder = placed(bucket).folder
    await folder.create("a", b"1")
    e_tag = (await folder.read("a")).e_tag

    class Late:
        def __getattr__(self, name):
            return getattr(bucket, name)

        async def put_async(self, key, *arguments, **options):
            await bucket.put_async(key, b"theirs")
            return await bucket.put_async(key, *arguments, **options)

    with pytest.raises(Conflict) as raised:
        await placed(Late()).folder.replace("a", b"ours", e_tag)

    assert raised.value.details.retryable
    assert (await folder.read("a")).data == b"theirs"
