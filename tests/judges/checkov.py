# /// script
# requires-python = ">=3.11"
# dependencies = ["checkov>=3.3,<4"]
# ///
"""checkov, which knows what is unwise in manifests: `checkov.py FILE...`."""

import os
import sys
from pathlib import Path

OPTIONS = ["--framework", "kubernetes", "--skip-download", "--compact", "--quiet", "--output", "json"]

if __name__ == "__main__":
    checkov = Path(sys.prefix) / "bin" / "checkov"
    files = [argument for name in sys.argv[1:] for argument in ("--file", name)]
    os.execv(checkov, [str(checkov), *OPTIONS, *files])
