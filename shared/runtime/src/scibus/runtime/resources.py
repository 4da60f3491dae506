"""Resources: what handlers need from the backend, opened once and handed to whoever names the type."""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, get_args, get_type_hints

from scibus.runtime.call import Call
from scibus.runtime.jobs.job import Job

PER_CALL: set[type] = {Call, Job}
"""What is another one each time a handler is called."""
Opener = Callable[..., AsyncIterator[Any]]
"""An async generator function: yields the resource once and closes it after. Its parameters are resources too."""


async def open_resources(stack: AsyncExitStack, openers: Sequence[Opener], known: dict[type, Any]) -> None:
    """Open each resource in order, adding it to `known` under its type; `stack` closes them in reverse."""
    for opener in openers:
        arguments = {name: known[kind] for name, kind in _parameters(opener).items()}
        resource = await stack.enter_async_context(asynccontextmanager(opener)(**arguments))
        known[_yielded(opener)] = resource


def check_handler(handler: Callable[..., Any], openers: Sequence[Opener], known: set[type]) -> None:
    """Refuse, before anything runs, a handler that asks for what no resource gives.

    Raises:
        TypeError: naming the parameter and what there is.
    """
    offered = known | {_yielded(opener) for opener in openers} | PER_CALL
    for name, kind in list(_parameters(handler).items())[1:]:
        if kind not in offered:
            names = ", ".join(sorted(offer.__name__ for offer in offered))
            raise TypeError(f"{handler.__name__}: no resource gives {name}: {kind!r}; there are {names}")


def bind(handler: Callable[..., Any], known: Mapping[type, Any]) -> Callable[[Any, Call, Job | None], Any]:
    """`handler` as a function of body, call and job, its other parameters filled from `known` by their types."""
    wanted = dict(list(_parameters(handler).items())[1:])
    fixed = {name: known[kind] for name, kind in wanted.items() if kind not in PER_CALL}
    calls = [name for name, kind in wanted.items() if kind is Call]
    jobs = [name for name, kind in wanted.items() if kind is Job]
    if calls or jobs:
        return lambda body, call, job: handler(body, **fixed, **dict.fromkeys(calls, call), **dict.fromkeys(jobs, job))
    return lambda body, _call, _job: handler(body, **fixed)


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    hints = get_type_hints(function)
    return {name: hints.get(name) for name in inspect.signature(function).parameters}


def _yielded(opener: Opener) -> type:
    kinds = get_args(get_type_hints(opener).get("return"))
    if not kinds:
        raise TypeError(f"{opener.__name__} must be annotated -> AsyncIterator[<resource>]")
    kind: type = kinds[0]
    return kind
