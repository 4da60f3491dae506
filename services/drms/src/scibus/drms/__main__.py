"""`python -m scibus.drms` runs the worker."""

from scibus.drms.worker import worker


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    worker.run()


if __name__ == "__main__":
    main()
