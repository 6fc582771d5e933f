"""docs/security.md promises nothing that no test shows."""

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
DOC = TESTS.parent / "docs" / "security.md"
ROWS = [line for line in DOC.read_text().splitlines() if line.startswith("| ") and not line.startswith("| tries")]
NAMED = re.compile(r"`((?:\w+/)?test_\w+)::(\w+)`")


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((TESTS / f"{file}.py").read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_whatever_stops_somebody_is_shown_by_a_test() -> None:
    assert len(ROWS) >= 20
    assert [row for row in ROWS if not NAMED.search(row.split("|")[3])] == []


def test_the_tests_that_are_named_are_there() -> None:
    named = NAMED.findall(DOC.read_text())
    assert [f"{file}::{test}" for file, test in named if test not in names_in(file)] == []
