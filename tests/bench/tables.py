"""Figures as tables."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """Rows of figures; the first column names what was measured."""

    title: str
    columns: list[str]
    rows: list[list[Any]]


def as_text(table: Table) -> str:
    """The table in Markdown, as the README has it."""
    head = [f"{table.title}\n", _row(table.columns), _row(["---"] * len(table.columns))]
    return "\n".join([*head, *(_row([_figure(cell) for cell in row]) for row in table.rows)])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _figure(cell: Any) -> str:
    if not isinstance(cell, float):
        return "-" if cell is None else str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.2f}"
