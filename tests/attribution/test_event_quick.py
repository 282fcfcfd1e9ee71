"""The quick way through views and clicks against the strict one: the same rows, the same refusals."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from attribution_market import NOW, SETTINGS, VAULT, at, view
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.decode import FIRST_MOMENT, _strictly, decode_lines
from attribution.staging import Decoded

OPTIONS = {"now": NOW, "settings": SETTINGS, "vault": VAULT}
LATEST = NOW + timedelta(seconds=SETTINGS.future_seconds)
EARLIEST = NOW - timedelta(days=SETTINGS.late_days)
HOUR = "2026-11-01T10:"
NASTY_MOMENTS = [
    HOUR + rest
    for rest in [
        "00:00Z", "00:00+00:00", "00:00z", "00:00-00:00", "00:00+0000", "00:00+00", "00:00", "00:00.Z", "00:00.1Z",
        "00:00.123456Z", "00:00.1234567Z", "00:00.123456789+00:00", "00:00,5Z", "00:00.5+00:00", "00:00.\u0661Z", "00:60Z",
        "60:00Z", "0:00Z", "00:0Z", "00Z", "00:00Z\n", " 00:00Z", "00:00 Z", "00:00+03:00", "00:00.500-11:30", "00:00ZZ",
        "59:59.999999Z", "\uff10\uff10:00Z",
    ]
] + [
    "2026-11-01t10:00:00Z", "2026-11-01 10:00:00Z", "20261101T100000Z", "2026-W44-7T10:00:00Z", "2026-11-01T24:00:00Z",
    "2026-02-30T10:00:00Z", "2026-13-01T10:00:00Z", "2026-00-01T10:00:00Z", "2026-11-31T10:00:00Z", "2028-02-29T00:00:00Z",
    "2026-11-01T30:00:00Z", "0000-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "+2026-11-01T10:00:00Z", "-2026-11-01T10:00:00Z", "12026-11-01T10:00:00Z", "", "Z", None, 5, True,
]  # fmt: skip


def _moment_text(at, form):
    text = at.astimezone(UTC).isoformat(timespec=form[0])
    return text.replace("+00:00", form[1]) if form[1] else at.isoformat()


near_a_limit = st.builds(
    lambda limit, off: limit + timedelta(microseconds=off),
    st.sampled_from([EARLIEST, LATEST, NOW, FIRST_MOMENT]),
    st.integers(-2_100_000, 2_100_000) | st.sampled_from([0, 1, -1, 1_000_000, -1_000_000]),
)
moments = (
    st.sampled_from(NASTY_MOMENTS)
    | st.builds(
        _moment_text,
        near_a_limit,
        st.sampled_from(
            [
                ("auto", "Z"),
                ("seconds", "Z"),
                ("milliseconds", "+00:00"),
                ("microseconds", "Z"),
                ("auto", None),
            ]
        ),
    )
    | st.text("0123456789-T:.Z+", max_size=30)
)
refs = st.sampled_from(
    ["a", "A-z.0_9", "x" * 64, "x" * 65, "", "a b", "a\t", "a\n", "a\\N", "\\N", "NULL", "é", "\u0661", "a,b", "a\x00", None, 1, ["a"]]
)  # fmt: skip
some_touches = st.fixed_dictionaries(
    {"type": st.sampled_from(["view", "click"]), "occurred_at": moments, "id": refs, "viewer": refs, "content": refs},
    optional={
        "product": refs,
        "watch_ms": st.sampled_from([0, 5, 86_400_000, 86_400_001, -1, 1.0, True, None, "5"]),
        "completed": st.sampled_from([True, False, None, 0]),
        "more": st.none(),
    },
)  # fmt: skip


@pytest.mark.parametrize("backfill", [False, True])
def test_the_quick_way_lets_through_what_the_strict_one_does_and_writes_the_same(backfill):
    good = {"type": "view", "occurred_at": at(hours=1), "id": "a", "viewer": "b", "content": "c"}

    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=400)
    @given(some_touches, st.sets(st.sampled_from(sorted(good))))
    def same(row, spoiled):
        """A row is nasty in a few fields only: in all at once it would be refused for the first."""
        line = json.dumps(row | {name: good[name] for name in good.keys() - spoiled}).encode()
        assert _comparable(_quick(line, backfill)) == _comparable(_strict(line, backfill)), line

    same()
    for moment in NASTY_MOMENTS:
        line = json.dumps(good | {"occurred_at": moment}).encode()
        assert _comparable(_quick(line, backfill)) == _comparable(_strict(line, backfill)), line


def test_the_usual_forms_go_the_quick_way_and_sort_as_their_moments_do():
    texts = [
        HOUR + "00:00Z",
        HOUR + "00:00.05+00:00",
        HOUR + "00:00.5Z",
        HOUR + "00:01+00:00",
        HOUR + "09:59.999999Z",
    ]
    lines = [json.dumps(view("e", when=text)).encode() for text in texts]
    touches = decode_lines(lines, **OPTIONS).touches
    assert touches == sorted(touches) and len(touches) == len(texts)
    assert [touch.partition("\t")[0] for touch in touches] == [text.replace("Z", "+00:00") for text in texts]


def _quick(line, backfill):
    return decode_lines([line], backfill=backfill, **OPTIONS)


def _strict(line, backfill):
    result = Decoded()
    _strictly(result, 0, line, None, FIRST_MOMENT if backfill else EARLIEST, LATEST, VAULT.pseudonym)
    return result


def _comparable(decoded):
    split = [touch.split("\t") for touch in decoded.touches]
    rows = [(datetime.fromisoformat(when), *rest) for when, *rest in split]
    return (
        rows,
        decoded.ids,
        decoded.indexes,
        decoded.errors,
        decoded.slots,
        decoded.contents,
        decoded.products,
    )
