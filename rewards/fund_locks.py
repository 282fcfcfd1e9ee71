"""Locks on those who hold money, in one order: the fund's row, its lines by id, a seller's row (`catalog.sellers`), then the ledger's balances.

Whoever spends from a line locks its row first, so that what it holds does not change between the look and the entry. The locks let new rows refer to
the locked ones (FOR NO KEY UPDATE): a proposed transfer refers to two lines in an order of its own, and must not wait.
"""

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from core.errors import Invalid, NotFound, Refused
from core.money import Money
from ledger import accounts
from ledger.balances import natural
from rewards.fund_tables import fund, fund_line


def find_fund(session: Session, fund_id: str, *, lock: bool = False) -> Row[Any]:
    """The fund's row.

    Raises:
        NotFound: no such fund.
    """
    query = select(fund).where(fund.c.id == fund_id)
    row = session.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None:
        raise NotFound("not_found", f"No fund {fund_id!r}.")
    return row


def find_lines(session: Session, fund_id: str, *lines: str, lock: bool = False) -> set[str]:
    """Those of the lines that the fund has; locked in the order of their ids. Proposals may refer to them meanwhile."""
    l = fund_line.c  # noqa: E741
    query = select(l.id).where(l.fund == fund_id, l.id.in_(lines)).order_by(l.id)
    return set(session.scalars(query.with_for_update(key_share=True) if lock else query))


def lock_all_lines(session: Session, fund_id: str) -> None:
    """Lock every line of the fund in the order of their ids: before the first entry of who allocates afterwards."""
    l = fund_line.c  # noqa: E741
    session.execute(select(l.id).where(l.fund == fund_id).order_by(l.id).with_for_update(key_share=True))


def require_currency(money: Money, currency: str, pointer: str) -> None:
    """Raises:
    Invalid: `wrong_currency`.
    """
    if money.currency != currency:
        raise Invalid("wrong_currency", f"The fund is in {currency}.", pointer=pointer)


def require_money(session: Session, fund_id: str, line: str, amount: Money) -> None:
    """What a locked line must hold before it is spent. (The account's floor keeps this too, less politely.)

    Raises:
        Refused: `not_enough_money`, with what the line holds.
    """
    code = accounts.fund_line(fund_id, line)
    holds = natural(session, [code], amount.currency)[code]
    if holds < amount:
        raise Refused("not_enough_money", f"The line {line!r} holds {holds}.", line=line, holds=holds.amount)
