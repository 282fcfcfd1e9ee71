"""Lines: the named parts of a fund, each with an allocation of its own."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.money import Money
from core.settings import Settings
from rewards.allocate import allocate_fund
from rewards.fund_locks import find_fund, require_currency
from rewards.fund_tables import fund_line


def create_line(
    session: Session,
    fund_id: str,
    line: str,
    purpose: str,
    allocation: Money,
    per: str,
    rollover: bool,
    now: datetime,
    settings: Settings,
) -> None:
    """A new line; its first allocation is made at once, as far as the fund's money goes.

    Raises:
        NotFound: no such fund.
        Invalid: `wrong_currency`.
        Conflict: `line_exists`.
    """
    row = find_fund(session, fund_id, lock=True)
    require_currency(allocation, row.currency, "/allocation/amount/currency")
    made = insert(fund_line).values(
        fund=fund_id,
        id=line,
        purpose=purpose,
        allocation=allocation.micros,
        per=per,
        rollover=rollover,
        created_at=now,
    )
    if session.execute(made.on_conflict_do_nothing().returning(fund_line.c.id)).first() is None:
        raise Conflict("line_exists", f"The fund has a line {line!r} already.")
    allocate_fund(session, fund_id, now, settings)
