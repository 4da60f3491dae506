"""Run inside an image, by its own Python and without any import beyond the standard library: what is found there."""

import importlib.util
import json
import os
import shutil
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

BUILD_TOOLS = ("cc", "gcc", "g++", "clang", "ld", "make", "cmake", "git", "pip", "pip3", "uv")


def _writable(folder: str) -> bool:
    try:
        probe = Path(folder) / "probe"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def main() -> None:
    """Print it as one line of JSON."""
    status = _status()
    found = {
        "uid": os.getuid(),
        "capabilities": int(status["CapEff"], 16),
        "no_new_privileges": status["NoNewPrivs"] == "1",
        "build_tools": [tool for tool in BUILD_TOOLS if shutil.which(tool)],
        "installers": [name for name in ("pip", "setuptools", "uv") if importlib.util.find_spec(name)],
        "writable": [folder for folder in ("/", "/opt/scibus", sys.prefix, "/etc", "/root") if _writable(folder)],
        "distributions": sorted(one.metadata["Name"] for one in distributions()),
        "editable": sorted(one.metadata["Name"] for one in distributions() if _editable(one)),
        "compiled": any(Path(sys.prefix).rglob("scibus/**/*.pyc")),
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _editable(distribution: Distribution) -> bool:
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))


if __name__ == "__main__":
    main()
