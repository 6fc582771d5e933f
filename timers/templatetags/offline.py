"""What pages say of their version."""

from typing import Any

from django import template

from timers import offline

register = template.Library()


@register.simple_tag(takes_context=True)
def site_version(context: dict[str, Any]) -> str:
    """The page that is kept says itself which one it is, for it is a part of what that follows from."""
    return str(context["version"]) if "version" in context else offline.version()
