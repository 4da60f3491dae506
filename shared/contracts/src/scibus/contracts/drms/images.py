"""Arguments of the image protocols jpg, mpg and mp4."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from scibus.contracts.model import Contract

ColorTable = Literal[
    "HMI_mag.lut",
    "aia_131.lut",
    "aia_1600.lut",
    "aia_1700.lut",
    "aia_171.lut",
    "aia_193.lut",
    "aia_211.lut",
    "aia_304.lut",
    "aia_335.lut",
    "aia_4500.lut",
    "aia_94.lut",
    "aia_mixed",
    "bb.sao",
    "grey.sao",
    "heat.sao",
]
Scaling = Literal["LOG", "MINMAX", "MINMAXGIVEN", "SQRT", "mag"]


def _one_of(choices: tuple[str, ...]) -> BeforeValidator:
    by_lower_case = {choice.lower(): choice for choice in choices}
    return BeforeValidator(lambda given: by_lower_case.get(given.lower(), given) if isinstance(given, str) else given)


class ImageOptions(Contract):
    """How values become colours; names are taken in any case."""

    model_config = ConfigDict(extra="forbid")

    ct: Annotated[ColorTable, _one_of(get_args(ColorTable))] = "grey.sao"
    scaling: Annotated[Scaling, _one_of(get_args(Scaling))] = "MINMAX"
    size: int = Field(default=1, ge=1)
    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def any_case(cls, given: Any) -> Any:
        """JSOC's own form writes CT, Python programs write ct."""
        return {str(name).lower(): value for name, value in given.items()} if isinstance(given, dict) else given
