"""The description of the API, for programs and on a page for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from rooms import openapi
from tomato.methods import only_to_read

Schema = dict[str, Any]


@only_to_read
async def show_schema(request: HttpRequest) -> JsonResponse:
    return JsonResponse(openapi.describe(_url(request)))


@only_to_read
async def show_reference(request: HttpRequest) -> HttpResponse:
    document = openapi.describe(_url(request))
    schemas = document["components"]["schemas"]
    operations = [
        _operation(method.upper(), path, described, schemas)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
    context = {"about": document["info"]["description"], "operations": operations}
    return render(request, "rooms/reference.html", context)


def _url(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def _operation(method: str, path: str, described: Schema, schemas: Schema) -> Schema:
    answers = [
        (status, answer["description"], _shape(answer, schemas)) for status, answer in described["responses"].items()
    ]
    return {
        "id": described["operationId"],
        "method": method,
        "path": path,
        "summary": described["summary"],
        "description": described["description"],
        "parameters": [(each["name"], _kind(each["schema"]), each["description"]) for each in described["parameters"]],
        "bodies": _bodies(described.get("requestBody"), schemas),
        "fields": answers[0][2],
        "answers": [(status, description) for status, description, _ in answers],
        "example": described["x-codeSamples"][0]["source"],
    }


def _bodies(body: Schema | None, schemas: Schema) -> list[list[tuple[str, str, str]]]:
    """The fields of each body that may be sent; those that differ in the value of their one field are shown as one."""
    if body is None:
        return []
    schema = next(iter(body["content"].values()))["schema"]
    bodies = [list(_fields(each, schemas)) for each in schema.get("oneOf", [schema])]
    alike = [body[0] for body in bodies if len(body) == 1]
    together = [[(alike[0][0], " or ".join(kind for _, kind, _ in alike), "")]] if alike else []
    return together + [body for body in bodies if len(body) > 1]


def _shape(answer: Schema, schemas: Schema) -> list[tuple[str, str, str]]:
    return list(_fields(next(iter(answer["content"].values()))["schema"], schemas))


def _fields(schema: Schema, schemas: Schema) -> Iterator[tuple[str, str, str]]:
    """Each field of an object: its name, with a question mark where it may be left out, its kind, and what it is."""
    schema = _resolved(schema, schemas)
    for name, field in schema.get("properties", {}).items():
        shown = name if name in schema.get("required", ()) else f"{name}?"
        yield shown, _kind(field), field.get("description", "")


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    place = schema.get("$ref")
    found: Schema = schemas[place.rpartition("/")[2]] if place else schema
    return found


def _kind(schema: Schema) -> str:
    """What a value may be, in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return f"“{schema['const']}”"
    if "enum" in schema:
        return " or ".join(f"“{each}”" for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    limits = [f"{schema[limit]:,}" if limit in schema else "" for limit in ("minimum", "maximum")]
    return (
        f"{schema.get('type', 'anything')} {'–'.join(limits)}" if all(limits) else str(schema.get("type", "anything"))
    )
