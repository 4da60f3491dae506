"""Processing that JSOC can do on export, and the arguments each step takes.

JSOC ignores an argument it does not know and exports unprocessed images, so they are checked here. Names and choices:
the modules im_patch, jsoc_resize, jsoc_rebin, aia_scale, maproj and HmiB2ptr of JSOC, and its export page.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator

Step = Literal[
    "im_patch", "resize", "rebin", "aia_scale_aialev1", "aia_scale_orig", "aia_scale_other", "Maproj", "HmiB2ptr"
]
Value = str | int | float
FLAG = ("0", "1")
NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
ANY = re.compile(r".+")
Allowed = re.Pattern[str] | tuple[str, ...]

_AIA_SCALE: dict[str, Allowed] = {"mpt": ANY, "cutout": FLAG}

ARGUMENTS: Mapping[str, Mapping[str, Allowed]] = {
    "im_patch": {
        "t_start": ANY,
        "t_stop": ANY,
        "t_ref": ANY,
        "t": FLAG,
        "r": FLAG,
        "c": FLAG,
        "cadence": ANY,
        "locunits": ("arcsec", "pixels", "stony", "carrlong"),
        "boxunits": ("arcsec", "pixels", "degrees"),
        "x": NUMBER,
        "y": NUMBER,
        "width": NUMBER,
        "height": NUMBER,
        "car_rot": NUMBER,
    },
    "resize": {
        "regrid": FLAG,
        "rescale": FLAG,
        "scale_to": NUMBER,
        "do_stretchmarks": FLAG,
        "center_to": ("0", "1", "2"),
        "c": FLAG,
    },
    "rebin": {
        "method": ("nearest", "boxcar", "gaussian"),
        "scale": NUMBER,
        "segment": ANY,
        "FWHM": NUMBER,
        "nvector": NUMBER,
        "u": FLAG,
        "c": FLAG,
    },
    "aia_scale_aialev1": _AIA_SCALE,
    "aia_scale_orig": _AIA_SCALE,
    "aia_scale_other": _AIA_SCALE,
    "Maproj": {
        "map": (
            "carree",
            "Cassini",
            "Mercator",
            "cyleqa",
            "sineqa",
            "gnomonic",
            "Postel",
            "stereographic",
            "orthographic",
            "Lambert",
        ),
        "interp": ("cubiconv", "nearest", "bilinear"),
        "clat": NUMBER,
        "clon": NUMBER,
        "scale": NUMBER,
        "rows": NUMBER,
        "cols": NUMBER,
        "map_pa": NUMBER,
        "grid": ANY,
        "bscale": NUMBER,
        "bzero": NUMBER,
        "clat_key": ANY,
        "clon_key": ANY,
        "rsun_key": ANY,
        "apsd_key": ANY,
        "dsun_key": ANY,
    },
    "HmiB2ptr": {"l": FLAG},
}


def as_text(value: Value) -> str:
    """`value` as JSOC reads it: truth values as 0 and 1."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _check(process: Mapping[Step, Mapping[str, Value]] | None) -> Mapping[Step, Mapping[str, Value]] | None:
    for step, arguments in (process or {}).items():
        known = ARGUMENTS[step]
        for name, value in arguments.items():
            if name not in known:
                raise ValueError(f"{step} has no argument {name[:80]!r}: it takes {', '.join(sorted(known))}")
            _check_value(step, name, as_text(value), known[name])
    return process


def _check_value(step: str, name: str, value: str, allowed: Allowed) -> None:
    if any(character in value for character in ",|;=") or not value.isprintable():
        raise ValueError(f"{step}.{name} may hold none of , | ; =")
    if isinstance(allowed, tuple):
        if value not in allowed:
            raise ValueError(f"{step}.{name} must be one of {', '.join(allowed)}")
    elif not allowed.fullmatch(value):
        raise ValueError(f"{step}.{name} must be {'a number' if allowed is NUMBER else 'given'}")


Processing = Annotated[Mapping[Step, Mapping[str, Value]] | None, AfterValidator(_check)]
"""Steps in the order in which JSOC is to do them, each with its arguments."""
