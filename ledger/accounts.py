"""The chart of accounts: codes are built here and nowhere else.

The database holds the same grammar in `account_kind` and refuses a code outside of it.
"""

from typing import Literal

CreatorPot = Literal["pending", "available", "in_transit"]


def bank(provider: str, currency: str) -> str:
    return f"assets:bank:{provider}:{currency}"


def fund_unallocated(fund: str) -> str:
    return f"liabilities:fund:{fund}:unallocated"


def fund_line(fund: str, line: str) -> str:
    return f"liabilities:fund:{fund}:line:{line}"


def creator(creator_id: str, pot: CreatorPot) -> str:
    return f"liabilities:creator:{creator_id}:{pot}"


def seller_balance(seller: str) -> str:
    return f"liabilities:seller:{seller}:balance"


def seller_in_transit(seller: str) -> str:
    return f"liabilities:seller:{seller}:in_transit"


def bounty_escrow(bounty_id: str) -> str:
    return f"liabilities:bounty:{bounty_id}:escrow"


def fee_income(kind: str) -> str:
    return f"income:fees:{kind}"


def tax(kind: str) -> str:
    return f"liabilities:tax:{kind}"


def suspense(currency: str) -> str:
    return f"assets:suspense:{currency}"


OPENING = "equity:opening"
