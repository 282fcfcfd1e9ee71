"""One payment of a file, and how it is known in statements."""

import re
from dataclasses import dataclass
from datetime import datetime

from core.ids import public_id
from core.money import Money

# 1C files have no field that comes back for certain, so the mark stands in the purpose.
MARK = re.compile(r"\bKPK-(\d{1,18})-(\d{1,6})\b", re.ASCII)
BATCH = re.compile(r"KPB-\d{8}-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Payment:
    """`reference` comes back in the statement; `number` is the document's in a 1C file."""

    payout_id: int
    payout: str
    reference: str
    number: int
    money: Money
    destination: dict[str, str]


@dataclass(frozen=True, slots=True)
class Head:
    """What is said once a file; `count` and `total` are counted again from what was written."""

    batch: str
    currency: str
    count: int
    total: Money
    made_at: datetime


def mark_1c(run_key: int, number: int) -> str:
    """The mark of a payment in a 1C file."""
    return f"KPK-{run_key}-{number}"


def end_to_end(payout_id: int, created_at: datetime) -> str:
    """EndToEndId: the payout's public id as 32 hex digits (35 is the most)."""
    return public_id("po", payout_id, created_at)[3:].replace("-", "")


def batch_id(run_key: int, made_at: datetime) -> str:
    """PmtInfId, by which a bank that books all in one sum names the file."""
    return f"KPB-{made_at:%Y%m%d}-{run_key}"
