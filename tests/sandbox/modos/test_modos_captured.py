"""Answers of real servers that were recorded, where they lie beside this checkout."""

import json
from pathlib import Path

import pytest

RECORDED = Path(__file__).parents[4] / "shared" / "wire" / "modos"

SAME_STATUS_AND_BODY = [
    "head_doubleslash_list",
    "head_get_bad_bool",
    "head_get_empty_query",
    "head_get_exact_default",
    "head_get_exact_param",
    "head_get_fuzzy",
    "head_get_fuzzy_nomatch",
    "head_get_missing_query",
    "head_head_root",
    "head_list",
    "head_list_ignored_query",
    "head_post_list",
    "head_unknown",
    "v035_get_exact",
    "v035_get_fuzzy_GIAC",
    "v035_get_missing",
    "v035_list",
]
SAME_SHAPE = ["head_root", "v035_root", "v035_get_fuzzy", "v035_get_exact_slash"]

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded answers beside this checkout")


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_bytes())


@pytest.fixture
def again(modos, http):
    """Makes the recorded request to the stand-in."""

    async def make(name):
        request = recorded(name)["request"]
        modos.configure({"generation": "0.3.5" if name.startswith("v035") else "head"})
        return await http.request(request["method"], modos.url.rstrip("/") + request["target"])

    return make


def shape(document):
    """Names and their order, kinds of values."""
    if isinstance(document, dict):
        return [(name, shape(value)) for name, value in document.items()]
    return [shape(value) for value in document] if isinstance(document, list) else type(document).__name__


@pytest.mark.parametrize("name", SAME_STATUS_AND_BODY)
async def test_the_same_answer_comes(again, name):
    expected, answer = recorded(name)["response"], await again(name)

    headers = dict(expected["headers"])
    assert (answer.status_code, answer.headers["content-type"]) == (expected["status"], headers["content-type"])
    assert answer.headers["content-length"] == headers["content-length"]
    assert (answer.json() if answer.content else "") == expected.get("json", expected.get("text"))


@pytest.mark.parametrize("name", SAME_SHAPE)
async def test_an_answer_of_the_same_shape_comes(again, name):
    expected, answer = recorded(name)["response"]["json"], (await again(name)).json()

    assert shape(answer) == shape(expected)


async def test_login_is_told_in_the_recorded_shape(modos, http):
    modos.configure({"login": True})
    expected, answer = recorded("head_root_auth")["response"]["json"], (await http.get(modos.url)).json()

    assert list(answer) == list(expected)
    assert shape(answer["auth"]) == shape(expected["auth"])
    assert shape(answer["kms"]) == shape(expected["kms"])


async def test_the_object_of_the_sample_has_the_recorded_members(again):
    expected, answer = recorded("head_meta")["response"]["json"]["data"], (await again("head_meta")).json()["data"]

    assert [entry["path"] for entry in answer] == [entry["path"] for entry in expected]
    for ours, theirs in zip(answer, expected, strict=True):
        elements = {name: theirs["meta"][name] for name in theirs["meta"] if not name.startswith("sequence/")}
        assert {name: ours["meta"][name] for name in elements} == elements


@pytest.mark.parametrize("name", ["kms_noauth", "kms_garbage"])
async def test_the_key_service_refuses_with_the_same_words(modos, http, name):
    expected = recorded(name)
    modos.configure({"login": True})
    headers = {key: value for key, value in expected["request"]["headers"].items() if key == "Authorization"}
    answer = await http.get(f"{modos.url}kms/create", headers=headers)

    assert (answer.status_code, answer.json()) == (expected["response"]["status"], expected["response"]["json"])


async def test_a_key_has_the_recorded_shape(modos, http):
    expected = recorded("kms_ok_group_str")["response"]["json"]
    modos.configure({"login": True})
    token = await modos.actions()["token"](groups="ex")
    answer = (await http.get(f"{modos.url}kms/create", headers={"Authorization": token})).json()

    assert shape(answer) == shape(expected)
