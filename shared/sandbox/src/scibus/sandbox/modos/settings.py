"""What may be changed while the stand-in runs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

Generation = Literal["head", "0.3.5"]

CHOICES: dict[str, tuple[str, ...]] = {
    "generation": ("head", "0.3.5"),
    "md5": ("off", "right", "wrong"),
    "refget": ("spec", "cloud"),
}


@dataclass
class ModosSettings:
    """How the deployment behaves from now on.

    Attributes:
        generation: of the MODOS server and of the objects it lists.
        login: whether there are login and key service, and htsget, refget and fuzon want a bearer token.
        merge_slashes: whether `//list` is taken for `/list`; the real server answers 404.
        block_seconds: for how long the URLs of blocks are good.
        block_size: bytes that one URL of a ticket covers at most.
        classes: whether the URLs of a ticket tell their class.
        md5: whether tickets carry the digest of the whole, and whether it is right.
        refget: "spec" for refget 2.0.0, "cloud" for what refget-cloud does.
        token_seconds: for how long access tokens are good.
        refresh_seconds: for how long refresh tokens are good.
        device_seconds: for how long a login may take.
        device_interval: seconds that clients shall leave between two polls.
        pending_polls: after how many polls a login is approved; None waits for the action "approve".
        slow_downs: how many of the next polls are told to slow down.
        key_seconds: for how long a key of the key service is good, if the token is not good for less.
    """

    generation: Generation = "head"
    login: bool = False
    merge_slashes: bool = False
    block_seconds: float = 3600.0
    block_size: int = 1024 * 1024
    classes: bool = True
    md5: Literal["off", "right", "wrong"] = "off"
    refget: Literal["spec", "cloud"] = "spec"
    token_seconds: float = 3600.0
    refresh_seconds: float = 86400.0
    device_seconds: float = 60.0
    device_interval: float = 1.0
    pending_polls: int | None = None
    slow_downs: int = 0
    key_seconds: float = 3600.0

    def change(self, changes: dict[str, Any]) -> None:
        """Raises ValueError when there is no such setting or no such choice, and then changes nothing."""
        unknown = changes.keys() - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"there is no setting {', '.join(sorted(unknown))}")
        for name, choices in CHOICES.items():
            if name in changes and changes[name] not in choices:
                raise ValueError(f"{name} is one of {', '.join(choices)}")
        for name, value in changes.items():
            setattr(self, name, value)
