"""Seed the demo: a marketplace with a month behind it, brought through every step up to an approved payout run."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import click
from sqlalchemy import Engine, text

from api.keys import create_key, principal_of
from attribution.importing import import_events
from catalog.bulk import load_catalog
from core import clock
from core.database import transaction
from core.errors import Forbidden, Refused
from core.money import Money
from core.secrets import Vault
from core.settings import Settings
from jobs.job import Context
from jobs.run_now import run_all
from kopeck.commands.report import show_fund
from kopeck.market import Scale, catalog_lines, event_lines
from kopeck.market.scale import DEFAULT
from payouts.approve import approve_run
from payouts.payee import put_payee, verify_payee
from payouts.request import request_run
from rewards.activate import activate_version
from rewards.burn_down import burn_down
from rewards.deposit import deposit_money
from rewards.funds import create_fund, get_fund
from rewards.lines import create_line
from rewards.programs import NewProgram, create_program
from rewards.versions import draft_version

FUND = "creator-fund"
BUDGET = Money.parse("1000000000.00", "RUB")
LINES = {
    "moments": ("Views, watch time and conversion", "6000000.00"),
    "commission": ("A share of sales", "15000000.00"),
    "posts": ("Regular posting", "1500000.00"),
}
PROGRAMS: dict[str, tuple[str, list[dict[str, str]]]] = {
    "moments": (
        "Moments: views that lead to purchases",
        [
            {
                "name": "reach",
                "grain": "content_day",
                "amount": "graduated(views, 1000: 0.05, 10000: 0.03, 0.01) * if(conversion > 2%, 1.5, 1)",
            },
            {
                "name": "watched",
                "grain": "content_day",
                "where": "kind = 'video'",
                "amount": "0.5 * watch_hours",
            },
        ],
    ),
    "commission": (
        "Commission on attributed sales",
        [
            {
                "name": "commission",
                "grain": "sale",
                "amount": "amount * if(category in ('electronics'), 2%, if(category in ('beauty', 'fashion'), 8%, 5%))",
            }
        ],
    ),
    "posts": (
        "A fee for posting, at most three a day",
        [{"name": "posting", "grain": "creator_day", "amount": "150 * min(posts, 3)"}],
    ),
}
PEOPLE = {
    "platform": "Marketplace backend",
    "operator": "Olga Operator",
    "finance": "Fyodor Finance",
    "seller": "Sonya Seller",
    "creator": "Kira Creator",
    "auditor": "Anton Auditor",
}
DAYS = 30
CREATOR = "creator-001"
SELLER = "seller-01"


def is_seeded(engine: Engine, settings: Settings) -> bool:
    """Did the seeding come to its end?

    Raises:
        Refused: `not_a_demo`, the database holds something else; `demo_broke_off`.
    """
    with transaction(engine) as session:
        facts = set(session.scalars(text("SELECT name FROM fact")))
        used = session.scalar(text("SELECT EXISTS (SELECT FROM creator)"))
    if "demo_begun" in facts and "demo_done" not in facts:
        where = f"remove {settings.home}" if settings.database_url is None else "give it an empty database"
        raise Refused("demo_broke_off", f"An earlier seeding broke off: {where} and start again.")
    if used and "demo_done" not in facts:
        raise Refused("not_a_demo", "This database holds other data: give the demo an empty one.")
    return "demo_done" in facts


def _note(engine: Engine, fact: str) -> None:
    with transaction(engine) as session:
        session.execute(
            text("INSERT INTO fact VALUES (:name, :at)"), {"name": fact, "at": clock.now().isoformat()}
        )


@contextmanager
def _step(what: str) -> Iterator[Callable[[str], None]]:
    """A line that says what is being done, then how long it took."""
    started, said = time.monotonic(), [""]
    click.echo(f"  {what} … ", nl=False, err=True)
    yield lambda result: said.__setitem__(0, result)
    click.echo(f"{said[0]} ({time.monotonic() - started:.1f} s)", err=True)


def seed(engine: Engine, settings: Settings, vault: Vault, scale: Scale = DEFAULT) -> None:
    """Fill an empty database; well under a minute."""
    now = clock.now()
    _note(engine, "demo_begun")
    click.echo("Seeding the sample marketplace:", err=True)
    with _step("catalog") as say:
        lines = catalog_lines(now, scale=scale)
        count = 0
        while chunk := list(islice(lines, 20_000)):
            with transaction(engine) as session:
                count += sum(
                    load_catalog(
                        session, b"\n".join(line.strip() for line in chunk), now, vault
                    ).accepted.values()
                )
        say(f"{count:,} rows")
    with _step("fund and programs"):
        _fund_and_programs(engine, settings, now)
    with _step("events of thirty days") as say:
        for counts in import_events(
            engine,
            event_lines(now, scale=scale),
            source="demo",
            clock=clock.now,
            settings=settings,
            vault=vault,
            backfill=True,
        ):
            say(f"{counts.accepted:,} events")
    with _step("tallies, attribution, rewards, release"):
        _run_jobs(engine, settings, vault)
    with _step("payees and a payout run"):
        _pay(engine, settings, vault, now)
    _note(engine, "demo_done")
    with transaction(engine) as session:
        now = clock.now()
        show_fund(get_fund(session, FUND, now, settings), burn_down(session, FUND, now, settings))


def _fund_and_programs(engine: Engine, settings: Settings, now: datetime) -> None:
    operator, finance = PEOPLE["operator"], PEOPLE["finance"]
    since = (now - timedelta(days=DAYS)).astimezone(settings.zone).date()
    with transaction(engine) as session:
        create_fund(session, FUND, "Creator fund", BUDGET)
        deposit_money(session, FUND, BUDGET, "Payment order 1", finance, now, settings)
        for line, (purpose, amount) in LINES.items():
            create_line(
                session, FUND, line, purpose, Money.parse(amount, "RUB"), "month", True, now, settings
            )
        for program, (name, rules) in PROGRAMS.items():
            new = NewProgram(
                id=program, name=name, currency="RUB", fund=FUND, line=program, hold_days=7, open="all"
            )
            create_program(session, new)
            version = draft_version(session, program, since, rules, operator)
            activate_version(session, program, version.number, operator, now, settings)


def _run_jobs(engine: Engine, settings: Settings, vault: Vault) -> None:
    """Without Stripe, whatever key there is: nothing of the sample is there, and a test key may not reach it."""
    done = run_all(Context(engine, replace(settings, stripe_api_key=None), vault))
    for job, error in done.errors.items():
        raise RuntimeError(f"job {job} failed while seeding: {error}")


def _pay(engine: Engine, settings: Settings, vault: Vault, now: datetime) -> None:
    """Payees for most creators, one run drafted by finance and approved by another person."""
    finance = PEOPLE["finance"]
    with transaction(engine) as session:
        creators = session.scalars(text("SELECT id FROM creator ORDER BY id")).all()
        for number, creator in enumerate(creators):
            if number % 10 == 9:
                continue  # some have not told where to pay yet
            where = {"bank": "Demo Bank", "account": f"4081781000000{number:07d}"}
            put_payee(
                session, vault, creator, tax_status="self_employed", method="manual", destination=where,
                person=f"creator {creator}", now=now,
            )  # fmt: skip
            verify_payee(session, vault, creator, finance, now)
        run = request_run(
            session, currency="RUB", provider="manual", until=None, creators=None, person=finance, now=now
        )
    _run_jobs(engine, settings, vault)
    with transaction(engine) as session:
        approve_run(session, run.id, "Faina Finance", clock.now())


def _keys_file(settings: Settings) -> Path:
    return settings.home / "secrets" / "demo-keys.json"


def kept_keys(settings: Settings) -> dict[str, str]:
    """The demo's keys, by role.

    Raises:
        Refused: `no_demo`, none was made in this home.
    """
    path = _keys_file(settings)
    if not path.exists():
        raise Refused("no_demo", f"No demo was made in {settings.home}: run `kopeck demo` first.")
    keys: dict[str, str] = json.loads(path.read_text())
    return keys


def demo_keys(engine: Engine, settings: Settings) -> dict[str, str]:
    """One key a role, the same at every start: kept in a file of the demo's home that only its owner reads."""
    path = _keys_file(settings)
    keys = kept_keys(settings) if path.exists() else {}
    with transaction(engine) as session:
        for role, person in PEOPLE.items():
            try:
                principal_of(session, keys.get(role, ""), clock.now())
            except Forbidden:
                subject = {"seller": SELLER, "creator": CREATOR}.get(role)
                keys[role] = create_key(
                    session, role, person, subject, ["backfill"] if role == "platform" else []
                )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(keys))
    return keys
