"""Runs a module as `python -m` does, and never outlives whoever started it: `python -P leash.py MODULE [ARGUMENTS]`.

Standard input is a pipe whose other end only the parent holds. However the parent ends, the pipe ends with it.
This file is run as a script and imports nothing of scibus, so that what it runs starts at once.
"""

import os
import runpy
import signal
import sys
import threading
import time
import warnings

PATIENCE_SECONDS = 40.0
"""From the parent's death to the end by force: longer than a worker's usual grace period."""


def hold(pipe: int) -> None:
    """Wait for the end of `pipe`, then end this process as its parent would have done."""
    while os.read(pipe, 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run the module that the arguments name."""
    pipe = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=hold, args=(pipe,), name="leash", daemon=True).start()
    sys.argv = sys.argv[1:]
    # A package may import the very module that is run.
    warnings.filterwarnings("ignore", "'.*' found in sys.modules after import of package", RuntimeWarning)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
