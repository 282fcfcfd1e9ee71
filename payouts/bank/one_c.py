"""Write 1CClientBankExchange 1.03: payment orders in rubles, code page 1251, CRLF, a line a field.

The format cannot escape anything, so every value is checked before it becomes a line.
"""

from collections.abc import Iterable
from typing import Protocol

from core.errors import Invalid
from payouts.bank.details import NAME_1C
from payouts.bank.payer import REFERENCE
from payouts.bank.payment import Head, Payment
from payouts.bank.text import require_carried, unfit_for_1c

_NEEDED = ("name", "bik", "account")


class Sink(Protocol):
    def write(self, data: bytes) -> object: ...


def write_1c(sink: Sink, payer: dict[str, str], head: Head, payments: Iterable[Payment]) -> None:
    """The whole file, a document at a time.

    Raises:
        Invalid: `unfit_field`, with the payout and the field.
    """
    day = f"{head.made_at:%d.%m.%Y}"
    sink.write(_encoded(_header(payer["account"], day, f"{head.made_at:%H:%M:%S}")))
    ours = _party("Плательщик", payer)
    for payment in payments:
        sink.write(_encoded(_document(payment, day, ours, payer["purpose"])))
    sink.write(_encoded(["КонецФайла"]))


def _header(account: str, day: str, time: str) -> list[str]:
    return [
        "1CClientBankExchange",
        "ВерсияФормата=1.03",
        "Кодировка=Windows",
        "Отправитель=Kopeck",
        "Получатель=",
        f"ДатаСоздания={day}",
        f"ВремяСоздания={time}",
        f"ДатаНачала={day}",
        f"ДатаКонца={day}",
        f"РасчСчет={account}",
        "Документ=Платежное поручение",
    ]


def _document(payment: Payment, day: str, ours: list[str], purpose: str) -> list[str]:
    try:
        require_carried(payment.destination, _NEEDED, unfit_for_1c, NAME_1C)
    except Invalid as error:
        told = f"Payout {payment.payout}: {error.detail}"
        raise Invalid("unfit_field", told, payout=payment.payout, field=error.fields["field"]) from None
    return [
        "СекцияДокумент=Платежное поручение",
        f"Номер={payment.number}",
        f"Дата={day}",
        f"Сумма={payment.money.amount}",
        *ours,
        *_party("Получатель", payment.destination),
        "ВидОплаты=01",
        "Код=0",
        "Очередность=5",
        f"НазначениеПлатежа={purpose.replace(REFERENCE, payment.reference)}",
        "КонецДокумента",
    ]


def _party(side: str, details: dict[str, str]) -> list[str]:
    """The nine required fields of a side. A bank that is not named is found by its BIK, which the bank does itself."""
    inn, account, name = details.get("inn", ""), details["account"], details["name"]
    kpp = details.get("kpp")
    return [
        f"{side}Счет={account}",
        f"{side}=ИНН {inn} {name}" if inn else f"{side}={name}",
        f"{side}ИНН={inn}",
        f"{side}1={name}",
        f"{side}РасчСчет={account}",
        f"{side}Банк1={details.get('bank', '')}",
        f"{side}Банк2={details.get('bank_town', '')}",
        f"{side}БИК={details['bik']}",
        f"{side}Корсчет={details.get('correspondent', '')}",
        *([f"{side}КПП={kpp}"] if kpp else []),
    ]


def _encoded(lines: list[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("cp1251")
