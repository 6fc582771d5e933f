"""What a process that tests start is given."""

import os


def surroundings() -> dict[str, str]:
    """This process's environment without tomato's settings."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TOMATO_") and name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
