"""When the worker looks at which topic."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from timers import topics
from timers.schedule import SLOT_MS, SLOTS, Deadlines, TickSlots, slot_of

ROOMS = [topics.room(f"ROOM{number}") for number in range(2_000)]


# Tick slots -----------------------------------------------------------------------------------------------------------


def test_the_slots_fill_the_second() -> None:
    assert SLOTS * SLOT_MS == 1_000


def test_topics_are_spread_over_the_second() -> None:
    load = Counter(map(slot_of, ROOMS))
    assert set(load) == set(range(SLOTS))
    assert max(load.values()) < 2 * len(ROOMS) / SLOTS


def test_the_topics_of_one_shard_are_spread_over_the_second_too() -> None:
    ours = [room for room in ROOMS if topics.shard_of(room, 16) == 3]
    assert len(set(map(slot_of, ours))) > SLOTS * 3 // 4


def test_a_topic_ticks_in_its_slot_and_in_no_other() -> None:
    slots = TickSlots()
    slots.set("room.ABC234", ticks=True)
    due = {slot: slots.due(slot) for slot in range(SLOTS)}
    assert due.pop(slot_of("room.ABC234")) == ("room.ABC234",)
    assert set(due.values()) == {()}


def test_a_topic_ticks_once_until_it_is_told_not_to() -> None:
    slots = TickSlots()
    slots.set("room.ABC234", ticks=True)
    slots.set("room.ABC234", ticks=True)
    assert slots.due(slot_of("room.ABC234")) == ("room.ABC234",)
    slots.set("room.ABC234", ticks=False)
    slots.set("room.ABC234", ticks=False)
    assert slots.due(slot_of("room.ABC234")) == ()


def test_topics_may_stop_ticking_while_they_are_gone_through() -> None:
    slots = TickSlots()
    for room in ROOMS:
        slots.set(room, ticks=True)
    for room in slots.due(0):
        slots.set(room, ticks=False)
    assert slots.due(0) == ()


# Deadlines ------------------------------------------------------------------------------------------------------------


def test_without_deadlines_nothing_is_next_or_due() -> None:
    deadlines = Deadlines()
    assert deadlines.next() is None
    assert deadlines.take_due(10**15) == []


def test_due_are_those_whose_instant_has_come_earliest_first() -> None:
    deadlines = Deadlines()
    for topic, at in [("late", 300), ("early", 100), ("middle", 200)]:
        deadlines.set(topic, at)
    assert deadlines.next() == 100
    assert deadlines.take_due(99) == []
    assert deadlines.take_due(200) == ["early", "middle"]
    assert deadlines.take_due(200) == [], "what was taken is not due again"
    assert deadlines.next() == 300


def test_a_new_deadline_replaces_the_old_one() -> None:
    deadlines = Deadlines()
    deadlines.set("a", 100)
    deadlines.set("a", 300)
    deadlines.set("b", 400)
    deadlines.set("b", 200)
    assert deadlines.next() == 200
    assert deadlines.take_due(250) == ["b"]
    assert deadlines.take_due(500) == ["a"]


def test_a_deadline_that_is_taken_away_does_not_come() -> None:
    deadlines = Deadlines()
    deadlines.set("a", 100)
    deadlines.set("a", None)
    deadlines.set("never there", None)
    assert deadlines.next() is None
    assert deadlines.take_due(500) == []


def test_a_deadline_set_back_to_what_it_was_comes_once() -> None:
    deadlines = Deadlines()
    for at in (100, None, 100, 200, 100):
        deadlines.set("a", at)
    assert deadlines.take_due(500) == ["a"]
    assert deadlines.take_due(500) == []
    deadlines.set("a", 100)
    assert deadlines.take_due(500) == ["a"]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 20)) | st.integers(0, 20),
        max_size=40,
    )
)
def test_deadlines_are_as_if_kept_in_a_plain_dictionary(steps: list[tuple[str, int | None] | int]) -> None:
    deadlines, plain = Deadlines(), dict[str, int]()
    for step in steps:
        if isinstance(step, int):
            due = sorted((at, topic) for topic, at in plain.items() if at <= step)
            assert deadlines.take_due(step) == [topic for _, topic in due]
            for _, topic in due:
                del plain[topic]
        else:
            topic, at = step
            deadlines.set(topic, at)
            plain.pop(topic, None)
            if at is not None:
                plain[topic] = at
        assert deadlines.next() == min(plain.values(), default=None)


# Names of topics and their places -------------------------------------------------------------------------------------


def test_topics_are_named_by_device_and_by_code() -> None:
    assert topics.solo("0123456789ABCDEF") == "solo.0123456789ABCDEF"
    assert topics.room("ABC234") == "room.ABC234"
    assert [topics.is_room(topics.room("ABC234")), topics.is_room(topics.solo("ABC234"))] == [True, False]


def test_a_topic_has_one_timer_of_its_own() -> None:
    assert topics.shared_timer(topics.room("ABC234")) == "room"
    assert topics.shared_timer(topics.solo("0123456789ABCDEF")) == "solo"


def test_every_topic_has_one_shard_the_same_in_every_process() -> None:
    assert [topics.shard_of(topics.room(code), 16) for code in ("ABC234", "ABC235", "ZZZ999")] == [5, 3, 13]
    assert Counter(topics.shard_of(room, 16) for room in ROOMS).keys() == set(range(16))


def test_everything_of_a_shard_lives_on_one_node_of_a_cluster() -> None:
    keys = [
        topics.state_key(7, "room.ABC234"),
        topics.index_key(7),
        topics.commands_key(7),
        topics.cursor_key(7),
        topics.lease_key(7),
        topics.completions_key(7),
        topics.unsaid_key(7),
        topics.overrun_key(7),
    ]
    assert all("{s7}" in key and key.count("{") == 1 for key in keys)
    assert len(set(keys)) == len(keys)
