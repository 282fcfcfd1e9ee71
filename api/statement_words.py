"""The words of a printed statement, in Russian and in English."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """`kinds`: what an entry is called; one that is not in it is shown by its own name. `file`: of the file's name."""

    locale: str
    file: str
    title: str
    creator: str
    period: str
    currency: str
    day: str
    what: str
    amount: str
    balance: str
    opening: str
    closing: str
    nothing: str
    page: str
    kinds: Mapping[str, str]


_RU = {
    "reward.accrue": "Вознаграждения начислены",
    "reward.release": "Вознаграждения доступны к выплате",
    "release": "Вознаграждения доступны к выплате",
    "fund.grant": "Грант",
    "payout.reserve": "Выплата назначена: удержан налог",
    "payout.cancel": "Выплата отменена: налог возвращён",
    "payout.paid": "Выплата отправлена",
    "payout.failed": "Выплата не прошла",
    "payout.returned": "Выплата возвращена",
    "payout.reversed": "Выплата отозвана",
    "adjustment": "Корректировка",
    "reversal": "Исправление",
}
_EN = {
    "reward.accrue": "Rewards accrued",
    "reward.release": "Rewards released",
    "release": "Rewards released",
    "fund.grant": "Grant",
    "payout.reserve": "Payout reserved: tax withheld",
    "payout.cancel": "Payout cancelled: tax given back",
    "payout.paid": "Payout sent",
    "payout.failed": "Payout failed",
    "payout.returned": "Payout returned",
    "payout.reversed": "Payout reversed",
    "adjustment": "Adjustment",
    "reversal": "Correction",
}
WORDS = {
    "ru": Words(
        "ru_RU", "выписка", "Выписка по счёту автора", "Автор", "Период", "Валюта", "Дата", "Операция", "Сумма",
        "Остаток", "Остаток на начало", "Остаток на конец", "Операций не было.", "Страница", _RU,
    ),
    "en": Words(
        "en_GB", "statement", "Creator's statement", "Creator", "Period", "Currency", "Day", "Entry", "Amount",
        "Balance", "Opening balance", "Closing balance", "Nothing was booked.", "Page", _EN,
    ),
}  # fmt: skip
