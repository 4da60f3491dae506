"""`python -m scibus.modos` runs the worker."""

from scibus.starting import run


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    run("scibus.modos.worker")


if __name__ == "__main__":
    main()
