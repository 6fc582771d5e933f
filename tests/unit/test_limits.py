"""How much one person may ask, when there have been too many refusals, and from which address a request came."""

from collections import Counter
from typing import Any

import pytest

from tomato.limits import (
    BUCKETS_LOOKED_AT,
    MOST_REFUSALS,
    REFUSALS_WINDOW_S,
    Refusals,
    TokenBucket,
    TokenBuckets,
    client_address,
)

# The bucket -----------------------------------------------------------------------------------------------------------


def taken(bucket: TokenBucket, now: float, times: int) -> int:
    """How many of so many messages at one instant are let through."""
    return sum(bucket.take(now) for _ in range(times))


def test_a_burst_is_let_through_and_no_more() -> None:
    assert taken(TokenBucket(rate_per_s=10, burst=30), now=100.0, times=50) == 30


def test_tokens_flow_in_at_the_rate() -> None:
    bucket = TokenBucket(rate_per_s=10, burst=30)
    taken(bucket, now=100.0, times=30)
    assert taken(bucket, now=100.05, times=5) == 0
    assert taken(bucket, now=100.5, times=50) == 5
    assert taken(bucket, now=101.5, times=50) == 10


def test_refused_messages_cost_nothing() -> None:
    bucket = TokenBucket(rate_per_s=10, burst=1)
    taken(bucket, now=100.0, times=1_000)
    assert taken(bucket, now=100.2, times=5) == 1


def test_the_bucket_does_not_overflow() -> None:
    bucket = TokenBucket(rate_per_s=10, burst=30)
    taken(bucket, now=100.0, times=30)
    assert taken(bucket, now=10_000.0, times=50) == 30


def test_a_clock_that_goes_back_gives_and_takes_nothing() -> None:
    bucket = TokenBucket(rate_per_s=10, burst=2)
    assert taken(bucket, now=100.0, times=1) == 1
    assert taken(bucket, now=50.0, times=5) == 1


def test_a_bucket_is_full_when_it_says_no_more_than_a_new_one() -> None:
    bucket = TokenBucket(rate_per_s=10, burst=30)
    taken(bucket, now=100.0, times=10)
    assert not bucket.is_full(100.9)
    assert bucket.is_full(101.0)


# Refusals -------------------------------------------------------------------------------------------------------------


def test_a_hundred_refusals_within_ten_seconds_are_too_many() -> None:
    refusals = Refusals()
    too_many = [refusals.add(100.0 + number * REFUSALS_WINDOW_S / (MOST_REFUSALS - 1)) for number in range(100)]
    assert too_many == [False] * 99 + [True]


def test_a_hundred_refusals_in_more_time_are_not() -> None:
    refusals = Refusals()
    assert not any(refusals.add(100.0 + number * 0.102) for number in range(1_000))


def test_only_the_latest_refusals_count() -> None:
    refusals = Refusals()
    for number in range(99):
        refusals.add(100.0 + number * 0.001)
    assert not refusals.add(200.0)
    assert not any(refusals.add(200.0) for _ in range(98))
    assert refusals.add(200.0)


# Many buckets --------------------------------------------------------------------------------------------------------


def test_each_name_has_a_bucket_of_its_own() -> None:
    buckets = TokenBuckets(rate_per_s=10, burst=1)
    assert buckets.of("ana", 0).take(0)
    assert not buckets.of("ana", 0).take(0)
    assert buckets.of("jun", 0).take(0)


def test_of_very_many_buckets_a_full_one_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomato.limits.BUCKETS_KEPT", 3)
    buckets = TokenBuckets(rate_per_s=10, burst=1)
    for name in ("ana", "jun", "eva"):
        buckets.of(name, 0)
    buckets.of("ana", 0).take(0)
    buckets.of("max", 0)
    assert set(buckets._buckets) == {"ana", "eva", "max"}
    assert not buckets.of("ana", 0).take(0)


def test_there_are_never_more_and_each_new_one_costs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomato.limits.BUCKETS_KEPT", 100)
    looks, is_full = Counter[str](), TokenBucket.is_full

    def look(bucket: TokenBucket, now: float) -> bool:
        looks[name] += 1
        return is_full(bucket, now)

    monkeypatch.setattr(TokenBucket, "is_full", look)
    buckets = TokenBuckets(rate_per_s=10, burst=1)
    for number in range(1_000):
        name = str(number)
        buckets.of(name, 0).take(0)
    assert len(buckets._buckets) == 100
    assert set(looks.values()) == {BUCKETS_LOOKED_AT}


# Addresses ------------------------------------------------------------------------------------------------------------

BROWSER, INNER, OUTER, FORGED = "203.0.113.7", "10.0.0.1", "10.0.0.2", "198.51.100.66"


def asked(client: str, *forwarded: str) -> dict[str, Any]:
    headers = [(b"host", b"tomato"), *((b"x-forwarded-for", value.encode()) for value in forwarded)]
    return {"client": (client, 12345), "headers": headers}


@pytest.mark.parametrize(
    ("scope", "proxies", "address"),
    [
        (asked(BROWSER), 0, BROWSER),
        (asked(BROWSER, FORGED), 0, BROWSER),
        (asked(INNER, BROWSER), 1, BROWSER),
        (asked(INNER, f"{FORGED}, {BROWSER}"), 1, BROWSER),
        (asked(INNER, FORGED, BROWSER), 1, BROWSER),
        (asked(INNER, f" {BROWSER} ,, "), 1, BROWSER),
        (asked(INNER, f"{BROWSER}, {OUTER}"), 2, BROWSER),
        (asked(INNER, f"{FORGED}, {FORGED}, {BROWSER}, {OUTER}"), 2, BROWSER),
        (asked(INNER, f"{FORGED}, {BROWSER}", OUTER), 2, BROWSER),
        (asked(INNER, "2001:db8::7"), 1, "2001:db8::"),
    ],
)
def test_the_address_is_the_browsers_whatever_it_claims(scope: dict[str, Any], proxies: int, address: str) -> None:
    assert client_address(scope, proxies) == address


@pytest.mark.parametrize("forwarded", [(), ("",), (" , ,",)])
def test_without_a_word_of_the_proxy_the_address_is_the_proxy_s(forwarded: tuple[str, ...]) -> None:
    assert client_address(asked(INNER, *forwarded), 1) == INNER


def test_who_came_past_the_outer_proxy_is_not_who_it_claims_to_be() -> None:
    assert client_address(asked(INNER, OUTER), 2) == INNER


def test_a_scope_without_a_client_has_an_address_too() -> None:
    assert client_address({"client": None, "headers": []}, 0) == "unknown"


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("2001:db8:1:2::7", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::"),
        ("2001:db8:1:3::7", "2001:db8:1:3::"),
        ("::1", "::1"),
        (f"::ffff:{BROWSER}", BROWSER),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("a word", "a word"),
    ],
)
def test_a_line_is_one_address_however_many_it_has(client: str, address: str) -> None:
    assert client_address(asked(client), 0) == address


def test_a_header_of_odd_bytes_is_no_error() -> None:
    scope = {"client": (INNER, 1), "headers": [(b"x-forwarded-for", b"\xff\xfe")]}
    assert client_address(scope, 1) == "ÿþ"
