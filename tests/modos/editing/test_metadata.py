"""Metadata of both zarr formats are read, or refused with the reason."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scibus.modos.zarr_metadata import BrokenMetadata, parse_tree, tree_of

GROUP = {"attributes": {}, "zarr_format": 3, "node_type": "group"}


def zarr3(nodes, **members):
    root = {"attributes": {"id": "ex", "@type": "MODO"}, "zarr_format": 3, "node_type": "group"}
    consolidated = {"kind": "inline", "must_understand": False, "metadata": nodes}
    return json.dumps({**root, "consolidated_metadata": consolidated, **members}).encode()


def zarr2(documents):
    return json.dumps({"metadata": documents, "zarr_consolidated_format": 1}).encode()


def node_types(content):
    return {path: node.type for path, node in tree_of(content).nodes.items()}


def test_an_object_comes_first_and_groups_themselves_are_no_elements():
    nodes = {
        "data": GROUP,
        "data/a": {**GROUP, "attributes": {"name": "å", "n": 1.5}},
        "data/a/counts": {"node_type": "array", "shape": [1], "attributes": {"unit": "1"}},
    }

    assert tree_of(zarr3(nodes)).metadata == {
        "ex": {"id": "ex", "@type": "MODO"},
        "data/a": {"name": "å", "n": 1.5},
        "data/a/counts": {"unit": "1"},
    }
    assert node_types(zarr3(nodes)) == {"data": "group", "data/a": "group", "data/a/counts": "array"}


def test_zarr_2_is_read_too():
    content = zarr2(
        {
            ".zattrs": {"id": "ex"},
            ".zgroup": {"zarr_format": 2},
            "data/.zgroup": {"zarr_format": 2},
            "data/a/.zattrs": {"name": "A"},
            "data/a/.zgroup": {"zarr_format": 2},
            "data/a/counts/.zarray": {"shape": [1]},
        }
    )

    assert tree_of(content).metadata == {"ex": {"id": "ex"}, "data/a": {"name": "A"}, "data/a/counts": {}}
    assert node_types(content) == {"data": "group", "data/a": "group", "data/a/counts": "array"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff", "no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "no group of zarr 3"),
        (zarr3({}, node_type="array"), "no group of zarr 3"),
        (zarr3({}, consolidated_metadata=None), "no consolidated metadata"),
        (zarr3([]), "no map of nodes"),
        (zarr3({"data": {}}), "'data' is neither"),
        (zarr3({"data": None}), "'data' is neither"),
        (zarr3({"data": {**GROUP, "attributes": []}}), "attributes of data"),
        (zarr3({}, attributes=None), "attributes of the object"),
        (zarr3({}, attributes={"name": "x"}), "no id"),
        (zarr3({}, attributes={"id": 7}), "no id"),
        (zarr3({}, attributes={"id": "x", "name": "\ud800"}), "no Unicode"),
    ],
)
def test_what_cannot_be_read_is_told(content, reason):
    with pytest.raises(BrokenMetadata, match=reason):
        tree_of(content).metadata  # noqa: B018


@pytest.mark.parametrize(
    "content", [b"{}", zarr2({}), zarr2({".zattrs": {"id": "x"}, "a/.zgroup": {}, "a/.zattrs": 1})]
)
def test_what_cannot_be_read_of_zarr_2_is_told_too(content):
    with pytest.raises(BrokenMetadata):
        tree_of(content).metadata  # noqa: B018


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_document_breaks_the_readers(nodes):
    for read in (tree_of, parse_tree):
        for content in (json.dumps(nodes).encode(), zarr3(nodes), zarr2(nodes)):
            with suppress(BrokenMetadata):
                assert isinstance(read(content).metadata, dict)
