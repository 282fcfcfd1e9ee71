"""What happens around bounties: the seller's own money, contents that go, creators that are suspended, views."""

from datetime import timedelta
from typing import Any

from bounty_model import STEP, Model, No
from bounty_pair import CREATORS, Pair
from bounty_world import SETTINGS

from bounties.withdrawals import request_withdrawal, settle_withdrawal
from core.money import Money
from rewards.seller_money import deposit_of_seller

MAJOR = 1_000_000


def money(p: Pair) -> None:
    """The seller's own money, in and out."""
    now, currency = p.world.now, p.pick.choice(tuple(STEP))
    amount = Money(p.pick.randint(1, 9_000) * MAJOR, currency)
    which = p.pick.random()
    if which < 0.5:
        p.both(_moved, p.model, "bank", "s1", amount, True, real=(deposit_of_seller, "s1", amount, None, "Faina", now, SETTINGS))  # fmt: skip
    elif which < 0.75 or not p.withdrawals:
        made = p.both(_moved, p.model, "s1", "transit", amount, False, real=(request_withdrawal, "s1", amount, "Anna", now, SETTINGS))  # fmt: skip
        if made:
            p.withdrawals.append([made.id, amount, "requested"])
    else:
        told, outcome = p.pick.choice(p.withdrawals), p.pick.choice(("paid", "failed", "returned"))
        p.both(_settled, p.model, told, outcome, real=(settle_withdrawal, told[0], outcome, "pp", "Boris", now, SETTINGS))  # fmt: skip


def _moved(m: Model, source: str, target: str, amount: Money, both_grow: bool) -> None:
    if not both_grow and m.money[source, amount.currency] < amount.micros:
        raise No("not_enough_money")
    m.money[source, amount.currency] += amount.micros if both_grow else -amount.micros
    m.money[target, amount.currency] += amount.micros


def _settled(m: Model, told: list[Any], outcome: str) -> None:
    _, amount, state = told
    if state != ("paid" if outcome == "returned" else "requested"):
        raise No(f"withdrawal_{state}")
    key, told[2] = amount.currency, outcome
    m.money["transit", key] -= 0 if outcome == "returned" else amount.micros
    m.money["s1", key] += 0 if outcome == "paid" else amount.micros
    m.money["bank", key] += {"paid": -1, "failed": 0, "returned": 1}[outcome] * amount.micros


def market(p: Pair) -> None:
    """A content is deleted, a creator suspended or let in again, views are tallied."""
    pick, m = p.pick, p.model
    which, today = pick.random(), p.world.now.date()
    if which < 0.25:
        creator = pick.choice(sorted(m.suspended) or CREATORS)
        m.suspended ^= {creator}
        status = "suspended" if creator in m.suspended else "active"
        p.world.sql("UPDATE creator SET status = :s WHERE id = :c", s=status, c=creator)
    elif m.contents and which < 0.4:
        name = pick.choice(list(m.contents))
        m.contents[name].deleted = True
        p.world.sql("UPDATE content SET deleted_at = :at WHERE id = :k", k=name, at=p.world.now)
    elif m.contents:
        name, day, views = (
            pick.choice(list(m.contents)),
            today + timedelta(days=pick.randint(0, 3)),
            pick.randint(1, 900),
        )
        m.views[name, day] += views
        p.world.sql(
            "INSERT INTO tally_content_day AS t (content, day, views) VALUES (:k, :d, :n)"
            " ON CONFLICT (content, day) DO UPDATE SET views = t.views + :n", k=name, d=day, n=views,
        )  # fmt: skip
    p.agree()
