"""Sentences with names of fields in them, as the pages set them."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def with_code(text: str) -> SafeString:
    """What stands between backticks is code."""
    return format_html_join("", "{}", ((_set(part, number),) for number, part in enumerate(text.split("`"))))


def _set(part: str, number: int) -> str:
    return format_html("<code>{}</code>", part) if number % 2 else part
