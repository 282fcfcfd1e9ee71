"""Public ids and references."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import NotFound
from core.ids import is_reference, key_of, public_id

AT = datetime(2026, 11, 2, 9, 0, 0, 123_000, tzinfo=UTC)
MOMENTS = st.integers(0, 4_102_444_800_000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))


@settings(deadline=None)
@given(st.integers(1, 2**62 - 1), MOMENTS)
def test_a_public_id_reads_back_and_is_a_uuid7(key: int, moment: datetime) -> None:
    text = public_id("ent", key, moment)
    assert key_of("ent", text) == key
    inner = uuid.UUID(text.removeprefix("ent_"))
    assert (inner.version, inner.variant) == (7, uuid.RFC_4122)
    assert abs((inner.int >> 80) - moment.timestamp() * 1000) <= 1


def test_ids_sort_by_time_then_key() -> None:
    made = [
        public_id("po", key, AT + timedelta(milliseconds=ms)) for ms in (0, 1, 60_000) for key in (1, 2, 900)
    ]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


GOOD = public_id("ent", 7, AT)


@pytest.mark.parametrize(
    "text",
    [
        "", "ent_", "7", "ent_7", GOOD.removeprefix("ent_"), GOOD + "0", GOOD[:-1], GOOD + "\n", " " + GOOD, GOOD.upper(),
        GOOD.replace("ent_", "po_"), GOOD.replace("-", ""), "ent_" + str(uuid.UUID(int=7)), "ent_" + "{" + GOOD[4:] + "}",
        GOOD[:-1] + "٧", "ent_" + "f" * 36, GOOD[:18] + "4" + GOOD[19:], "x" * 100_000, "ent_%2e%2e", "ent_' OR 1=1 --",
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_what_is_no_id_of_that_kind_is_not_found(text: str) -> None:
    with pytest.raises(NotFound) as refusal:
        key_of("ent", text)
    assert refusal.value.code == "not_found"


def test_a_forged_time_is_seen_by_the_caller() -> None:
    """The key alone reads back; whoever compares the whole text sees that the id was never given out."""
    forged = public_id("ent", 7, AT + timedelta(seconds=1))
    assert key_of("ent", forged) == 7
    assert forged != GOOD
    other_bits = uuid.UUID(int=uuid.UUID(GOOD[4:]).int | 1 << 70)
    assert f"ent_{other_bits}" != GOOD


@pytest.mark.parametrize("text", ["a", "A-1_b.c", "0", "x" * 64, "..", "-", "_"])
def test_references(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize(
    "text",
    ["", "x" * 65, "a b", "a\n", "\na", "a:b", "a/b", "٣", "é", "а", "a\0", "a\u200b", "a%", "'", "😀", None, 7, b"a", ["a"], "ﬁ", "\u212a"],
)  # fmt: skip
def test_homoglyphs_other_digits_and_separators_are_no_reference(text: object) -> None:
    """B10: nothing is normalised, since nothing that would need it is let in; case distinguishes."""
    assert not is_reference(text)
