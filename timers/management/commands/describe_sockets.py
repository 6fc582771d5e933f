"""`manage.py describe_sockets`: writes docs/asyncapi.json anew from the message types."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from timers.asyncapi import describe
from tomato.environment import CHECKOUT

DOCUMENT = CHECKOUT / "docs" / "asyncapi.json"


class Command(BaseCommand):
    help = "Writes the description of the sockets, docs/asyncapi.json, from the types of their messages."

    def handle(self, *args: Any, **options: Any) -> None:
        write(DOCUMENT)


def write(path: Path) -> None:
    path.write_text(json.dumps(describe(), indent=1) + "\n")
