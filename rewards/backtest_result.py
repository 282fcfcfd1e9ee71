"""What a backtest says, worked out from the sums in `trial`: cost by day and rule, deciles, who wins and who loses."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.database import sql
from core.money import Money
from core.settings import Settings
from ledger import accounts
from ledger.balances import natural
from rewards.pool_warnings import line_of
from rewards.programs import Program
from rewards.trial import NEW, OLD

MOST_NAMED = 20
_FAR = 3650  # days ahead that a line is followed
Shown = Callable[[int], str]


def summarize(
    session: Session,
    program: Program,
    since: date,
    until: date,
    everyone: bool,
    now: datetime,
    settings: Settings,
) -> dict[str, Any]:
    """The result as it is stored: amounts are decimal texts in the program's currency."""
    rows = session.execute(sql("rewards", "backtest_days")).all()
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    added = _protection(session, program, since, everyone)
    new, old = _by_day(rows, NEW), _by_day(rows, OLD)

    def shown(micros: int) -> str:
        return Money(micros, program.currency).amount

    return {
        "currency": program.currency,
        "members": "everyone" if everyone else "actual",
        "cost": _sides(shown, new.total(), old.total()) | {"rate_protection": shown(added.total())},
        "days": [
            {
                "day": str(day),
                "new": shown(new[day]),
                "old": shown(old[day]),
                "rate_protection": shown(added[day]),
            }
            for day in days
        ],
        "rules": _rules(rows, shown),
        "caps": _caps(rows, shown),
        "deciles": [
            {"decile": row.decile, "creators": row.creators} | _sides(shown, row.new, row.old)
            for row in session.execute(sql("rewards", "backtest_deciles"))
        ],
        "winners": _named(session, "backtest_winners", shown),
        "losers": _named(session, "backtest_losers", shown),
        "line": _line(session, program, [new[day] + added[day] for day in days], now, settings),
    }


def _sides(shown: Shown, new: int, old: int) -> dict[str, str]:
    return {"new": shown(new), "old": shown(old), "difference": shown(new - old)}


def _by_day(rows: Sequence[Any], side: int) -> Counter[date]:
    found: Counter[date] = Counter()
    for row in rows:
        if row.side == side:
            found[row.day] += int(row.amount)
    return found


def _rules(rows: Sequence[Any], shown: Shown) -> list[dict[str, str]]:
    """`uncapped`: what a rule that is tried would cost without its caps."""
    sums: Counter[tuple[str, Any]] = Counter()
    for row in rows:
        sums[row.rule, row.side] += int(row.amount)
        sums[row.rule, "uncapped"] += int(row.uncapped) if row.side == NEW else 0
    return [
        {"rule": name, "uncapped": shown(sums[name, "uncapped"])}
        | _sides(shown, sums[name, NEW], sums[name, OLD])
        for name in sorted({row.rule for row in rows})
    ]


def _caps(rows: Sequence[Any], shown: Shown) -> list[dict[str, Any]]:
    """The caps of what is tried that were hit: how many keys each cut, and by how much. The least of several cuts."""
    keys: Counter[tuple[str, str]] = Counter()
    cut: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row.side == NEW and row.cap:
            keys[row.rule, row.cap] += row.keys
            cut[row.rule, row.cap] += int(row.uncapped - row.amount)
    return [
        {"rule": rule, "per": per, "keys": keys[rule, per], "cut": shown(cut[rule, per])}
        for rule, per in sorted(keys)
    ]


def _named(session: Session, name: str, shown: Shown) -> list[dict[str, str]]:
    rows = session.execute(sql("rewards", name), {"most": MOST_NAMED})
    return [{"creator": row.creator} | _sides(shown, row.new, row.old) for row in rows]


def _protection(session: Session, program: Program, since: date, everyone: bool) -> Counter[date]:
    """By day what rate protection would add, had the rules started on the first day."""
    days = program.rate_protection_days
    if not days:
        return Counter()
    asked = {"program": program.id, "policy": program.policy, "everyone": everyone}
    until = since + timedelta(days=days)
    rows = session.execute(sql("rewards", "backtest_protection"), asked | {"since": since, "until": until})
    return Counter({row.day: int(row.lost) for row in rows})


def _line(
    session: Session, program: Program, costs: Sequence[int], now: datetime, settings: Settings
) -> dict[str, Any] | None:
    """The line from tomorrow on, spending day after day what the rules cost on the days tried, over and over."""
    line = line_of(session, program)
    if line is None:
        return None
    code, rest = accounts.fund_line(line.fund, line.id), accounts.fund_unallocated(line.fund)
    money = natural(session, [code, rest], program.currency)
    today = now.astimezone(settings.zone).date()
    dry = dry_day(money[code].micros, money[rest].micros, line, costs, today)
    return {"fund": line.fund, "line": line.id, "balance": money[code].amount, "dry_on": dry and str(dry)}


def dry_day(holds: int, unallocated: int, line: Any, costs: Sequence[int], today: date) -> date | None:
    """The first day whose cost the line cannot pay; None: not within ten years.

    The fund gives what is due as far as its unallocated money goes; no deposit is expected, and no other line asks.
    """
    if not any(costs):
        return None
    for n in range(_FAR):
        day = today + timedelta(days=n + 1)
        if line.per == "day" or (line.per == "month" and day.day == 1):
            back = 0 if line.rollover else holds
            given = min(line.allocation, unallocated + back)
            holds, unallocated = holds - back + given, unallocated + back - given
        holds -= costs[n % len(costs)]
        if holds < 0:
            return day
    return None
