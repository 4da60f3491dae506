"""What breaks a promise is named with its field and the reason; what keeps it passes."""

import subprocess
from collections.abc import Sequence
from typing import Annotated, Literal

import pytest
from pydantic import Field, create_model

from scibus.contracts import Contract, Service, job, request
from scibus.contracts.compatibility import breaches
from scibus.contracts.schemas import all_schemas, write
from tests.gate import since_last_release
from tests.tools import ROOT


class Part(Contract):
    size: int = 0


class Tree(Contract):
    name: str
    children: "list[Tree]" = []


FIELDS = {
    "text": (str, ...),
    "choice": (Literal["round", "square"], "round"),
    "names": (Sequence[str] | str, ()),
    "count": (Annotated[int, Field(ge=0, le=10)], 0),
    "part": (Part | None, None),
    "tree": (Tree | None, None),
}


def service(fields_asked, fields_answered, *, declare=request):
    """A service with one operation whose models have such fields."""
    asked = create_model("Asked", __base__=Contract, **fields_asked)
    answered = create_model("Answered", __base__=Contract, **fields_answered)
    return type("Thing", (Service,), {"do": declare(asked, answered, summary="Do it")})


@pytest.fixture
def told(tmp_path):
    """What is said of a change of the request's or the answer's fields; None takes a field away."""

    def compare(*, asked=None, answered=None, declare=request):
        write(tmp_path / "old", [service(FIELDS, FIELDS)])
        changed = [
            {name: field for name, field in {**FIELDS, **(changes or {})}.items() if field is not None}
            for changes in (asked, answered)
        ]
        write(tmp_path / "new", [service(*changed, declare=declare)])
        return [str(breach) for breach in breaches(tmp_path / "old", tmp_path / "new")]

    return compare


KEPT = {
    "nothing": {},
    "a request gains an optional member": {"asked": {"more": (str, "")}},
    "a request takes more values": {"asked": {"choice": (Literal["round", "square", "flat"], "round")}},
    "a request takes a missing value": {"asked": {"text": (str | None, None)}},
    "a request takes a number for an integer": {"asked": {"count": (float, 0)}},
    "a request's limit is wider": {"asked": {"count": (Annotated[int, Field(ge=0, le=20)], 0)}},
    "an answer gains a member": {"answered": {"more": (str, ...)}},
    "an answer tells fewer values": {"answered": {"choice": (Literal["round"], "round")}},
    "an answer's member is always there": {"answered": {"part": (Part | None, ...)}},
    "a description changes": {"asked": {"text": (Annotated[str, Field(description="Other words.")], ...)}},
}
BROKEN = {
    "Asked.more: is required now": {"asked": {"more": (str, ...)}},
    "Asked.names: is gone": {"asked": {"names": None}},
    "Asked.choice: 'square' is no longer taken": {"asked": {"choice": (Literal["round"], "round")}},
    "Asked.names: string is no longer taken": {"asked": {"names": (Sequence[str] | None, ())}},
    "Asked.count: its maximum is 5, no longer 10": {"asked": {"count": (Annotated[int, Field(ge=0, le=5)], 0)}},
    "Asked.text: its pattern is '^a', no longer None": {"asked": {"text": (Annotated[str, Field(pattern="^a")], ...)}},
    "Asked.text: its type is integer, no longer string": {"asked": {"text": (int, ...)}},
    "Answered.text: is gone": {"answered": {"text": None}},
    "Answered.text: may be absent now": {"answered": {"text": (str, "")}},
    "Answered.text: its type is null, no longer string": {"answered": {"text": (str | None, ...)}},
    "Answered.choice: 'flat' may be told now": {"answered": {"choice": (Literal["round", "square", "flat"], "round")}},
    "Answered.count: its type is number, no longer integer": {"answered": {"count": (float, 0)}},
    "Answered.count: its minimum is None, no longer 0": {"answered": {"count": (Annotated[int, Field(le=10)], 0)}},
    "thing.do: can only be submitted as a job now": {"declare": job},
}


@pytest.mark.parametrize("change", KEPT.values(), ids=KEPT)
def test_what_keeps_the_promise_passes(told, change):
    assert told(**change) == []


@pytest.mark.parametrize(("said", "change"), BROKEN.items(), ids=BROKEN)
def test_what_breaks_it_is_named(told, said, change):
    assert told(**change) == [said]


def test_a_change_deep_inside_is_named_by_its_path(told):
    inner = create_model("Part", __base__=Contract, size=(int, 0), depth=(int, ...))

    assert told(asked={"part": (inner | None, None)}) == ["Asked.part.depth: is required now"]


def test_a_change_inside_of_alternatives_is_not_lost_where_they_share_a_model(told):
    left = create_model("Left", __base__=Contract, side=(Literal["left"], ...), part=(Part, ...))
    right = create_model("Right", __base__=Contract, side=(Literal["right"], ...), part=(Part, ...))
    FIELDS["either"] = (left | right, ...)
    changed = create_model("Part", __base__=Contract, size=(int, ...))
    left_now = create_model("Left", __base__=Contract, side=(Literal["left"], ...), part=(changed, ...))
    right_now = create_model("Right", __base__=Contract, side=(Literal["right"], ...), part=(changed, ...))

    try:
        assert "Asked.either.part.size: is required now" in told(asked={"either": (right_now | left_now, ...)})
    finally:
        del FIELDS["either"]


def test_an_operation_and_its_models_may_not_go(tmp_path):
    write(tmp_path / "old", [service(FIELDS, FIELDS)])
    write(tmp_path / "new", [])

    assert [str(breach) for breach in breaches(tmp_path / "old", tmp_path / "new")] == [
        "thing.do: the operation is gone",
        "Answered: the model is gone",
        "Asked: the model is gone",
    ]


def git(folder, *arguments):
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def released(tmp_path):
    """A repository with one release."""
    write(tmp_path / "schemas", [service(FIELDS, FIELDS)])
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "tag", "v1.0.0")
    return tmp_path


def test_the_last_release_is_what_counts(released):
    write(released / "schemas", [service({name: FIELDS[name] for name in FIELDS if name != "names"}, FIELDS)])

    release, found = since_last_release(released, "schemas")

    assert (release, [str(breach) for breach in found]) == ("v1.0.0", ["Asked.names: is gone"])


def test_the_schemas_of_this_tree_keep_what_the_last_release_promised():
    """Before the first release nothing was promised."""
    release, found = since_last_release(ROOT, "shared/contracts/schemas/v1")

    assert [str(breach) for breach in found] == [], f"in v1 this breaks what {release} has promised"


def test_todays_schemas_can_be_compared(tmp_path):
    write(tmp_path)

    assert len(all_schemas()) > 20
    assert breaches(tmp_path, tmp_path) == []
