"""What a row may be: every bad input is a row error with a code, never an exception (N5, B3)."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from attribution_market import NOW, SETTINGS, VAULT, at, click, purchase, refund, view
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.decode import MAX_EVENTS, decode_json, decode_ndjson
from core.errors import Invalid

OPTIONS = {"now": NOW, "settings": SETTINGS, "vault": VAULT}


def verdict(row, **options):
    """The code of a row's refusal, None when it was let through."""
    body = row if isinstance(row, bytes) else json.dumps(row).encode()
    decoded = decode_ndjson(body, **OPTIONS, **options)
    assert len(decoded.rows) + len(decoded.errors) == 1
    return decoded.errors[0].code if decoded.errors else None


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


B = purchase("b", "o")
MONEY = {"amount": "1.00", "currency": "RUB"}


@pytest.mark.parametrize(
    "row",
    [
        view("e"),
        view("A-z.0_9" + "x" * 57),
        without(view("e"), "watch_ms", "completed"),
        view("e", watch_ms=None, completed=None),
        view("e", watch_ms=86_400_000),
        click("e"),
        B,
        without(B, "viewer"),
        {**B, "amount": "0"},
        {**B, "amount": "999999999999.99"},
        {**B, "amount": "100", "currency": "JPY"},
        {**B, "amount": "0.001", "currency": "KWD"},
        {**B, "quantity": 1_000_000},
        refund("x", "o", quantity=1),
        refund("x", "o", **MONEY),
        refund("x", "o", quantity=1, **MONEY),
        view("e", when=(NOW + timedelta(minutes=2)).isoformat()),
        view("e", when=(NOW + timedelta(minutes=5)).isoformat()),
        view("e", when=at(days=7)),
        view("e", when="2026-11-02T11:00:00.123456+03:00"),
        view("e", when="2026-11-01T20:00:00-12:00"),
    ],
)
def test_let_through(row):
    assert verdict(row) is None


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"{", "broken_json"),
        (b"nonsense", "broken_json"),
        (b'{"type": "view", "id": "\xff"}', "broken_json"),
        (view("\ud800"), "broken_json"),
        (b"[" * 100_000, "bad_event"),
        (b'{"type": "view", "id": ' + b"[" * 100_000, "bad_id"),
        (b"[]", "bad_event"),
        (b"true", "bad_event"),
        (b"{}", "missing_field"),
        ({**view("e"), "type": "like"}, "unknown_type"),
        ({**view("e"), "type": 1}, "unknown_type"),
        ({**view("e"), "extra": 1}, "unknown_field"),
        ({**view("e"), "\u0000": 1}, "unknown_field"),
        *[(view(bad), "bad_id") for bad in ["", "x" * 65, "a b", "a\n", "é", "a\u0000", "١", 1, None]],
        *[({**view("e"), "viewer": bad}, "bad_viewer") for bad in ["", "x" * 65, "a@b", 5, None]],
        (without(view("e"), "viewer"), "missing_field"),
        (without(view("e"), "content"), "missing_field"),
        ({**view("e"), "product": "p1"}, "unknown_field"),
        *[(view("e", watch_ms=bad), "bad_watch_ms") for bad in [-1, 86_400_001, 1.0, True, "1", 10**30]],
        *[(view("e", completed=bad), "bad_completed") for bad in [0, 1, "true"]],
        (without(click("e"), "product"), "missing_field"),
        ({**click("e"), "watch_ms": 1}, "unknown_field"),
        ({**B, "content": "c1"}, "unknown_field"),
        *[({**B, "quantity": bad}, "bad_quantity") for bad in [0, -1, 1_000_001, True, 1.5, "1", None]],
        *[
            ({**B, "amount": bad}, "bad_amount")
            for bad in [
                "1e999999999", "1e400", "NaN", "Infinity", "-0", "-1", "1_000", "١٢٣", " 1 ", "1,00", "", "01", ".5", "1.",
                "1.0000000", "1000000000000", "9" * 5000, "1\n", True, [], {}, 1, 1.5, None,
            ]
        ],
        ({**B, "amount": "0.001", "currency": "USD"}, "not_minor_units"),
        ({**B, "amount": "1.5", "currency": "JPY"}, "not_minor_units"),
        ({**B, "currency": "QQQ"}, "unknown_currency"),
        ({**B, "currency": "rub"}, "bad_currency"),
        ({**B, "currency": "RUB\n"}, "bad_currency"),
        (without(B, "currency"), "missing_field"),
        (refund("x", "o"), "missing_field"),
        (refund("x", "o", amount="1.00"), "missing_field"),
        (refund("x", "o", quantity=1, currency="RUB"), "bad_currency"),
        (refund("x", "o", amount="0.00", currency="RUB"), "bad_amount"),
        (refund("x", "o", amount="-1.00", currency="RUB"), "bad_amount"),
        (refund("x", "o", quantity=0), "bad_quantity"),
        (refund("x", "o", quantity=1, viewer="u1"), "unknown_field"),
        (view("e", when=(NOW + timedelta(days=2)).isoformat()), "in_future"),
        (view("e", when=(NOW + timedelta(minutes=5, microseconds=1)).isoformat()), "in_future"),
        (view("e", when=at(days=7, microseconds=1)), "too_late"),
        (view("e", when="9999-12-31T23:59:59-14:00"), "in_future"),
        (view("e", when="9999-12-31T23:59:59.999999Z"), "in_future"),
        (view("e", when="0001-01-01T00:00:00+14:00"), "too_late"),
        *[
            ({**view("e"), "occurred_at": bad}, "bad_occurred_at")
            for bad in [
                "2026-11-01T24:00:00Z", "2026-12-31T23:59:60Z", "2026-11-01T10:00:00", "2026-11-01", "10000-01-01T00:00:00Z",
                "0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-01T10:00:00+24:00", "yesterday", "", 1793610000,
                1.5, None, True, "２０２６-11-01T10:00:00Z", "9999-12-31T23:59:59.9999999Z",
            ]
        ],
    ],
)  # fmt: skip
def test_refused_with_a_code(row, code):
    assert verdict(row) == code


