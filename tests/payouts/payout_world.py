"""A marketplace with creators who are owed money, and the books checked after every step."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import KopeckError
from core.money import Money
from core.secrets import Vault
from jobs.checks import CHECKS
from ledger import accounts
from ledger.balances import natural, trial_totals
from ledger.post import credit, debit, post
from ledger.verify import run_checks
from payouts.approve import approve_run
from payouts.draft import draft_chunk
from payouts.payee import put_payee, verify_payee
from payouts.read import list_payouts
from payouts.request import request_run
from payouts.send import send_manual
from payouts.store import Payout, Run, day_of

MANY = """
    INSERT INTO creator (id, name) SELECT 'm' || lpad(i::text, 6, '0'), 'Creator ' || i FROM generate_series(1, :count) i;
    INSERT INTO payee (creator, tax_status, method, destination, changed_by, verified, verified_by)
        SELECT id, 'individual', 'manual', :sealed, 'anna', true, 'vera' FROM creator WHERE id LIKE 'm______';
    SELECT count(*) FROM ledger_open(ARRAY(
        SELECT 'liabilities\\:creator\\:' || id || '\\:available' FROM creator WHERE id LIKE 'm______'), 'RUB');
    SELECT count(*) FROM ledger_open(ARRAY['equity\\:opening'], 'RUB');
    SELECT entry_id FROM ledger_post('many', 'opening', 'RUB', '2026-11-01', '2026-11-01', NULL,
        ARRAY(SELECT id FROM account ORDER BY code LIKE 'equity%', id),
        ARRAY(SELECT -12345678::bigint FROM generate_series(1, :count)) || (12345678::bigint * :count));
"""


@dataclass
class World:
    """What the tests do again and again, each step a transaction of its own and each followed by a proof."""

    engine: Engine
    vault: Vault
    now: datetime
    posted: int = 0

    def do(self, verb: Callable[..., Any], *args: Any, **options: Any) -> Any:
        with transaction(self.engine) as session:
            done = verb(session, *args, **options)
        assert self.proved()
        return done

    def refused(self, verb: Callable[..., Any], *args: Any, **options: Any) -> str:
        with pytest.raises(KopeckError) as caught, transaction(self.engine) as session:
            verb(session, *args, **options)
        assert self.proved()
        return caught.value.code

    def proved(self) -> bool:
        with transaction(self.engine) as session:
            return run_checks(session, CHECKS) == [] and all(
                total == 0 for total, _ in trial_totals(session).values()
            )

    def creator(self, name: str, amount: str | None = None, *, verified: bool = True, **fields: str) -> None:
        with transaction(self.engine) as session:
            session.execute(text("INSERT INTO creator (id, name) VALUES (:id, :id)"), {"id": name})
            put_payee(
                session,
                self.vault,
                name,
                tax_status="individual",
                method="manual",
                destination={"account": f"4081781000000000{name}"} | fields,
                person="anna",
                now=self.now,
            )
            if verified:
                verify_payee(session, self.vault, name, "vera", self.now)
        if amount is not None:
            self.earn(name, amount)

    def earn(self, name: str, amount: str, currency: str = "RUB", day: date | None = None) -> None:
        """Money to available; a negative amount is a reversal."""
        money = Money.parse(amount, currency)
        self.posted += 1
        with transaction(self.engine) as session:
            post(
                session,
                key=f"earn:{self.posted}:{name}",
                kind="release",
                effective_on=day or day_of(session, self.now),
                legs=[debit(accounts.OPENING, money), credit(accounts.creator(name, "available"), money)],
            )

    def many(self, count: int) -> None:
        """Creators m000001 … with 12.345678 each."""
        with transaction(self.engine) as session:
            for statement in MANY.split(";\n")[:-1]:
                session.execute(
                    text(statement), {"count": count, "sealed": self.vault.seal({"account": "x" * 20})}
                )

    def pots(self, name: str, currency: str = "RUB") -> tuple[str, str, str]:
        """Available, in transit, and what the bank has paid for everyone."""
        codes = [accounts.creator(name, "available"), accounts.creator(name, "in_transit")]
        bank = accounts.bank("manual", currency)
        with transaction(self.engine) as session:
            found = natural(session, [*codes, bank], currency)
        return found[codes[0]].amount, found[codes[1]].amount, (-found[bank]).amount

    def request(
        self, creators: list[str] | None = None, until: date | None = None, currency: str = "RUB"
    ) -> Run:
        asked = {"currency": currency, "provider": "manual", "until": until, "creators": creators}
        return self.do(request_run, **asked, person="anna", now=self.now)

    def draft(self, size: int = 10_000) -> Run | None:
        run = None
        while progress := self.do(draft_chunk, self.now, size):
            run = progress.run
        return run

    def drafted(self, creators: list[str] | None = None, until: date | None = None) -> Run:
        self.request(creators, until)
        run = self.draft()
        assert run is not None
        return run

    def sent(self, creators: list[str] | None = None) -> Run:
        run = self.drafted(creators)
        self.do(approve_run, run.id, "boris", self.now)
        return self.do(send_manual, self.now).run

    def payouts(self, run: Run) -> list[Payout]:
        """In the order of creators."""
        with transaction(self.engine) as session:
            return sorted(list_payouts(session, run=run.id), key=lambda payout: payout.creator)

    def pass_time(self, days: int) -> None:
        self.now += timedelta(days=days)
