"""A backtest in the terminal: what it costs, day by day, whom, and for how long the line lasts."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.table import Table
from rich.text import Text

from kopeck.terminal import console
from rewards.backtest_store import Backtest

_WIDTH = 40  # of the longest bar
_MOST_BARS = 62  # above it a bar is a week


def show_backtest(found: Backtest) -> None:
    """All of it as tables; amounts are in the program's currency."""
    result, currency = found.result, found.result["currency"]
    out, tried = console(), f"version {found.version}" if found.version else "the rules given"
    out.print(f"{found.program}: {tried}, {found.since} to {found.until}, in {currency}   ({found.id})")
    if result["members"] == "everyone":
        out.print("As if everyone were a member.")
    cost = result["cost"]
    out.print(
        f"It costs {cost['new']}; what was in force {cost['old']}; difference {_signed(cost['difference'])}."
    )
    if Decimal(cost["rate_protection"]):
        out.print(f"Rate protection would add {cost['rate_protection']}.")
    _days(result["days"])
    rules = [[each["rule"], *_three(each), each["uncapped"]] for each in result["rules"]]
    _table("By rule", ["", "new", "in force", "difference", "without caps"], rules)
    caps = [
        [f"{each['rule']} per {each['per']}", f"{each['keys']:,}", each["cut"]] for each in result["caps"]
    ]
    _table("Caps that were hit", ["", "times", "cut"], caps)
    deciles = [[_decile(each), f"{each['creators']:,}", *_three(each)] for each in result["deciles"]]
    _table("Creators by what they would earn", ["", "creators", "new", "in force", "difference"], deciles)
    for part in ("winners", "losers"):
        rows = [[each["creator"], *_three(each)] for each in result[part]]
        _table(f"The biggest {part}", ["", "new", "in force", "difference"], rows)
    _line(result["line"])


def _three(each: Mapping[str, Any]) -> list[str]:
    return [each["new"], each["old"], _signed(each["difference"])]


def _signed(amount: str) -> str:
    return amount if amount.startswith("-") or not Decimal(amount) else f"+{amount}"


def _decile(each: Mapping[str, Any]) -> str:
    return {1: "top tenth", 10: "last tenth"}.get(each["decile"], f"{each['decile']}th tenth")


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Nothing where there are no rows."""
    table = Table(title=f"\n{title}", title_justify="left", box=None, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        console().print(table)


def _days(days: Sequence[Mapping[str, str]]) -> None:
    """A bar a day, or a week where the days are many: full what it costs, then what only the versions in force did."""
    step = 1 if len(days) <= _MOST_BARS else 7
    groups = [days[n : n + step] for n in range(0, len(days), step)]
    sums = [
        [sum((Decimal(day[side]) for day in group), Decimal(0)) for side in ("new", "old")]
        for group in groups
    ]
    most = max(max(pair) for pair in sums) or Decimal(1)
    table = Table(
        title=f"\nA {'day' if step == 1 else 'week'}", title_justify="left", box=None, header_style="bold"
    )
    for name, justify in (
        ("from" if step > 1 else "", "left"),
        ("new", "right"),
        ("in force", "right"),
        ("", "left"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for group, (new, old) in zip(groups, sums, strict=True):
        table.add_row(group[0]["day"], f"{new:,.2f}", f"{old:,.2f}", Text(_bar(new, old, most)))
    console().print(table)


def _bar(new: Decimal, old: Decimal, most: Decimal) -> str:
    full, light = ("█", "░") if "utf" in console().encoding else ("#", ".")
    own, other = (round(value / most * _WIDTH) for value in (new, old))
    return full * own + light * max(0, other - own)


def _line(line: Mapping[str, Any] | None) -> None:
    if line is None:
        console().print("\nThe sellers pay; there is no line to run dry.")
        return
    told = f"would run dry on {line['dry_on']}" if line["dry_on"] else "would last for ten years"
    where = f"Line {line['line']} of fund {line['fund']}, which holds {line['balance']}"
    console().print(f"\n{where}, {told} if every day went on like these and nothing else were spent from it.")
