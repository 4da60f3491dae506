"""`python -m scibus.drms` runs the worker."""

from scibus.starting import run


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    run("scibus.drms.worker")


if __name__ == "__main__":
    main()
