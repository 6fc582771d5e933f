"""Where the scripts of a page find their words in its language."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tomato import language

register = template.Library()


@register.simple_tag
def import_map() -> SafeString:
    """As it is hashed, so not escaped: it holds the names of our own files."""
    return format_html('<script type="importmap">{}</script>', mark_safe(language.import_map()))  # noqa: S308


@register.simple_tag
def words(name: str) -> str:
    """The address of a module of words, such as `timers/words`."""
    return language.module(name)
