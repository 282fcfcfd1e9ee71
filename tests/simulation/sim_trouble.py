"""What goes wrong outside: Stripe's answers, its accounts and its money, our connections, the clock."""

from datetime import timedelta

from sim_stripe import HANGS
from sim_world import World

_EVERYWHERE = (
    "drop_before",
    "drop_after",
    "error_before",
    "error_after",
    "truncate",
    "broken_json",
    "html",
    "html_before",
    "rate_limit",
    "delay",
    "hang",
)
_PLACES = (
    "POST /v1/transfers",
    "POST /v1/transfers",
    "POST /v1/transfers",
    "GET /v1/transfers",
    "GET /v1/transfers/[^/]+",
    "POST /v1/transfers/[^/]+/reversals",
    "POST /v1/transfers/[^/]+/reversals",
    "GET /v1/transfers/[^/]+/reversals",
    "GET /v1/events",
    "GET .*",
    ".*",
)
_REFUSALS = (
    {"status": 400, "error": {"code": "balance_insufficient"}},
    {"status": 400, "error": {"code": "account_invalid"}},
    {"status": 402, "error": {"code": "transfers_not_allowed"}},
    {"status": 400, "error": {"code": "amount_too_small"}},
    {"status": 503},
)


def faults(world: World) -> str:
    """The next calls meet faults."""
    told = []
    for _ in range(world.random.randint(1, 3)):
        asked = {
            "do": world.random.choice(_EVERYWHERE),
            "match": world.random.choice(_PLACES),
            "times": world.random.choice([1, 1, 2, 7]),
            "skip": world.random.choice([0, 0, 1, 3]),
            "seconds": HANGS,
            "retry_after": 0,
        }
        if asked["do"] in ("delay", "hang"):
            asked["times"] = 1
        if asked["do"].startswith("error") and world.chance(0.5):
            asked["cached"] = False
        world.stripe.control("fault", **asked)
        told.append(f"{asked['do']} {asked['match']} x{asked['times']} skip {asked['skip']}")
    return "; ".join(told)


def refusal(world: World) -> str:
    """Stripe says no to the next transfer or reversal."""
    place = world.random.choice(["POST /v1/transfers", "POST /v1/transfers/[^/]+/reversals"])
    said = world.random.choice(_REFUSALS)
    world.stripe.control("fault", do="answer", match=place, **said)
    return f"{place} {said}"


def cured(world: World) -> str:
    world.stripe.control("clear_faults")
    world.stripe.control("set", keys_valid=True)
    for currency in ("usd", "huf"):
        world.stripe.control("balance", currency=currency, amount=10**14)
    return ""


def key_refused(world: World) -> str:
    world.stripe.control("set", keys_valid=False)
    return ""


def poor(world: World) -> str:
    """Our account at Stripe has less than what is asked for."""
    currency = world.random.choice(["usd", "huf"])
    world.stripe.control("balance", currency=currency, amount=world.random.choice([0, 5_000]))
    return currency


def account_changed(world: World) -> str:
    """The owner of a connected account, or Stripe, changes it."""
    accounts = world.stripe.standin.state.accounts
    alive = [id for id, row in accounts.items() if not row.get("_deleted")]
    id = world.random.choice(alive)
    how = (
        {"deleted": True}
        if world.chance(0.15)
        else {"transfers": world.random.choice(["inactive", "active", "active"])}
    )
    world.stripe.control("change_account", id=id, **how)
    return f"{id} {how}"


def reversed_there(world: World) -> str:
    """Somebody reverses a transfer in Stripe's own pages."""
    from stripe_standin.state import Call, Refusal  # noqa: PLC0415
    from stripe_standin.transfers import create_reversal  # noqa: PLC0415

    rows = [row for row in world.stripe.transfers if row["amount"] > row["amount_reversed"]]
    if not rows:
        return "none"
    row = world.random.choice(rows)
    units = row["amount"] - row["amount_reversed"]
    amount = str(units if world.chance(0.5) else max(units // 3 // 100 * 100, 1))
    state = world.stripe.standin.state
    try:
        with state.lock:
            create_reversal(state, Call("POST", "", {"amount": amount}, {}, "", None, ids=(row["id"],)))
    except Refusal as refused:
        return f"{row['id']} refused {refused}"
    return f"{row['id']} {amount}"


def spent(world: World) -> str:
    """A connected account pays its balance out to its bank, so that nothing is there to take back."""
    state = world.stripe.standin.state
    told = []
    for (owner, currency), amount in sorted(state.balances.items()):
        if owner and amount > 0 and world.chance(0.3) and not state.accounts[owner].get("_deleted"):
            world.stripe.control("payout", account=owner, currency=currency, amount=amount)
            told.append(f"{owner} {amount}")
    return " ".join(told)


def cut_off(world: World) -> str:
    """The database ends all of our connections that lie idle."""
    if not world.deep:
        world.database.cut_all()
    return ""


def time_passes(world: World) -> str:
    by = world.random.choice(
        [
            timedelta(seconds=world.random.randint(2, 70)),
            timedelta(minutes=world.random.randint(2, 50)),
            timedelta(hours=world.random.randint(1, 12)),
            timedelta(hours=25),
            timedelta(days=world.random.randint(2, 9)),
        ]
    )
    if world.deep:  # a worker that is held up for so long is dead; that is drawn elsewhere
        by = timedelta(seconds=world.random.randint(1, 30))
    world.jump(by)
    return str(by)
