"""`python -m scibus.modos` runs the worker."""

import os
import signal


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    # The imports take a second. The first process of a container ignores SIGTERM until it has a handler, so the image
    # starts it with SIGTERM blocked, and what came meanwhile comes now.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    from scibus.modos.worker import worker

    worker.run()


if __name__ == "__main__":
    main()
