"""What a worker does not start without, even where there is neither a bus nor a backend."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scibus.sandbox.mdb.certificates import Certificates
from tests.images.image import Recipe

INSIDE = "/certificates"


@contextmanager
def needs(recipe: Recipe) -> Iterator[tuple[str, ...]]:
    """Options of a container of `recipe`; what they name is there as long as the block runs."""
    if recipe.name == "modos":
        yield ("--env", "SCIBUS_MODOS_URL=https://modos.invalid/")
        return
    if recipe.name != "autobahn":
        yield ()
        return
    with tempfile.TemporaryDirectory(prefix="scibus-images-") as folder:
        cert, key = Certificates(Path(folder), "localhost").client("alice")
        # A worker is another user than who makes them here.
        Path(folder).chmod(0o755)
        cert.chmod(0o644)
        key.chmod(0o644)
        settings = {
            "SCIBUS_AUTOBAHN_URL": "https://mdb.invalid/",
            "SCIBUS_AUTOBAHN_CERT": f"{INSIDE}/{cert.name}",
            "SCIBUS_AUTOBAHN_KEY": f"{INSIDE}/{key.name}",
        }
        given = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
        yield ("--volume", f"{folder}:{INSIDE}:ro", *given)
