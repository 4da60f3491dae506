"""Memory of a process that is measured."""

from pathlib import Path


class Peak:
    """The largest resident memory of the process `pid` since this was made."""

    def __init__(self, pid: int) -> None:
        self._of = Path(f"/proc/{pid}")
        (self._of / "clear_refs").write_text("5", encoding="ascii")

    def mib(self) -> float:
        lines = (self._of / "status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
