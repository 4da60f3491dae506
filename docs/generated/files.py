"""Files of the repository, as they stand."""

from pathlib import Path

from docs.generated.markdown import Lines

ROOT = Path(__file__).parents[2]
LANGUAGES = {".py": "python", ".toml": "toml", ".conf": "text"}


def example(argument: str) -> Lines:
    """A file as it stands."""
    yield f"```{LANGUAGES[Path(argument).suffix]}"
    yield (ROOT / argument).read_text(encoding="utf-8").rstrip()
    yield "```"


def titled(argument: str) -> Lines:
    """A file as it stands, under its name."""
    yield f'```{LANGUAGES[Path(argument).suffix]} title="{Path(argument).relative_to("docs/examples/telescope")}"'
    yield (ROOT / argument).read_text(encoding="utf-8").rstrip()
    yield "```"
