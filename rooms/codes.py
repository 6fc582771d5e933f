"""Room codes: how they look, how a new one is made, how one is found in what people type. Pure."""

import re
import secrets

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without I, O, 0 and 1, which people take for each other."""

LENGTH = 6

ROOM_ADDRESS = re.compile(r"/room/([^/?#\s]+)")
SEPARATORS = re.compile(r"[\s-]+")


def new_code() -> str:
    """A code that cannot be guessed from others. Whether it is taken, the database knows."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def is_code(text: str) -> bool:
    return len(text) == LENGTH and all(character in ALPHABET for character in text)


def normalise(text: str) -> str:
    """The text as a code would be written: trimmed and in upper case. What is no code stays none."""
    trimmed = text.strip()
    return trimmed.upper() if trimmed.isascii() else trimmed  # "ſ".upper() is "S"


def code_in(text: str) -> str | None:
    """The code that somebody typed, in groups perhaps, or pasted, alone or within the address of a room; None when there is none."""
    address = ROOM_ADDRESS.search(text)
    code = normalise(address[1] if address else SEPARATORS.sub("", text))
    return code if is_code(code) else None
