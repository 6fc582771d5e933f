"""What schemathesis is told beside its configuration, in its own process."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """1000.0 is an integer to a JSON schema and none to the API, which no schema can say: where it should be right it is written 1000."""
    if case.meta is not None and case.meta.generation.mode.is_positive:
        case.body = _written_out(case.body)


def _written_out(part: Any) -> Any:
    match part:
        case float() if part.is_integer():
            return int(part)
        case dict():
            return {name: _written_out(value) for name, value in part.items()}
        case list():
            return [_written_out(value) for value in part]
    return part
