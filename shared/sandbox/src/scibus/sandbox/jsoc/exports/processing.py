"""The process string of an order: how many records, and what shall be done with their images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PROCESSES = frozenset(
    {"im_patch", "resize", "rebin", "aia_scale_aialev1", "aia_scale_orig", "aia_scale_other", "Maproj", "HmiB2ptr"}
)
PATCH_ARGUMENTS = frozenset(
    {"t_start", "t_stop", "t", "r", "c", "cadence", "locunits", "boxunits", "t_ref", "car_rot"}
    | {"x", "y", "width", "height"}
)


@dataclass(frozen=True)
class Processing:
    """What `process` says.

    Attributes:
        n: first n records, or last |n| when negative, all when 0.
        text: everything after n.
    """

    n: int = 0
    text: str = ""

    @property
    def changes_images(self) -> bool:
        """Whether a known process is asked for; a cut-out with unknown arguments silently does nothing."""
        for step in self.text.split("|"):
            name, *arguments = step.split(",")
            if name in PROCESSES and (name != "im_patch" or _names(arguments) <= PATCH_ARGUMENTS):
                return True
        return False


def processing_of(arguments: Mapping[str, str]) -> Processing:
    """Reads `process` with a value of `n=0|...` and, as the drms client sends it, `process=n` with one of `0|...`."""
    text = arguments.get("process", "").removeprefix("n=") or arguments.get("process=n", "")
    n, _, steps = text.partition("|")
    try:
        return Processing(int(n or 0), steps)
    except ValueError:
        return Processing(0, steps)


def _names(arguments: list[str]) -> set[str]:
    return {argument.partition("=")[0] for argument in arguments if argument}