def test_only_a_backfill_may_be_old_and_not_before_2000():
    old = view("e", when=datetime(2000, 1, 1, tzinfo=UTC).isoformat())
    assert verdict(old) == "too_late"
    assert verdict(old, backfill=True) is None
    assert verdict(view("e", when="1999-12-31T23:59:59Z"), backfill=True) == "too_late"


def test_blank_lines_are_skipped_and_counted():
    body = b"\n" + json.dumps(view("a")).encode() + b"\r\n \n\nbad\n"
    decoded = decode_ndjson(body, **OPTIONS)
    assert (decoded.indexes, decoded.ids) == ([1], ["a"])
    assert [(error.index, error.id, error.code) for error in decoded.errors] == [(4, None, "broken_json")]


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b'{"events": 1}', b'{"events": [], "more": 1}', b'{"events": [1}', b'{"events": [NaN}',
     b'\xff', b'{"events": ' + b"[" * 100_000, b'{"events": {"a": NaN}}', b'{"events": [' + b"9" * 10_000 + b", NaN]}"],
)  # fmt: skip
def test_a_broken_body_is_refused_whole(body):
    with pytest.raises(Invalid) as refused:
        decode_json(body, **OPTIONS)
    assert refused.value.code == "broken_json"


def test_too_many_events():
    for decode, body in (
        (decode_ndjson, b"{}\n" * (MAX_EVENTS + 1)),
        (decode_json, b'{"events": [' + b",".join([b"1"] * (MAX_EVENTS + 1)) + b"]}"),
    ):
        with pytest.raises(Invalid) as refused:
            decode(body, **OPTIONS)
        assert refused.value.code == "too_many_events"
    assert len(decode_ndjson(b"1\n" * MAX_EVENTS + b"\n" * 9, **OPTIONS).errors) == MAX_EVENTS


def test_nan_spoils_its_row_only():
    body = json.dumps(
        {"events": [view("a"), view("b", watch_ms=float("nan")), view("c", watch_ms=float("-inf"))]}
    )
    decoded = decode_json(body.encode(), **OPTIONS)
    assert len(decoded.rows) == 1
    assert [(error.index, error.id, error.code) for error in decoded.errors] == [
        (1, "b", "bad_watch_ms"),
        (2, "c", "bad_watch_ms"),
    ]


def test_a_viewer_is_hashed_and_an_error_tells_no_value():
    decoded = decode_ndjson(json.dumps(view("e", viewer="alice")).encode(), **OPTIONS)
    assert "alice" not in decoded.rows[0] and VAULT.pseudonym("alice") in decoded.rows[0]
    error = decode_ndjson(json.dumps(view("e", viewer="alice@example")).encode(), **OPTIONS).errors[0]
    assert "alice" not in error.detail


def test_the_days_of_the_touches_are_the_services():
    body = json.dumps(view("e", when="2026-10-31T21:00:00Z")).encode()
    decoded = decode_ndjson(body, **OPTIONS)
    assert [day.isoformat() for day in decoded.days(SETTINGS.zone)] == ["2026-11-01"]
    assert decode_ndjson(json.dumps(B).encode(), **OPTIONS).days(SETTINGS.zone) == set()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(sorted({*view("e"), *B, *click("e")}))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(names, json_values | st.sampled_from(["view", "refund", "1.00", "RUB", at(hours=1)])))
def test_any_object_is_a_row_or_a_row_error(row):
    verdict(row)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_rows_and_row_errors(body):
    decode_ndjson(body, **OPTIONS)
    with suppress(Invalid):
        decode_json(body, **OPTIONS)
