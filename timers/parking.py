"""What is idle to and from the database. Never on the path of a tick or a command."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from channels.db import database_sync_to_async
from django.db import transaction

from timers import control, records, topics
from timers.models import ParkedTimer
from timers.timer import Timer, fresh
from timers.topic import POLICY, Policy, PutBy
from tomato.lookup import Lookup


@dataclass(frozen=True, slots=True)
class Parked:
    """What the database remembers of a topic: timers by their ids, as they come back, and who may control the shared one."""

    timers: dict[str, Timer] = field(default_factory=dict)
    policy: Policy | None = None


FORGOTTEN_AT_ONCE = 500


@database_sync_to_async
def park(topic: str, idle: Mapping[str, PutBy], is_ours: Callable[[], bool] = lambda: True) -> bool:
    """Remembers each as it is to come back; what would come back as new is not remembered.

    `is_ours` is asked when nobody else can write any more: by then another worker may have put by what came later. If it is
    not, nothing is changed, and False returned.
    """
    kept = {_key(topic, id): state for id, what in idle.items() if (state := _as_it_comes_back(what))}
    with transaction.atomic():
        ParkedTimer.objects.filter(key__in=[_key(topic, id) for id in idle]).delete()
        if not is_ours():
            transaction.set_rollback(True)
            return False
        ParkedTimer.objects.bulk_create([ParkedTimer(key=key, state=state) for key, state in kept.items()])
    return True


async def find(topic: str, timer_ids: Iterable[str]) -> Parked:
    """The policy, and the parked timers among `timer_ids`."""
    by_key = {_key(topic, id): id for id in (*timer_ids, POLICY)}
    states = {by_key[key]: state for key, state in (await _states.find(by_key)).items()}
    policy = states.pop(POLICY, None)
    timers = {timer_id: records.read_timer(state) for timer_id, state in states.items()}
    return Parked(timers, records.read_policy(policy) if policy else None)


@database_sync_to_async
def _look_up(keys: Collection[str]) -> dict[str, str]:
    return dict(ParkedTimer.objects.filter(key__in=keys).values_list("key", "state"))


_states: Lookup[str] = Lookup(_look_up)


@database_sync_to_async
def forget(people: Sequence[tuple[str, str]]) -> None:
    """Removes what is parked of these people, each named by topic and member: their timers, and their part in policies."""
    for start in range(0, len(people), FORGOTTEN_AT_ONCE):
        members = dict(people[start : start + FORGOTTEN_AT_ONCE])
        timers = [_key(topic, topics.own_timer(topic, member)) for topic, member in members.items()]
        ParkedTimer.objects.filter(key__in=timers).delete()
        policies = {_key(topic, POLICY): member for topic, member in members.items()}
        for row in ParkedTimer.objects.filter(key__in=policies):
            _renounce(row, policies[row.key])


def _renounce(row: ParkedTimer, member: str) -> None:
    policy = records.read_policy(row.state)
    if (after := control.without(policy, member)) != policy:
        row.state = records.write_policy(after)
        row.save(update_fields=["state"])


@database_sync_to_async
def forget_timer(topic: str, timer_id: str) -> None:
    """Removes one timer; where it is live, what was parked of it before."""
    ParkedTimer.objects.filter(key=_key(topic, timer_id)).delete()


def forget_topic(topic: str) -> None:
    """Removes all that is parked of a topic. Blocking, so that it can be part of a transaction."""
    ParkedTimer.objects.filter(key__startswith=_key(topic, "")).delete()


def _as_it_comes_back(what: PutBy) -> str | None:
    if isinstance(what, Policy):
        return records.write_policy(what)
    if not what.stopped:
        return records.write_timer(what)
    back = replace(fresh(what.settings), changed_at=what.changed_at)
    return None if back == fresh() else records.write_timer(back)


def _key(topic: str, id: str) -> str:
    return f"{topic}:{id}"
