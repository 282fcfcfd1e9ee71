"""Explain a reward: which rule of which version, on which figures, how each term came out, and where the money is."""

from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.database import sql
from core.ids import public_id
from core.money import Money
from formula import NAMES, RATIOS, Formula, Type, compile_formula, plain
from ledger.tables import entry
from rewards.read import get_reward
from rewards.tables import program, reward


def explain_reward(session: Session, reward_id: str) -> dict[str, Any]:
    """Everything behind one reward, in structure and in sentences.

    Sales are explained by the frozen share; day figures as they stand now, which may be later than the posting.

    Raises:
        NotFound: no such reward.
    """
    shown, row = get_reward(session, reward_id)
    owner = session.execute(select(program).where(program.c.id == shown.program)).one()
    figures = _figures(session, row, owner)
    amount = compile_formula(row.formula, row.grain)
    told = amount.explain(_values(amount, figures))
    where = compile_formula(row.where, row.grain, "boolean") if row.where else None
    met = where.explain(_values(where, figures)) if where else None
    lines = session.execute(
        select(reward, entry.c.recorded_at.label("entry_at"))
        .join(entry, entry.c.id == reward.c.entry_id)
        .where(reward.c.target_id == row.target_id)
        .order_by(reward.c.id)
    ).all()
    return {
        "reward": shown,
        "program": {"id": owner.id, "version": shown.version, "hold_days": owner.hold_days},
        "rule": {"name": shown.rule, "grain": shown.grain, "amount": row.formula, "where": row.where},
        "inputs": {name: plain(value) for name, value in sorted(figures.items())},
        "formula": told.term,
        "sentences": [*(met.sentences if met else []), *told.sentences],
        "original": Money(row.original, row.currency),
        "target": Money(row.target, row.currency),
        "posted": Money(row.posted, row.currency),
        "waiting": Money(max(row.target - row.posted, 0), row.currency),
        "clamped": row.clamped,
        "lines": [
            {
                "id": public_id("rwd", each.id, each.recorded_at),
                "amount": Money(each.amount, each.currency),
                "entry": public_id("ent", each.entry_id, each.entry_at),
                "matures_at": each.matures_at,
                "released_at": each.released_at,
            }
            for each in lines
        ],
    }


def _figures(session: Session, row: Any, owner: Any) -> dict[str, Any]:
    """The grain's figures of the reward's key, by the same statements that priced it (read through CTEs)."""
    due = "due_purchase AS (SELECT CAST(:purchase AS bigint) AS purchase_id)"
    if row.grain != "sale":
        due = "due_day AS (SELECT CAST(:day AS date) AS day, CAST(:creator AS text) AS creator, CAST(:content AS text) AS content)"
    statement = text(f"WITH {due} SELECT * FROM ({sql('rewards', row.grain).text}) figures WHERE key = :key")
    asked = {
        "purchase": row.purchase_id,
        "day": row.day,
        "creator": row.creator,
        "content": row.content,
        "key": row.key,
        "policy": owner.policy,
        "currency": owner.currency,
    }
    used = {name: value for name, value in asked.items() if f":{name}" in statement.text}
    found = session.execute(statement, used).mappings().one()
    names = {name: kind for name, kind in NAMES[row.grain].items() if name not in RATIOS}
    return {name: found[name] or ("" if kind is Type.TEXT else Decimal(0)) for name, kind in names.items()}


def _values(formula: Formula, figures: dict[str, Any]) -> dict[str, Any]:
    return {name: figures[name] for name in formula.names}
