"""The steps of a reward in plain sentences, one fact each."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from core.money import Money
from formula.explain import pretty
from rewards.explain_chain import CapStep, RefundStep
from rewards.explain_pool import PoolStep
from rewards.explain_protection import Protection

PER = {
    "creator_day": "a day for a creator",
    "creator_month": "a month for a creator",
    "program_day": "a day for all creators",
    "program_month": "a month for all creators",
}


def say_refunds(step: RefundStep, original: Money) -> Iterator[str]:
    """What refunds left; nothing where there was none."""
    if not step.stands:
        yield f"The sale was given to other contents since, so nothing is left of {original}."
    elif step.sold != step.left:
        yield f"Of the {step.sold} sold, {step.sold - step.left} was refunded and {step.left} is left."
        yield f"So {step.reward} is left of the reward of {original}."


def say_caps(steps: Sequence[CapStep]) -> Iterator[str]:
    """The caps that cut something."""
    for step in steps:
        if step.cut.micros:
            yield f"The rule pays at most {step.amount} {PER[step.per]}."
            yield f"{_earlier(step)} before this one, so {step.passed} of {step.passed + step.cut} fits under the cap."


def _earlier(step: CapStep) -> str:
    if step.before_keys == 0:
        return "Nothing counted"
    few = "1 earlier reward" if step.before_keys == 1 else f"{step.before_keys:,} earlier rewards"
    return f"{few} of {step.before} together counted"


def say_pool(step: PoolStep) -> Iterator[str]:
    """The pool, the weight in it and the rounding."""
    among = f"the top {step.top}" if step.top else "all who weigh something"
    yield f"The pool of {step.amount} for {step.period} is shared among {among}."
    many = "1 key takes" if step.keys == 1 else f"{step.keys:,} keys take"
    yield f"{many} part and weigh {pretty(step.total_weight)} together; this one weighs {pretty(step.weight)}."
    exact = f"{pretty(step.exact)} {step.amount.currency}"
    if step.share.micros * Decimal("0.000001") == step.exact:
        yield f"Its share is {step.share}."
    elif step.share == step.floor:
        yield f"Its share is {exact}, cut to {step.share}."
    else:
        yield f"Its share is {exact}; it got one of the millionths that were left over: {step.share}."
    if step.changed:
        now = "nothing is counted" if step.weight_now is None else f"it would weigh {pretty(step.weight_now)}"
        yield f"Facts that came after the split change no share; by them {now}."


def say_protection(found: Protection) -> Iterator[str]:
    """What was promised and what is paid."""
    for each in found.promises:
        yield f"Version {each.version} ended on {each.ended}; its rates are promised for the days before {each.ends}."
        if each.there_before:
            yield f"By version {each.version} the creator would have {each.amount} for {found.day}."
        else:
            yield f"The creator was not in the program before version {each.version} ended."
    if found.promises:
        yield f"By the version in force it has {found.now}, so {found.missing} is made good."
    else:
        yield f"No older version's rates are promised for {found.day}."


def say_cut(cut: Money, bears: Money, cut_at: Money) -> Iterator[str]:
    """What was cut for good when the line fell short."""
    if cut.micros:
        yield f"The line could not pay all that the rule owed, so {cut} of {cut_at} was cut for good."
        if bears != cut:
            yield f"What is owed is less by now and bears {bears} of that cut."


def say_money(due: Money, posted: Money, payer: str) -> Iterator[str]:
    """What was posted, waits, or goes back."""
    yield f"{due} is owed and {posted} was posted."
    if due.micros > posted.micros:
        yield f"{due - posted} waits for money of {payer}."
    elif due.micros < posted.micros:
        yield f"{posted - due} will be taken back."


def say_line(
    kind: str,
    amount: Money,
    entry: str | None,
    at: datetime,
    matures_at: datetime,
    released_at: datetime | None,
) -> str:
    """One posted line."""
    what = "was posted" if amount.micros > 0 else "was taken back"
    told = (
        f"{amount if amount.micros > 0 else Money(-amount.micros, amount.currency)} {what} on {at:%Y-%m-%d}"
    )
    if kind == "cut":
        return f"{Money(-amount.micros, amount.currency)} was cut on {at:%Y-%m-%d}."
    where = f" in entry {entry}" if entry else "; no money moved"
    if released_at is not None:
        return f"{told}{where}; it was released on {released_at:%Y-%m-%d}."
    return f"{told}{where}; it is released on {matures_at:%Y-%m-%d}."


def say_changed(then: Money, now: Money) -> str:
    """The figures of now give something else than what was priced."""
    return f"The figures have changed since it was priced: by now the rule gives {now} instead of {then}."


def say_unpriced(uncapped: Money) -> str:
    """Refunds came that are not worked in."""
    return f"A refund has come since it was priced; until it is worked in, {uncapped} is left."
