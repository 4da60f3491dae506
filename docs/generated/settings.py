"""What can be set."""

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from docs.generated.markdown import Lines, code, table
from scibus.autobahn.settings import AutobahnSettings
from scibus.bus.settings import BusSettings
from scibus.drms.settings import DrmsSettings
from scibus.modos.settings import ModosSettings
from scibus.runtime import WorkerSettings

SETTINGS: dict[str, type[BaseSettings]] = {
    "bus": BusSettings,
    "worker": WorkerSettings,
    "autobahn": AutobahnSettings,
    "drms": DrmsSettings,
    "modos": ModosSettings,
}


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    # What a factory makes depends on where it runs; the description tells it.
    given = None if field.default_factory else field.default
    return "" if given in (None, [], {}) else code(given)


def settings(argument: str) -> Lines:
    """A table of the settings of a worker."""
    model = SETTINGS[argument]
    prefix = str(model.model_config.get("env_prefix"))
    rows = (
        (
            f"`{prefix}{name.upper()}`",
            _default(field),
            field.description or "",
        )
        for name, field in model.model_fields.items()
    )
    return table("variable | default | meaning", rows)
