"""Files of the repository, as they stand."""

from pathlib import Path

from docs.generated.markdown import Lines

ROOT = Path(__file__).parents[2]
LANGUAGES = {".py": "python", ".toml": "toml", ".conf": "text"}


def example(argument: str) -> Lines:
    """A file as it stands."""
    return _block(argument)


def titled(argument: str) -> Lines:
    """A file as it stands, under its name."""
    return _block(argument, f' title="{Path(argument).relative_to("docs/examples/telescope")}"')


def _block(argument: str, title: str = "") -> Lines:
    yield f"```{LANGUAGES[Path(argument).suffix]}{title}"
    yield (ROOT / argument).read_text(encoding="utf-8").rstrip()
    yield "```"
