"""The pages of the live timers. Whole without a script: the script only keeps them fresh."""

from __future__ import annotations

from typing import Any

import structlog
from asgiref.sync import async_to_sync
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from redis.exceptions import RedisError

from operators import acts, desk, looks
from operators.rights import rights_of

log = structlog.get_logger(__name__)

Context = dict[str, Any]

NOT_HELD = "No worker holds this at the moment, so there is nothing to act on."
NOT_LOOKED_UP = "Redis or some worker did not answer, so nothing was done. Look again in a moment."
NOT_ANSWERED = "No worker has answered in time, so this may not have been done. Look again in a moment."
NOT_REACHED = "Redis or the database did not answer, so this may not have been done. Look again in a moment."
NOTHING_TO_DO = "This changed nothing: the timer was like that already."


def live(request: HttpRequest, context: Context) -> TemplateResponse:
    """The figures of the site, and the timers that the query asks for."""
    if not rights_of(request.user).may_look:
        raise PermissionDenied
    query = request.GET.dict()
    shown = {**async_to_sync(looks.overview)(query), **looks.form(query)}
    return TemplateResponse(request, "operators/live.html", {**context, "title": "Live timers", **shown})


def topic(request: HttpRequest, where: str, context: Context) -> HttpResponse:
    """One room, or one device, with everything of it, and what may be done to it."""
    rights = rights_of(request.user)
    if not rights.may_look or (request.method == "POST" and not rights.may_steer):
        raise PermissionDenied
    context = {**context, "title": async_to_sync(looks.full_title_of)(where)}
    if request.method == "POST":
        return _act(request, where, context)
    shown = async_to_sync(looks.detail)(where, rights)
    status = 404 if shown.get("is_unknown") else 200
    return TemplateResponse(request, "operators/topic.html", {**context, **shown}, status=status)


def _act(request: HttpRequest, where: str, context: Context) -> HttpResponse:
    """Shows what cannot be undone once more before it is done; then says what came of it."""
    back = HttpResponseRedirect(request.path)
    try:
        found = async_to_sync(desk.look_up)(where)
    except (RedisError, OSError) as error:
        log.warning("operators.not_looked_up", reason=str(error))
        messages.error(request, NOT_LOOKED_UP)
        return back
    if found.topic is None:
        messages.error(request, NOT_LOOKED_UP if found.silent else NOT_HELD)
        return back if found.silent else HttpResponseRedirect(reverse("admin:live"))
    try:
        act = acts.read(request.POST.get("act", ""), found.topic, where)
    except acts.Impossible as impossible:
        messages.error(request, str(impossible))
        return back
    if act.warning and "confirmed" not in request.POST:
        return TemplateResponse(request, "operators/confirmation.html", {**context, "act": act, "where": where})
    _perform(request, act, where, found.topic["name"])
    return HttpResponseRedirect(reverse("admin:live")) if act.kind == "close" else back


def _perform(request: HttpRequest, act: acts.Act, where: str, topic: str) -> None:
    """In the log before it is done, so that nothing is done that is not in it."""
    try:
        entry = acts.note(request.user, act, where)
        level, outcome = _outcome(act, topic)
        if level != messages.SUCCESS:
            acts.amend(entry, outcome)
    except DatabaseError as error:
        log.warning("operators.not_noted", reason=str(error))
        level, outcome = messages.ERROR, NOT_REACHED
    messages.add_message(request, level, outcome)


def _outcome(act: acts.Act, topic: str) -> tuple[int, str]:
    try:
        changed = acts.perform(act, topic)
    except TimeoutError:
        return messages.ERROR, NOT_ANSWERED
    except (RedisError, OSError, DatabaseError) as error:
        log.warning("operators.not_done", reason=str(error))
        return messages.ERROR, NOT_REACHED
    return (messages.SUCCESS, f"{act.done}.") if changed else (messages.INFO, NOTHING_TO_DO)
