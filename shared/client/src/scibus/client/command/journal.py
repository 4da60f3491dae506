"""What the parts of a running bus say: shown line by line, or kept until somebody wants to know."""

from collections import defaultdict, deque

from rich.text import Text

from scibus.client.command.exits import errors

KEPT_LINES = 12
COLOURS = ("cyan", "green", "magenta", "blue", "yellow")
OWN = "scibus"


class Journal:
    """Lines by who said them.

    Args:
        shown: whether each line goes to standard error at once.
    """

    def __init__(self, *, shown: bool) -> None:
        self._console = errors() if shown else None
        self._last: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=KEPT_LINES))
        self._colours = {OWN: "bold"}

    def line(self, source: str, text: str) -> None:
        """Note that `source` said `text`."""
        self._last[source].append(text)
        if self._console is None:
            return
        colour = self._colours.setdefault(source, COLOURS[len(self._colours) % len(COLOURS)])
        self._console.print(Text.assemble((f"{source:<14} | ", colour), Text.from_ansi(text)))

    def own(self, text: str) -> None:
        """Say something of one's own."""
        self.line(OWN, text)

    def last_words(self, source: str) -> str:
        """The last lines of `source`."""
        return "\n".join(self._last[source])
