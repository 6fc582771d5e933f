"""Who may do what with a room's shared timer: the maker says, and may hand that over. One's own timer is nobody else's. Pure."""

from __future__ import annotations

from dataclasses import replace

from timers.timer import Action, Phase, Timer
from timers.topic import (
    Change,
    ConfigureRoom,
    Control,
    Handing,
    Policy,
    Recall,
    Refused,
    RoomConfigured,
    Rules,
    Topic,
)

NOT_THE_MAKER = "Only the person whose room this is may change who controls its timer."
NOT_NAMED = (
    "In this room only some people control the shared timer, and you are not one of them; your own timer is yours."
)
NOT_TO_TAKE_BACK = (
    "Only who has just handed a room over takes it back, and only if nothing has been done with it since."
)
NO_PAUSE = "In this room a running timer is not paused, and a focus is not cut short."

TAKE_BACK_MS = 10_000
"""For five seconds a page offers to take a room back; the rest is for the way here, which may be a slow one."""


def policy_of(topic: Topic) -> Policy:
    return topic.policy or Policy()


def learn(topic: Topic, recalled: Recall) -> Change:
    """What the database remembers of the room; a live policy wins over one that was put by."""
    policy = recalled.policy or (Policy(recalled.maker) if recalled.maker else None)
    if not topic.is_room or topic.policy is not None or policy is None:
        return Change(topic)
    return _tell(topic, policy, None)


def configure(topic: Topic, asked: ConfigureRoom, now: int) -> Change:
    before = policy_of(topic)
    policy = replace(
        before,
        control=before.control if asked.control is None else asked.control,
        controllers=before.controllers if asked.controllers is None else tuple(dict.fromkeys(asked.controllers)),
        pause_allowed=before.pause_allowed if asked.pause_allowed is None else asked.pause_allowed,
    )
    return _amend(topic, asked.member, policy, now)


def hand_over(topic: Topic, member: str, to: str, now: int) -> Change:
    """To somebody whom the room knows; to others it changes nothing."""
    before = policy_of(topic)
    policy = replace(before, maker=to) if to in topic.people else before
    return _amend(topic, member, policy, now, Handing(member, now, before.maker))


def take_back(topic: Topic, member: str, now: int) -> Change:
    """The room is again whose it was before somebody handed it over, a moment ago."""
    policy = policy_of(topic)
    handing = policy.handing
    if handing is None or handing.by != member or now > handing.at + TAKE_BACK_MS or not _is_here(topic, member):
        return Change(topic, answer=Refused(NOT_TO_TAKE_BACK))
    return _tell(topic, replace(policy, maker=handing.maker, handing=None), member).answered(now)


def renounce(topic: Topic, member: str) -> Change:
    """Somebody is forgotten: a room that was theirs is nobody's, so that everybody may say who controls its timer."""
    before = policy_of(topic)
    policy = without(before, member)
    return Change(topic) if policy == before else _tell(topic, policy, None)


def without(policy: Policy, member: str) -> Policy:
    """The policy in which a person has no part; the same one when they had none."""
    handing = policy.handing
    if handing is not None and member in (handing.by, handing.maker):
        policy = replace(policy, handing=None)
    if member != policy.maker and member not in policy.controllers:
        return policy
    others = tuple(other for other in policy.controllers if other != member)
    return replace(policy, maker=None if member == policy.maker else policy.maker, controllers=others, amended=True)


def may_configure(topic: Topic, member: str) -> bool:
    """The maker, or in a room without one anybody; not who is not here, since with somebody came whose room it is."""
    return policy_of(topic).maker in (None, member) and _is_here(topic, member)


def _amend(topic: Topic, member: str, policy: Policy, now: int, handing: Handing | None = None) -> Change:
    if not may_configure(topic, member):
        return Change(topic, answer=Refused(NOT_THE_MAKER))
    if policy == policy_of(topic):
        return Change(topic).answered(now, changed=False)
    return _tell(topic, replace(policy, amended=True, handing=handing), member).answered(now)


def _is_here(topic: Topic, member: str) -> bool:
    person = topic.people.get(member)
    return person is not None and person.here


def _tell(topic: Topic, policy: Policy, by: str | None) -> Change:
    topic = replace(topic, v=topic.v + 1, policy=policy)
    return Change(topic, (RoomConfigured(topic.v, policy, by),))


# The shared timer -----------------------------------------------------------------------------------------------------


def may_steer(topic: Topic, policy: Policy, member: str | None) -> bool:
    """Those whom the policy names; while none of them is here, everybody, so that no timer is left that nobody can stop."""
    if policy.control is Control.EVERYONE:
        return True
    named = {policy.maker, *policy.controllers} - {None}
    return member in named or not any(other in named for other, _ in topic.here())


def allows(policy: Policy, before: Timer, action: Action, after: Timer) -> bool:
    """Where there is no pausing, what runs is not paused or reset, and by no other way does a focus end early."""
    if policy.pause_allowed or not before.running:
        return True
    if before.phase is not Phase.FOCUS:
        return action not in (Action.PAUSE, Action.RESET)
    goes_on = after.running and after.phase is Phase.FOCUS
    return goes_on and not (action is Action.ADD and after.duration_ms < before.duration_ms)


# Idleness -------------------------------------------------------------------------------------------------------------


def idle_at(topic: Topic, rules: Rules) -> int | None:
    """When the policy is to be put by: it stays until nothing else is left of the topic, so that no arrival misses it."""
    is_last = topic.policy is not None and topic.policy.amended and not topic.timers and not topic.people
    return topic.quiet_since + rules.idle_ttl_ms if is_last and topic.quiet_since is not None else None


def forget(topic: Topic) -> Change:
    return Change(replace(topic, policy=None))
