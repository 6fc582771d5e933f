"""Compiles what is said by the server in other languages, and lists what it says: `make messages`. It needs no gettext.

A text that is to be translated is marked in a template by `translate` or `blocktranslate` and in Python by one of
`MARKS`. Its translation is written into `locale/<language>/LC_MESSAGES/django.po` by hand.
"""

import ast
import re
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.utils.translation.template import templatize

CHECKOUT = Path(__file__).resolve().parent.parent
LOCALE = CHECKOUT / "locale"
MARKS = {"gettext", "gettext_lazy", "ngettext", "_"}

STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_A_TEMPLATE = re.compile(rf"\bn?gettext\(\s*u?({STRING})(?:,\s*u?({STRING}))?")
LINE = re.compile(rf"(?:(msgid|msgid_plural|msgstr)(?:\[\d\])? )?({STRING})")

MAGIC = 0x950412DE
NUL = "\0"

Message = tuple[str, ...]
"""A text, or its singular and its plural."""


def catalogue(path: Path) -> dict[Message, Sequence[str]]:
    """The messages of a .po file with their translations, one for each plural form. The header is that of the message ""."""
    messages: dict[Message, Sequence[str]] = {}
    for block in re.split(r"\n\s*\n", path.read_text()):
        said: list[str] = []
        translated: list[str] = []
        lines = said
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            found = LINE.fullmatch(line)
            if found is None:
                raise ValueError(f"{path.name}: this line is none of a .po file: {line}")
            if found[1]:
                lines = translated if found[1] == "msgstr" else said
                lines.append("")
            lines[-1] += ast.literal_eval(found[2])
        if said:
            messages[tuple(said)] = translated
    return messages


def compiled(messages: dict[Message, Sequence[str]]) -> bytes:
    """The .mo file of a catalogue."""
    pairs = sorted((NUL.join(said).encode(), NUL.join(translated).encode()) for said, translated in messages.items())
    header_size, table_size = 7 * 4, len(pairs) * 8
    offset = header_size + 2 * table_size
    tables, texts = [b"", b""], b""
    for column in (0, 1):
        for pair in pairs:
            tables[column] += struct.pack("<II", len(pair[column]), offset + len(texts))
            texts += pair[column] + b"\0"
    header = struct.pack("<7I", MAGIC, 0, len(pairs), header_size, header_size + table_size, 0, offset)
    return header + tables[0] + tables[1] + texts


def marked() -> dict[Message, Path]:
    """Every message that is marked for translation, with a file that says it."""
    return {
        message: path
        for finder, paths in ((_in_template, _templates()), (_in_python, _modules()))
        for path in paths
        for message in finder(path)
    }


def _templates() -> list[Path]:
    return sorted((CHECKOUT / "templates").rglob("*.html"))


def _modules() -> list[Path]:
    return sorted(path for app in ("tomato", "timers", "rooms") for path in (CHECKOUT / app).rglob("*.py"))


def _in_template(path: Path) -> Iterator[Message]:
    for found in IN_A_TEMPLATE.finditer(templatize(path.read_text())):
        yield tuple(ast.literal_eval(text) for text in found.groups() if text)


def _in_python(path: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args) if name in MARKS:
                texts = [arg.value for arg in args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
                if texts:
                    yield tuple(texts)


def main() -> None:
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        messages = catalogue(path)
        path.with_suffix(".mo").write_bytes(compiled(messages))
        for message in sorted(marked().keys() - messages.keys()):
            print(f"{path.relative_to(CHECKOUT)} lacks {' / '.join(message)}", file=sys.stderr)


if __name__ == "__main__":
    main()
