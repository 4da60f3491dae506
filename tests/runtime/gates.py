"""Gates at which handlers of the probe stop until the test opens them, however fast or slow the machine is."""

from pathlib import Path

from tests.waiting import until


class Gates:
    """A folder with a file for each gate: who comes writes a line into it, and goes on once one says `open`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def settings(self) -> dict[str, str]:
        """A probe that is started with these finds the gates."""
        return {"SCIBUS_PROBE_GATES": str(self._folder)}

    async def reached(self, name: str, count: int = 1) -> None:
        """Wait until so many handlers have come to the gate."""
        gate = self._folder / name
        await until(lambda: gate.exists() and gate.read_text(encoding="utf-8").count("here") >= count)

    def open(self, name: str) -> None:
        """Let all pass who have come, and all who come later."""
        with (self._folder / name).open("a", encoding="utf-8") as gate:
            gate.write("open\n")
