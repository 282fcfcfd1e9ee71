"""What a bank pays in the marketplace: a run with its file, one that waits for its file, and a statement."""

from typing import Any

OWN = "40817810700000000001"
STATEMENT = """1CClientBankExchange
ВерсияФормата=1.03
Кодировка=Windows
Получатель=1С
СекцияРасчСчет
ДатаНачала=02.11.2026
РасчСчет={own}
КонецРасчСчет
{documents}КонецФайла
"""
LINE = """СекцияДокумент=Банковский ордер
Номер={number}
Дата=02.11.2026
Сумма=1.00
ПлательщикСчет=40702810000000000009
ПолучательСчет={own}
ДатаПоступило=02.11.2026
НазначениеПлатежа=Проценты
КонецДокумента
"""
TYPE = {"content_type": "text/plain"}


def statement(*numbers: int) -> bytes:
    """A statement with a line a number, none of which is a payout."""
    documents = "".join(LINE.format(number=number, own=OWN) for number in numbers)
    return STATEMENT.format(own=OWN, documents=documents).encode("cp1251")


def pay_by_bank(market: Any) -> None:
    """b1: in a file; b2: approved. Of the statement's two lines one is explained."""
    ok = market.call.ok
    for creator, account in (("b1", "40817810500000000010"), ("b2", "40817810800000000011")):
        ok("platform", "PUT", f"/v1/creators/{creator}", {"name": f"Creator {creator}"})
        details = {"name": "ООО Автор", "inn": "7707083893", "bik": "044525225", "account": account}
        payee = {"tax_status": "company", "method": "bank", "destination": details}
        ok("finance2", "PUT", f"/v1/creators/{creator}/payee", payee)
        ok("finance", "POST", f"/v1/creators/{creator}/payee/verify")
        market.earn(creator, "70.00")
        run = ok("finance", "POST", "/v1/payout-runs", {"currency": "RUB", "provider": "bank", "creators": [creator]})  # fmt: skip
        market.jobs()
        ok("finance2", "POST", f"/v1/payout-runs/{run['id']}/approve")
        market.ids[f"run_{creator}"] = run["id"]
    made = ok("finance", "POST", f"/v1/payout-runs/{market.ids['run_b1']}/files", {"format": "1c"})
    market.ids["file"] = made["id"]
    read = ok("finance", "POST", "/v1/statements", body=statement(1, 2), **TYPE)
    market.ids["statement"] = read["id"]
    lines = ok("finance", "GET", "/v1/bank-lines?outcome=unmatched")["data"]
    market.ids |= {"line_done": lines[0]["id"], "line_open": lines[1]["id"]}
    ok("finance", "POST", f"/v1/bank-lines/{lines[0]['id']}/explain", EXPLAINED)


EXPLAINED = {"account": "income:fees:bank", "reason": "interest"}
