"""How the process of a worker begins. Imports next to nothing, so that a signal is heard from the first moment on."""

import os
import signal
from importlib import import_module


def run(module: str) -> None:
    """Run the `worker` of `module` until SIGTERM or SIGINT.

    Its imports take a while. The first process of a container ignores SIGTERM until it has a handler, so images start
    it with SIGTERM blocked, and what came meanwhile comes now.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    import_module(module).worker.run()
