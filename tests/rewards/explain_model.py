"""An explanation taken by its word: every step is computed again from what the step before it says."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.database import transaction
from core.ids import public_id
from core.settings import Settings
from formula import to_micros
from rewards.explain import explain_reward

READ_ONLY = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def explain_all(engine: Engine, settings: Settings) -> list[dict[str, Any]]:
    """Every reward's explanation, each of which must add up."""
    with transaction(engine) as session:
        rows = session.execute(text("SELECT id, recorded_at FROM reward ORDER BY id")).all()
    found = [explained(engine, public_id("rwd", row.id, row.recorded_at), settings) for row in rows]
    for each in found:
        adds_up(each)
    return found


def explained(engine: Engine, id: str, settings: Settings) -> dict[str, Any]:
    """One, in a transaction that may only read, as the service reads it."""
    with Session(engine.execution_options(**READ_ONLY)) as session:
        return explain_reward(session, id, settings)


def adds_up(told: dict[str, Any]) -> None:
    """From the formula to the money."""
    original, uncapped = told["original"].micros, told["uncapped"].micros
    if told["pool"] or not told["changed"]:
        assert original == _original(told), told["sentences"]
        assert uncapped == (_left(told["refunds"], original) if told["refunds"] else original), told[
            "sentences"
        ]
    else:
        assert _original(told) != original or _left(told["refunds"], original) != uncapped, told["sentences"]
    room = [max(0, each.amount.micros - each.before.micros) for each in told["caps"]]
    assert [each.passed.micros for each in told["caps"]] == [min(uncapped, each) for each in room]
    assert told["target"].micros == min([uncapped, *room]), told["sentences"]
    due = told["target"].micros - _borne(told)
    assert told["due"].micros == due, told["sentences"]
    assert told["posted"].micros == sum(line["amount"].micros for line in told["lines"])
    assert told["waiting"].micros == max(0, due - told["posted"].micros)
    assert told["sentences"]
    assert all(each.endswith(".") or "=" in each or " is " in each for each in told["sentences"])
    assert told["reward"].id in {line["id"] for line in told["lines"]}


def _original(told: dict[str, Any]) -> int:
    if told["protection"]:
        promised = [each.amount.micros for each in told["protection"].promises if each.there_before]
        assert told["protection"].missing.micros == max(
            0, max(promised, default=0) - told["protection"].now.micros
        )
        return int(told["protection"].missing.micros)
    if told["pool"]:
        pool = told["pool"]
        exact = pool.amount.micros * Fraction(pool.weight) / Fraction(pool.total_weight)
        assert pool.floor.micros == exact.numerator // exact.denominator
        assert pool.share.micros - pool.floor.micros in (0, 1)
        return int(pool.share.micros)
    return to_micros(Decimal(told["value"]))[0] if told["value"] is not None else 0


def _left(refunds: Any, original: int) -> int:
    if not refunds.stands:
        return 0
    if refunds.sold == refunds.left:
        return original
    if not refunds.sold.micros:
        return 0
    exact = Decimal(original * refunds.left.micros) / refunds.sold.micros
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def _borne(told: dict[str, Any]) -> int:
    target, cut, at = (told[name].micros for name in ("target", "cut", "cut_at"))
    if target >= at:
        return int(cut)
    return int((Decimal(cut * target) / at).quantize(Decimal(1), ROUND_HALF_UP))
