"""How the people of a room and its rules are written into its page: the order and words that the page's scripts show.

Both sides are held to the same cases, `tests/javascript/people-cases.json`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.translation import gettext, ngettext

from timers.people import colour_among
from timers.templatetags.clock import MINUTE_MS, colour

register = template.Library()

NUMBERED = re.compile(r"User (\d+)")
SHORT_NUMBER = re.compile(r"[0-9]{2,3}")

Fields = Mapping[str, Any]
"""A `Member` or a `Timer` as the wire has it."""


# People ---------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("rooms/_people.html")
def show_people(snapshot: Fields, invite_url: str, code: str) -> dict[str, Any]:
    you = snapshot["you"]["member"]
    members = _present(snapshot)
    people = max(snapshot["people"], len(members))
    away = sum(member["away"] for member in members)
    timers = {timer["id"]: timer for timer in snapshot["timers"]}
    room = timers["room"]

    def place(member: Fields) -> tuple[int, int]:
        return (0 if member["id"] == you else _rank(member, timers.get(member["id"]), room), member["joined_at"])

    listed = sorted(members, key=place)
    return {
        "people": people - away,
        "away": away,
        "lines": [line(member, member["id"] == you, timers.get(member["id"]), room) for member in listed],
        "more": people - len(listed),
        "is_alone": people < 2,
        "invite_url": invite_url,
        "code": code,
    }


def _present(snapshot: Fields) -> list[Fields]:
    """The members with you among them: the room does not know you before the page is connected, but you are there."""
    you, members = snapshot["you"], snapshot["members"]
    if any(member["id"] == you["member"] for member in members):
        return list(members)
    known = {"id": you["member"], "name": you["name"] or gettext("You"), "tabs": 1, "joined_at": 0, "away": False}
    return [{**known, "colour": colour_among((member["colour"] for member in members), you["member"])}, *members]


def _rank(member: Fields, own: Fields | None, room: Fields) -> int:
    timer = _followed(own, room)
    if member["away"]:
        return 4
    if timer is None or timer["status"] != "running":
        return 3
    return 1 if timer["phase"] == "focus" else 2


def _followed(own: Fields | None, room: Fields | None) -> Fields | None:
    """The timer that somebody goes by, of their own and the shared one."""
    return room if _liveliness(room) > _liveliness(own) else own


def _liveliness(timer: Fields | None) -> int:
    return 0 if timer is None else ("stopped", "paused", "running").index(timer["status"])


def line(member: Fields, is_you: bool, own: Fields | None, room: Fields | None) -> dict[str, Any]:
    doing, name = pursuit(own, room), called(member["name"])
    words = [_you(member["tabs"])] if is_you else []
    if member["away"]:
        words.append(gettext("Away"))
    if not member["away"] or doing["doing"] != gettext("Not timing"):
        words.append(doing["doing"])
    said = " · ".join(words)
    return {
        "name": name,
        "away": member["away"],
        "initials": initials(name),
        "tint": member["colour"],
        "is_you": is_you,
        **doing,
        "doing": said,
        "parts": said.split(" · "),
    }


def pursuit(own: Fields | None, room: Fields | None) -> dict[str, str]:
    """What somebody does; `phase` is the colour."""
    timer = _followed(own, room)
    if timer is None or timer["status"] == "stopped":
        return {"phase": "idle", "doing": gettext("Not timing"), "time": ""}
    is_focus, is_shared = timer["phase"] == "focus", timer is room
    if timer["status"] == "paused":
        shared = gettext("Shared focus · paused") if is_focus else gettext("Shared break · paused")
        return {"phase": "idle", "doing": shared if is_shared else gettext("Paused"), "time": ""}
    if is_focus:
        doing, left = gettext("Shared focus") if is_shared else gettext("Focus"), gettext("free in %(time)s")
    else:
        doing, left = gettext("Shared break") if is_shared else gettext("Break"), gettext("%(time)s left")
    return {"phase": colour(timer["phase"]), "doing": doing, "time": left % {"time": _span(timer["remaining_ms"])}}


def _span(ms: int) -> str:
    hours, minutes = divmod(max(1, -(-ms // MINUTE_MS)), 60)
    if hours:
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return gettext("%(minutes)d min") % {"minutes": minutes}


def _you(tabs: int) -> str:
    return gettext("You and %(tabs)d tabs") % {"tabs": tabs} if tabs > 1 else gettext("You")


def called(name: str) -> str:
    """A name as the server has it, in the words of the page: who has not said one is called by a number."""
    numbered = NUMBERED.fullmatch(name)
    return gettext("User %(number)s") % {"number": numbered[1]} if numbered else name


def initials(name: str) -> str:
    """AM for Ana Moreno, JU for Jun, U12 for User 12."""
    words = name.split() or [""]
    if len(words) > 1 and SHORT_NUMBER.fullmatch(words[-1]):
        return (words[0][0] + words[-1])[-3:].upper()
    letters = words[0][:1] + words[-1][:1] if len(words) > 1 else words[0][:2]
    return letters.upper()[:2]


# Control --------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("rooms/_control.html")
def show_control(snapshot: Fields) -> dict[str, Any]:
    you, settings = snapshot["you"]["member"], snapshot["settings"]
    names = {member["id"]: called(member["name"]) for member in snapshot["members"]}
    return {
        "sentence": rules(settings, you, names),
        "may_configure": settings["maker"] in (None, you),
    }


def rules(settings: Fields, you: str, names: Mapping[str, str]) -> str:
    """Who controls the shared timer: nothing where everybody may do everything and you may not change that."""
    is_usual = settings["control"] == "everyone" and settings["pause_allowed"]
    if is_usual and settings["maker"] not in (None, you):
        return ""
    pausing = [] if settings["pause_allowed"] else [gettext("A running focus is not paused or cut short.")]
    return " ".join([_who_controls(settings, you, names), *pausing])


def _who_controls(settings: Fields, you: str, names: Mapping[str, str]) -> str:
    if settings["control"] == "everyone":
        return gettext("Everyone controls the timer.")
    named = [member for member in dict.fromkeys([settings["maker"], *settings["controllers"]]) if member is not None]
    if you not in named and names.keys().isdisjoint(named):
        return gettext("Nobody who controls the timer is here, so everyone does.")
    others = [names.get(member, gettext("Someone")) for member in named if member != you]
    if you not in named:
        one, some = gettext("%(people)s controls the timer."), gettext("%(people)s control the timer.")
        return (one if len(others) == 1 else some) % {"people": _listed(others)}
    if not others:
        return gettext("You control the timer.")
    return gettext("%(you_and_others)s control the timer.") % {"you_and_others": _listed([gettext("You"), *others])}


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        return gettext("%(first)s and %(second)s") % {"first": names[0], "second": names[1]}
    others = len(names) - 2
    said = ngettext("%(first)s, %(second)s and %(others)d other", "%(first)s, %(second)s and %(others)d others", others)
    return said % {"first": names[0], "second": names[1], "others": others}
