"""Payment files of very many payments: seconds to make each, and what the process held at most."""

import resource
import sys
from datetime import datetime

from sqlalchemy import Engine

from bench.cpu import Cpu, cpu_of
from bench.ground import SECRET_KEY, app_engine, fresh_database, raw, say
from bench.plain_file import write_plain
from bench.row import Row, Watch
from core.database import transaction
from core.secrets import Vault, vault_of
from payouts.approve import approve_run
from payouts.bank.make_file import make_file
from payouts.bank.payer import Payer, payer_of
from payouts.draft import draft_chunk
from payouts.request import request_run

NOW = datetime.fromisoformat("2026-11-20T12:00:00+03:00")
_RU = {
    "name": "ООО «Рынок»",
    "inn": "7707083893",
    "bik": "044525225",
    "account": "40817810700000000001",
    "correspondent": "30101810400000000225",
}
_IBAN = {"name": "Market", "iban": "DE89370400440532013000", "town": "Berlin", "country": "DE"}
_MARKET = """
    INSERT INTO creator (id, name) SELECT %(kind)s || lpad(n::text, 7, '0'), 'Creator' FROM generate_series(1, %(creators)s) n;
    INSERT INTO payee (creator, tax_status, method, destination, changed_by, verified, verified_by)
        SELECT id, 'company', 'bank', %(sealed)s, 'anna', true, 'vera' FROM creator WHERE id LIKE %(kind)s || '%%';
    SELECT count(*) FROM ledger_open(ARRAY(
        SELECT 'liabilities:creator:' || id || ':available' FROM creator WHERE id LIKE %(kind)s || '%%'), %(currency)s);
    SELECT count(*) FROM ledger_open(ARRAY['equity:opening'], %(currency)s);
    SELECT entry_id FROM ledger_post('earned ' || %(kind)s, 'opening', %(currency)s, '2026-11-01', '2026-11-01', NULL,
        ARRAY(SELECT id FROM account WHERE currency = %(currency)s ORDER BY code LIKE 'equity%%', id),
        ARRAY(SELECT -12340000::bigint FROM generate_series(1, %(creators)s)) || (12340000::bigint * %(creators)s))"""


def measure(quick: bool) -> list[Row]:
    """50,000 payments in each format."""
    payments = 2_000 if quick else 50_000
    watch, vault, spent = Watch(), vault_of(bytes.fromhex(SECRET_KEY)), dict[str, tuple[Cpu, Cpu]]()
    payer = payer_of({"ru": _RU | {"bank": "Банк", "bank_town": "Москва"}, "iban": _IBAN})
    with fresh_database() as url:
        owner, engine = app_engine(url, role=None), app_engine(url)
        sizes = {}
        for format, currency, details in (("1c", "RUB", _RU), ("pain.001", "EUR", _IBAN)):
            say(f"a run of {payments:,} for {format}")
            values = {
                "kind": format[0],
                "creators": payments,
                "currency": currency,
                "sealed": vault.seal(details),
            }
            with raw(owner) as cursor:
                cursor.execute(_MARKET, values)
                cursor.connection.commit()
                cursor.connection.autocommit = True
                cursor.execute("VACUUM ANALYZE")
                cursor.connection.autocommit = False
            with_cpu = _make(engine, vault, payer, format, currency, watch)
            sizes[format], spent[format] = with_cpu[0], (with_cpu[1], write_plain(owner, vault, currency))
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return [
        Row(
            f"{format}: a file of {made:,} payments",
            f"{watch.total(format):,.1f} s",
            f"{spent[format][1].total:,.1f} s cpu",
            spent[format][1].total / spent[format][0].total,
            wanted=f"<= {5 * payments / 50_000:g} s",
            parts=[
                ("cpu, ours + the database's; the ratio is of these", str(spent[format][0])),
                ("the process held at most (wanted: 200 MB)", f"{held / 1e6:,.0f} MB"),
            ],
        )
        for format, made in sizes.items()
    ]


def _make(
    engine: Engine, vault: Vault, payer: Payer, format: str, currency: str, watch: Watch
) -> tuple[int, Cpu]:
    """Draft, approve, and make the file, which is all that is measured."""
    asked = {"currency": currency, "provider": "bank", "until": None, "creators": None}
    with transaction(engine) as session:
        run = request_run(session, **asked, person="anna", now=NOW)  # type: ignore[arg-type]
    going = True
    while going:
        with transaction(engine) as session:
            going = draft_chunk(session, NOW) is not None
    with transaction(engine) as session:
        approve_run(session, run.id, "carla", NOW)
    with cpu_of(engine) as cpu, watch.lap(format), transaction(engine) as session:
        made = make_file(session, vault, payer, run.id, format, "dora", NOW)
    return made.payments, cpu
