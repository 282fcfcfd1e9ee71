"""Books that Stripe has paid from, and its transfers as a test wants them to be seen."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from stripe_standin.client import StripeStandin
from stripe_world import StripeWorld

from core.database import transaction
from payouts.differences import Difference, list_differences
from payouts.reconcile import compare_since, reconcile
from payouts.reconcile_read import CurrencySummary, summary
from payouts.reconcile_stripe import Transfer, list_transfers, spool
from payouts.store import Payout
from payouts.stripe.client import stripe_client


@dataclass
class Books:
    """Four payouts that Stripe paid, and its transfers as they are; a test changes what is seen of them."""

    world: StripeWorld
    payouts: list[Payout]
    transfers: list[Transfer]

    def compare(
        self, transfers: list[Transfer] | None, pass_time: timedelta = timedelta(hours=1)
    ) -> dict[str, str]:
        """Kind and amount of what is open afterwards, by subject."""
        self.world.now += pass_time
        now = self.world.now
        with transaction(self.world.engine) as session:
            since = compare_since(session, now)
        held = None if transfers is None else spool(iter(transfers))
        self.world.do(reconcile, held, since, now, now)
        if held is not None:
            held.close()
        return {each.subject: f"{each.kind} {each.amount}" for each in self.open()}

    def open(self) -> list[Difference]:
        with transaction(self.world.engine) as session:
            return [each for _, each in list_differences(session, self.world.now)]

    def dollars(self) -> CurrencySummary:
        with transaction(self.world.engine) as session:
            [line] = summary(session).currencies
        return line

    def changed(self, at: int, **values: Any) -> list[Transfer]:
        return [replace(each, **values) if n == at else each for n, each in enumerate(self.transfers)]


def paid_books(world: StripeWorld, stripe: StripeStandin) -> Books:
    """Four payouts that Stripe paid."""
    world.at(stripe)
    for n in range(4):
        world.paid_by_stripe(f"c{n}", f"{n + 1}0.50")
    run = world.approved()
    world.send()
    paid = world.payouts(run)
    assert [each.state for each in paid] == ["paid"] * 4
    seen = list(list_transfers(stripe_client(world.settings), world.now - timedelta(days=90)))
    transfers = sorted(seen, key=lambda each: each.amount)
    assert [each.id for each in transfers] == [each.reference for each in paid]
    return Books(world, paid, transfers)
