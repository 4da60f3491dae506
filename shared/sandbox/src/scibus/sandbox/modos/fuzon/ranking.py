"""How well a text matches a label, as fzy scores it."""

from __future__ import annotations

import math

LEADING, TRAILING, INNER = -0.005, -0.005, -0.01
CONSECUTIVE, AFTER_SLASH, AFTER_WORD, CAPITAL, AFTER_DOT = 1.0, 0.9, 0.8, 0.7, 0.6
BONUSES = {"/": AFTER_SLASH, "-": AFTER_WORD, "_": AFTER_WORD, " ": AFTER_WORD, ".": AFTER_DOT}


def score(query: str, label: str) -> float:
    """Something where the letters occur in the label in their order, most for the same text; 0 where they do not."""
    wanted, text = query.lower(), label.lower()
    if not wanted or not _is_subsequence(wanted, text):
        return 0.0
    best = _best(wanted, text, [_bonus(label, position) for position in range(len(label))])
    # Any match is better than none.
    return max(best, 1e-9)


def _is_subsequence(wanted: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in wanted)


def _bonus(label: str, position: int) -> float:
    before = label[position - 1] if position else "/"
    if before.islower() and label[position].isupper():
        return CAPITAL
    return BONUSES.get(before, 0.0)


def _best(wanted: str, text: str, bonuses: list[float]) -> float:
    ending = [-math.inf] * len(text)
    best = [-math.inf] * len(text)
    for number, letter in enumerate(wanted):
        gap = TRAILING if number == len(wanted) - 1 else INNER
        new_ending, new_best, running = [-math.inf] * len(text), [-math.inf] * len(text), -math.inf
        for position, other in enumerate(text):
            if other == letter:
                if number == 0:
                    new_ending[position] = position * LEADING + bonuses[position]
                elif position:
                    apart, together = best[position - 1] + bonuses[position], ending[position - 1] + CONSECUTIVE
                    new_ending[position] = max(apart, together)
            running = max(new_ending[position], running + gap)
            new_best[position] = running
        ending, best = new_ending, new_best
    return best[-1]
