"""JSON schemas of message types, as the descriptions of the API and of the sockets quote them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

PLACE = "#/components/schemas/"


def schemas_of(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """The schemas of the models and of all that they are made of, by name."""
    modes: list[Any] = [(model, "validation") for model in models]
    _, written = models_json_schema(modes, ref_template=PLACE + "{model}")
    return {name: _plain(schema) for name, schema in sorted(written["$defs"].items())}


def reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": PLACE + model.__name__}


def _plain(schema: Any) -> Any:
    """Without titles, which only repeat names, and without the null that stands for an absent field."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _plain(part) for name, part in value.items()} if key in ("properties", "$defs") else _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
