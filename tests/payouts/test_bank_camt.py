"""camt.053: pays, returns, and takes the sums of whole files apart; nothing of XML's dangers gets in (B7)."""

import resource
import time

import pytest
from bank_world import OWN_IBAN, approved, bank_lines, content, foreign, imported, made, payee
from camt_world import SPACE, camt, detail, entry
from lxml import etree
from payout_world import World

from core.database import transaction
from core.errors import Invalid
from ledger import accounts
from ledger.balances import natural
from payouts.bank.payment import end_to_end
from payouts.bank.read_camt import read_camt
from payouts.store import Run, find_payout


def paid_out(world: World, *amounts: str) -> tuple[Run, list[str], str]:
    """A run in a pain.001 file, the marks of its payments, the mark of the file."""
    for number, amount in enumerate(amounts, 1):
        payee(world, f"c{number}", amount, foreign(10 + number), "EUR")
    run = approved(world, "EUR")
    root = etree.fromstring(content(world, made(world, run, "pain.001")))
    marks = [each.text or "" for each in root.iter("{*}EndToEndId")]
    [batch] = [each.text or "" for each in root.iter("{*}PmtInfId")]
    return run, marks, batch


def states(world: World, run: Run) -> list[str]:
    return [payout.state for payout in world.payouts(run)]


def bank(world: World) -> str:
    code = accounts.bank("bank", "EUR")
    with transaction(world.engine) as session:
        return natural(session, [code], "EUR")[code].amount


def test_the_mark_is_the_payouts_public_id(world: World) -> None:
    run, [mark], _ = paid_out(world, "10")
    [payout] = world.payouts(run)
    with transaction(world.engine) as session:
        row = find_payout(session, payout.id)
        assert mark == end_to_end(row.id, row.created_at) == payout.id[3:].replace("-", "")


@pytest.mark.parametrize("version", ["02", "08"])
def test_it_pays_and_one_return_comes_back_once(world: World, version: str) -> None:
    run, marks, _ = paid_out(world, "10", "20.50")
    outs = [
        entry(amount, detail(mark, amount, version=version), version=version, reference=f"B-{amount}")
        for mark, amount in zip(marks, ("10.00", "20.50"), strict=True)
    ]
    statement = imported(world, camt(*outs, closing="-30.50", version=version))
    assert states(world, run) == ["paid", "paid"]
    assert [line.counterparty for line in bank_lines(world, statement)] == ["Zoë & Söhne"] * 2
    inside = detail(marks[0], "10.00", version=version, back=True)
    for day in ("2026-11-03", "2026-11-04"):
        back = entry("10.00", inside, side="CRDT", version=version, day=day, reference=day)
        imported(world, camt(back, opening="-30.50", closing="-20.50", version=version))
    assert states(world, run) == ["returned", "paid"]
    assert bank(world) == "-10.50"  # the second one stands in suspense


def test_an_entry_of_many_payments_is_taken_apart(world: World) -> None:
    run, marks, _ = paid_out(world, "10", "20", "30")
    inside = "".join(detail(mark, f"{n}0.00") for n, mark in enumerate(marks, 1))
    statement = imported(world, camt(entry("60.00", inside), closing="-60.00"))
    assert statement.lines["paid"] == 3 and states(world, run) == ["paid"] * 3


def test_a_file_that_was_booked_as_one_sum_pays_all_of_it(world: World) -> None:
    run, _, batch = paid_out(world, "10", "20", "30")
    inside = f"<Btch><PmtInfId>{batch}</PmtInfId><NbOfTxs>3</NbOfTxs></Btch>"
    less = imported(world, camt(entry("59.99", inside), closing="-59.99"))
    assert less.lines["unmatched"] == 1 and states(world, run) == ["sent"] * 3
    statement = imported(world, camt(entry("60.00", inside), opening="-59.99", closing="-119.99"))
    assert statement.lines["paid"] == 3 and states(world, run) == ["paid"] * 3


def test_what_is_not_booked_yet_does_not_count(world: World) -> None:
    run, [mark], _ = paid_out(world, "10")
    statement = imported(world, camt(entry("10.00", detail(mark, "10.00"), status="PDNG"), closing="0.00"))
    assert sum(statement.lines.values()) == 0 and states(world, run) == ["sent"]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
GOOD = camt(entry("10.00"), closing="-10.00")


@pytest.mark.parametrize(
    "body",
    [
        GOOD.replace(b"<Document", f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]><Document'.encode(), 1),
        GOOD.replace(b"<Document", b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><Document', 1),
        GOOD.replace(b"B-1", b"&xxe;"),
        GOOD.replace(b"UTF-8", b"UTF-16").decode().encode("utf-16"),
        GOOD.replace(b"UTF-8", b"UTF-7"),
        GOOD.replace(b"<NtryRef>", b'<NtryRef x="' + b"y" * 1_000_000 + b'">'),
        GOOD.replace(b"B-1", b"y" * 20_000),
        b"<a>" * 100_000,
        GOOD[:-20],
        b"",
        b"\xff\xfe",
        b"<Document/>",
        GOOD.replace(b"camt.053", b"camt.052"),
        GOOD.replace(b"053.001.08", b"053.001.99"),
        GOOD.replace(b'Ccy="EUR">10.00', b'Ccy="USD">10.00'),
        GOOD.replace(b">10.00<", b">10.001<"),
        GOOD.replace(b">10.00<", b">1e1<"),
        GOOD.replace(b">10.00<", b">9.99<", 1),
        GOOD.replace(b"2026-11-02</Dt></BookgDt>", b"2026-02-30</Dt></BookgDt>"),
        GOOD.replace(OWN_IBAN.encode(), b""),
        GOOD.replace(b"<CdtDbtInd>DBIT", b"<CdtDbtInd>BOTH"),
    ],
)
def test_bad_xml_is_refused_quickly(body: bytes) -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(Invalid) as caught:
        read_camt(body)
    assert caught.value.code in {"bad_statement", "bad_amount", "not_minor_units"}
    assert time.monotonic() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_a_payment_that_does_not_add_up_to_its_entry_is_refused() -> None:
    inside = detail("a" * 32, "4.00") + detail("b" * 32, "5.00")
    with pytest.raises(Invalid, match="do not add up"):
        read_camt(camt(entry("10.00", inside), closing="-10.00"))


def test_several_days_of_one_account_are_one_statement() -> None:
    one = camt(entry("10.00"), closing="-10.00").decode()
    second = (
        camt(entry("5.00"), opening="-10.00", closing="-15.00").decode().replace("2026-11-02<", "2026-11-03<")
    )
    start, end = second.index("<Stmt>"), second.index("</BkToCstmrStmt>")
    statement = read_camt(one.replace("</BkToCstmrStmt>", second[start:end] + "</BkToCstmrStmt>").encode())
    assert [line.micros for line in statement.lines] == [-10_000_000, -5_000_000]
    assert (str(statement.since), str(statement.until)) == ("2026-11-02", "2026-11-03")
    assert SPACE in one
