"""What people may call themselves and their rooms. Pure."""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"
"""Format characters that scripts and emoji need; every other one (direction marks among them) is taken out."""
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters that look like nothing."""


def clean(text: str) -> str:
    """The text without control and direction-changing characters and without surrounding space; may be empty."""
    kept = "".join(character for character in text if _is_plain(character)).strip()
    return kept if any(character not in JOINERS + BLANKS and not character.isspace() for character in kept) else ""


def _is_plain(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or character in JOINERS
