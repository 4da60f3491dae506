"""Settings of every worker, and how a worker reads its own: from the environment and a `.env` file, at start."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings
from pydantic_settings import SettingsError as SourceError

from scibus.bus.settings import BusSettings
from scibus.bus.topology import QUEUE_BYTES

Settings = TypeVar("Settings", bound=BaseSettings)


class SettingsError(Exception):
    """A setting is wrong; the message is one line that says which and why."""


class WorkerSettings(BusSettings):
    """What can be set for any worker."""

    topology: Literal["create", "bind"] = Field(
        default="create", description="Create missing streams and buckets, or only check them."
    )
    queue_bytes: int = Field(
        default=QUEUE_BYTES, ge=1024 * 1024, description="Limit of the service's job stream, when it is created."
    )
    ack_wait: float = Field(
        default=30.0,
        ge=1,
        le=600,
        description="Seconds after which a job whose worker died goes to another one, when its consumer is created.",
    )
    concurrency: int = Field(default=128, ge=1, le=10_000, description="Slots per operation; past them: overloaded.")
    grace_period: float = Field(
        default=25.0, gt=0, le=3600, description="Seconds to finish what was accepted after SIGTERM."
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    http_port: int | None = Field(
        default=None, ge=0, le=65535, description="Port of /livez, /readyz, /metrics and /asyncapi; unset: none."
    )


def load_settings(settings: type[Settings]) -> Settings:
    """The settings that the environment and `.env` give.

    Raises:
        SettingsError: a value does not fit, or a variable with the service's own prefix is not known.
    """
    prefix = str(settings.model_config.get("env_prefix", "")).upper()
    try:
        if prefix != "SCIBUS_":
            _refuse_unknown(settings, prefix)
        return settings()
    except UnicodeDecodeError:
        raise SettingsError(".env: is no UTF-8 text") from None
    except ValidationError as error:
        told = "; ".join(
            _told(prefix, item["loc"], item["msg"].removeprefix("Value error, "))
            for item in error.errors(include_url=False, include_context=False, include_input=False)
        )
        raise SettingsError(told.replace("\n", " ")) from None
    except SourceError as error:
        # The value itself is not repeated: it may hold a password.
        field = re.search(r'field "(\w+)"', str(error))
        raise SettingsError(f"{prefix}{field[1].upper() if field else ''}: is no valid JSON") from None


def _told(prefix: str, location: tuple[int | str, ...], message: str) -> str:
    return f"{prefix}{'.'.join(map(str, location)).upper()}: {message}" if location else message


def secret_values(settings: BaseSettings) -> frozenset[str]:
    """Every secret text in `settings`, so that it can be kept out of the logs."""
    return frozenset(_secrets(settings))


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield from [value.get_secret_value()] if value.get_secret_value() else []
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _secrets(member)
    elif isinstance(value, dict):
        for member in value.values():
            yield from _secrets(member)


def _refuse_unknown(settings: type[BaseSettings], prefix: str) -> None:
    known = {f"{prefix}{name}".upper() for name in settings.model_fields}
    given = {name.upper() for name in (*os.environ, *dotenv_values(Path(".env")))}
    unknown = sorted(name for name in given if name.startswith(prefix) and name not in known)
    if unknown:
        raise SettingsError(f"unknown setting {', '.join(unknown)}: known are {', '.join(sorted(known))}")
