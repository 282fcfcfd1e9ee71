"""The marketplace of the payout tests, paid by Stripe: creators with connected accounts at the stand-in."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from payout_world import World
from sqlalchemy import text
from stripe_standin.client import StripeStandin

from core.database import transaction
from core.money import Money
from core.settings import Settings, load_settings
from jobs.job import Context
from jobs.look_up import step as look_up
from jobs.send_stripe import step as send
from ledger import accounts
from ledger.balances import natural
from ledger.post import credit, debit, post
from payouts.approve import approve_run
from payouts.attempts import Attempt, list_attempts
from payouts.payee import put_payee, verify_payee
from payouts.request import request_run
from payouts.store import Payout, Run, day_of

TRANSFERS = "/v1/transfers"


class StripeWorld(World):
    """Dollars; anna drafts, boris approves, vera verifies."""

    stripe: StripeStandin
    settings: Settings

    def at(self, stripe: StripeStandin, **settings: Any) -> "StripeWorld":
        self.stripe = stripe
        base = load_settings({"KOPECK_STRIPE_API_KEY": "sk_test_x", "KOPECK_STRIPE_API_BASE": stripe.base})
        self.settings = replace(base, **({"stripe_rate": 500} | settings))
        return self

    @property
    def context(self) -> Context:
        return Context(self.engine, self.settings, self.vault, lambda: self.now)

    def paid_by_stripe(self, name: str, amount: str = "10.00", account: str | None = None) -> str:
        """A creator with money and a verified account."""
        account = account or self.stripe.account()
        self._join([name], account, amount)
        return account

    def crowd(self, count: int) -> None:
        """Creators c000 and so on with 10.00 each, all at one account."""
        self._join([f"c{i:03}" for i in range(count)], self.stripe.account(), "10.00")

    def _join(self, names: list[str], account: str, amount: str) -> None:
        money = Money.parse(amount, "USD")
        with transaction(self.engine) as session:
            for name in names:
                session.execute(text("INSERT INTO creator (id, name) VALUES (:id, :id)"), {"id": name})
                put_payee(
                    session,
                    self.vault,
                    name,
                    tax_status="company",
                    method="stripe",
                    destination={"account": account},
                    person="anna",
                    now=self.now,
                )
                verify_payee(session, self.vault, name, "vera", self.now)
            credits = [credit(accounts.creator(name, "available"), money) for name in names]
            post(
                session,
                key=f"join:{names[0]}",
                kind="release",
                effective_on=day_of(session, self.now),
                legs=[debit(accounts.OPENING, Money(money.micros * len(names), "USD")), *credits],
            )

    def known_account(self, name: str, account: str, **columns: Any) -> None:
        """What we know of a connected account."""
        given = {"transfers": "active", "payouts_enabled": True, "deleted": False} | columns
        with transaction(self.engine) as session:
            session.execute(
                text(
                    "INSERT INTO stripe_account (creator, account, transfers, payouts_enabled, deleted)"
                    " VALUES (:creator, :account, :transfers, :payouts_enabled, :deleted)"
                ),
                {"creator": name, "account": account} | given,
            )

    def approved(self, creators: list[str] | None = None, **asked: Any) -> Run:
        self.do(
            request_run,
            **({"currency": "USD", "provider": "stripe", "until": None} | asked),
            creators=creators,
            person="anna",
            now=self.now,
        )
        run = self.draft()
        assert run is not None
        return self.do(approve_run, run.id, "boris", self.now)

    def send(self) -> dict[str, int]:
        counts = send(self.context)
        assert self.proved()
        return counts

    def look_up(self, after: timedelta = timedelta(hours=1)) -> dict[str, int]:
        """One round of looking up, later; Stripe's clock goes with ours."""
        self.now += after
        self.stripe.control("clock", advance=after.total_seconds())
        counts = look_up(self.context)
        assert self.proved()
        return counts

    def pass_seconds(self, seconds: int) -> None:
        """A turn of both jobs, and nothing proved: for long stories."""
        send(self.context)
        look_up(self.context)
        self.now += timedelta(seconds=seconds)
        self.stripe.control("clock", advance=seconds)

    def one(self, run: Run) -> Payout:
        [payout] = self.payouts(run)
        return payout

    def states(self, run: Run) -> list[str]:
        return [payout.state for payout in self.payouts(run)]

    def attempts(self, payout: Payout) -> list[Attempt]:
        with transaction(self.engine) as session:
            return list_attempts(session, payout.id)

    def dollars(self, name: str) -> tuple[str, str, str]:
        """Available, in transit, and what Stripe has paid for everyone."""
        codes = [accounts.creator(name, pot) for pot in ("available", "in_transit")]
        bank = accounts.bank("stripe", "USD")
        with transaction(self.engine) as session:
            found = natural(session, [*codes, bank], "USD")
        return found[codes[0]].amount, found[codes[1]].amount, (-found[bank]).amount

    def posts(self) -> list[dict[str, Any]]:
        """Calls that may have moved money."""
        return self.stripe.log("POST", TRANSFERS)

    def findings(self) -> list[str]:
        """Kinds of open differences."""
        with transaction(self.engine) as session:
            return list(
                session.scalars(text("SELECT kind FROM difference WHERE resolved_at IS NULL ORDER BY id"))
            )
