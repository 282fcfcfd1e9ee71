"""What creators are owed, computed from the facts alone, one key after another, in plain Python.

Written from the design and not from the SQL, so that the two can only agree by being right. Formulas are evaluated by
the Decimal reader, whose agreement with SQL is proved elsewhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from reward_facts import DAY, Content, Facts, Interval, OracleProgram, OracleRule, Share

from formula import compile_formula, to_micros

PROTECTION = "rate_protection"


@dataclass(frozen=True)
class Owed:
    creator: str
    day: date
    at: datetime
    uncapped: int
    target: int
    seller: str | None
    shadow: bool


Targets = dict[tuple[int, str], Owed]


def targets(facts: Facts, program: OracleProgram, today: date) -> Targets:
    """Every target that is not nothing, of the days before `today` and of all sales."""
    found: Targets = {}
    for number, (since, rules) in enumerate(program.versions):
        until = program.until(number)
        for rule in (each for each in rules if each.name != PROTECTION):
            shadowed = program.protection if rule.grain != "creator_month" and until < date.max else 0
            last = until + shadowed * DAY if shadowed else until
            rows = {
                key: replace(row, shadow=first >= until)
                for first, key, row in _rows(facts, program, rule, today)
                if since <= first < last and row.uncapped
            }
            found |= {(rule.id, key): row for key, row in _capped(rule, rows).items()}
    return found | _protected(facts, program, found, today)


def _rows(
    facts: Facts, program: OracleProgram, rule: OracleRule, today: date
) -> Iterator[tuple[date, str, Owed]]:
    """(the day whose version counts, key, owed) of every key with facts, before caps."""
    if rule.grain == "sale":
        yield from _sales(facts, program, rule)
        return
    for first, last, creator, content, product, key in _keys(facts, program.currency, rule.grain, today):
        if not _member(facts, program, creator, facts.start(first), facts.start(last + DAY)):
            continue
        values = _figures(facts, program.currency, first, last, creator, content, product)
        seller = facts.products[product][0] if product and program.line is None else None
        micros = _micros(rule, values)
        yield first, key, Owed(creator, last, facts.start(last), micros, micros, seller, False)


def _keys(
    facts: Facts, currency: str, grain: str, today: date
) -> Iterator[tuple[date, date, str, str | None, str | None, str]]:
    """(first day, last day, creator, content, product, key) of what is over and had a fact."""
    for day, content in sorted(facts.days):
        creator = facts.contents[content].creator
        month = day.replace(day=1)
        after = (month + 31 * DAY).replace(day=1)
        if grain == "creator_month" and after <= today.replace(day=1):
            yield month, after - DAY, creator, None, None, f"{month:%Y-%m}/{creator}"
        if day >= today or grain == "creator_month":
            continue
        if grain == "content_day":
            yield day, day, creator, content, None, f"{day}/{content}"
        elif grain == "creator_day":
            yield day, day, creator, None, None, f"{day}/{creator}"
        else:
            for product in sorted(_products(facts, currency, content, day)):
                yield day, day, creator, content, product, f"{day}/{content}/{product}"


def _products(facts: Facts, currency: str, content: str, day: date) -> set[str]:
    """Tagged at some time of the day, clicked or sold on it."""
    start, end = facts.start(day), facts.start(day + DAY)
    tagged = {p for c, p, (a, b) in facts.tags if c == content and a < end and (b is None or b > start)}
    clicked = {p for c, p, d in facts.clicks if (c, d) == (content, day)}
    sold = {s.product for s in facts.shares if (s.content, s.day, s.currency) == (content, day, currency)}
    return tagged | clicked | sold


def _figures(
    facts: Facts,
    currency: str,
    first: date,
    last: date,
    creator: str,
    content: str | None,
    product: str | None,
) -> dict[str, Any]:
    contents = {content} if content else facts.of(creator)
    end = facts.start(last + DAY)
    tallied = [t for (c, d), t in facts.tallies.items() if c in contents and first <= d <= last]
    views, qualified, completes, watch = (sum(t[i] for t in tallied) for i in range(4))
    shares = [
        s for s in facts.shares
        if s.content in contents and first <= s.day <= last and s.currency == currency
        and product in (None, s.product)
    ]  # fmt: skip
    sold, back = [s for s in shares if not s.refund], [s for s in shares if s.refund]
    sales, refunds = sum(s.amount for s in sold), -sum(s.amount for s in back)
    own = facts.contents[content] if content else None
    seller, category = facts.products[product] if product else (None, None)
    return {
        "views": views, "qualified_views": qualified, "completes": completes,
        "watch_hours": Decimal(watch * 10**12 // 3_600_000).scaleb(-12),
        "clicks": sum(
            n for (c, p, d), n in facts.clicks.items()
            if c in contents and first <= d <= last and product in (None, p)
        ),
        "orders": _units(sum(s.orders for s in sold)), "units": _units(sum(s.units for s in sold)),
        "sales": _units(sales), "refunds": _units(refunds), "net_sales": _units(sales - refunds),
        "posts": sum(_posted(facts, facts.contents[c], first, last) for c in contents),
        "followers": sum(c == creator and _stands(i, end) for c, i in facts.follows),
        "likes": sum(c in contents and _stands(i, end) for c, i in facts.likes),
        "content": content, "kind": own and own.kind, "product": product, "category": category,
        "seller": seller, "region": own.region if own else facts.creators[creator],
    }  # fmt: skip


def _posted(facts: Facts, content: Content, first: date, last: date) -> bool:
    day = content.published.astimezone(facts.zone).date()
    there = content.deleted is None or content.deleted >= facts.start(day + DAY)
    return first <= day <= last and there


def _stands(interval: Interval, end: datetime) -> bool:
    since, until = interval
    return since < end and (until is None or until >= end)


def _units(micros: int) -> Decimal:
    return Decimal(micros).scaleb(-6)


def _sales(facts: Facts, program: OracleProgram, rule: OracleRule) -> Iterator[tuple[date, str, Owed]]:
    sales: dict[tuple[str, str, str], list[Share]] = {}
    for share in facts.shares:
        if share.currency == program.currency:
            sales.setdefault((share.order, share.product, share.content), []).append(share)
    for key, shares in sales.items():
        sold = [each for each in shares if not each.refund]
        one, gross, net = sold[0], sum(s.amount for s in sold), sum(s.amount for s in shares)
        creator = facts.contents[one.content].creator
        if not _member(facts, program, creator, one.at, one.at + timedelta(microseconds=1)):
            continue
        values = {
            "amount": _units(gross), "quantity": _units(sum(s.units for s in sold)), "price": _units(one.price),
            "content": one.content, "kind": one.kind, "region": one.region, "product": one.product,
            "category": one.category, "seller": one.seller,
        }  # fmt: skip
        original = _micros(rule, values)
        if not sum(s.orders for s in sold):  # attributed to others since
            left = 0
        else:
            left = (original * net * 2 + gross) // (gross * 2) if gross else original
        seller = one.seller if program.line is None else None
        yield one.day, "/".join(key), Owed(creator, one.day, one.at, left, left, seller, False)


def _micros(rule: OracleRule, values: dict[str, Any]) -> int:
    where = compile_formula(rule.where, rule.grain, "boolean") if rule.where else None
    if where is not None and not where.value({name: values[name] for name in where.names}):
        return 0
    amount = compile_formula(rule.amount, rule.grain)
    return to_micros(amount.value({name: values[name] for name in amount.names}))[0]  # type: ignore[arg-type]


def _member(facts: Facts, program: OracleProgram, creator: str, start: datetime, end: datetime) -> bool:
    """At any moment from `start` to before `end`?"""
    return program.open_to_all or any(
        max(since, start) < min(until or end, end)
        for where, who, (since, until) in facts.members
        if (where, who) == (program.id, creator)
    )


def _capped(rule: OracleRule, rows: dict[str, Owed]) -> dict[str, Owed]:
    """Each cap cuts the running sum of the uncapped by itself; the least stands."""
    order = sorted(rows, key=lambda key: (rows[key].at, key.encode()))
    for per, most in rule.caps:
        sums: dict[Any, int] = {}
        for key in order:
            row = rows[key]
            scope = (
                row.creator if per.startswith("creator") else None,
                (row.day.year, row.day.month, row.day.day if per.endswith("day") else 0),
            )
            rest = max(0, most - sums.get(scope, 0))
            sums[scope] = sums.get(scope, 0) + row.uncapped
            rows[key] = replace(row, target=min(row.target, rest))
    return rows


def _protected(facts: Facts, program: OracleProgram, found: Targets, today: date) -> Targets:
    made: Targets = {}
    for number, (since, rules) in enumerate(program.versions):
        own = [each.id for each in rules if each.name == PROTECTION]
        if not own or not program.protection:
            continue
        now = _sums(found, rules)
        promised: dict[tuple[str, date, str | None], int] = {}
        for older in range(number):
            ended = program.until(older)
            for key, total in _sums(found, program.versions[older][1]).items():
                creator, day, _ = key
                running = since <= day < min(program.until(number), ended + program.protection * DAY, today)
                if running and _there_before(facts, program, creator, ended):
                    promised[key] = max(promised.get(key, 0), total)
        for (creator, day, seller), total in promised.items():
            lost = total - now.get((creator, day, seller), 0)
            if lost > 0:
                key = "/".join(each for each in (str(day), creator, seller) if each)
                made[own[0], key] = Owed(creator, day, facts.start(day), lost, lost, seller, False)
    return made


def _sums(found: Targets, rules: Iterable[OracleRule]) -> dict[tuple[str, date, str | None], int]:
    ids = {each.id for each in rules if each.grain != "creator_month" and each.name != PROTECTION}
    sums: dict[tuple[str, date, str | None], int] = {}
    for (rule, _), row in found.items():
        if rule in ids:
            key = (row.creator, row.day, row.seller)
            sums[key] = sums.get(key, 0) + row.target
    return sums


def _there_before(facts: Facts, program: OracleProgram, creator: str, ended: date) -> bool:
    if program.open_to_all:
        return any(s.day < ended and facts.contents[s.content].creator == creator for s in facts.shares)
    return any(
        since < facts.start(ended) and (program.id, creator) == (where, who)
        for where, who, (since, _) in facts.members
    )
