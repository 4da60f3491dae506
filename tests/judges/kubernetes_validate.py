# /// script
# requires-python = ">=3.11"
# dependencies = ["kubernetes-validate>=1.37,<1.38"]
# ///
"""The published schemas of Kubernetes, strictly: `kubernetes_validate.py FILE...`."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    validate = Path(sys.prefix) / "bin" / "kubernetes-validate"
    os.execv(validate, [str(validate), "--kubernetes-version", "1.37", "--strict", *sys.argv[1:]])
