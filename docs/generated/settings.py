"""What can be set."""

from pydantic_settings import BaseSettings

from docs.generated.markdown import Lines, code, table
from scibus.autobahn.settings import AutobahnSettings
from scibus.bus.settings import BusSettings
from scibus.drms.settings import DrmsSettings
from scibus.runtime import WorkerSettings

SETTINGS: dict[str, type[BaseSettings]] = {
    "bus": BusSettings,
    "worker": WorkerSettings,
    "autobahn": AutobahnSettings,
    "drms": DrmsSettings,
}


def settings(argument: str) -> Lines:
    """A table of the settings of a worker."""
    model = SETTINGS[argument]
    prefix = str(model.model_config.get("env_prefix"))
    rows = (
        (
            f"`{prefix}{name.upper()}`",
            "required" if field.is_required() else "" if field.default in (None, []) else code(field.default),
            field.description or "",
        )
        for name, field in model.model_fields.items()
    )
    return table("variable | default | meaning", rows)
