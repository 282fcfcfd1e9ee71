"""One random move: mostly by whoever may, on what is likely to go, and now and then neither."""

from datetime import timedelta

import bounty_claims_model as rules
from bounty_market_moves import MAJOR, market, money
from bounty_model import ENDED, STEP, BountyModel, ClaimModel, ContentModel
from bounty_pair import CREATORS, Pair
from bounty_world import SETTINGS, terms

from bounties.close import cancel_bounty, close_bounty
from bounties.dispute import dispute_claim, resolve_claim
from bounties.draft import draft_bounty, edit_bounty
from bounties.open import open_bounty
from bounties.review import approve_claim, reject_claim, request_changes
from bounties.submit import set_token, submit_content
from bounties.take import claim_slot, withdraw_claim
from core.money import Money


def draft(p: Pair) -> None:
    pick, now = p.pick, p.world.now
    currency = pick.choice(tuple(STEP))
    bonus = {}
    if pick.random() < 0.5:
        most = pick.randint(1, 300) * MAJOR
        bonus = {"bonus_formula": "views * 0.37", "bonus_days": pick.randint(1, 3), "bonus_max": most}
    given = terms(
        now, currency=currency, price=pick.randint(1, 4_000) * MAJOR + pick.choice((0, MAJOR // 2)) // STEP[currency] * STEP[currency],
        slots=pick.randint(1, 4), deadline=now + timedelta(days=pick.randint(2, 12)), rounds=pick.randint(0, 2),
        opens_at=pick.choice((None, now + timedelta(hours=pick.randint(1, 30)))),
        submit_hours=pick.randint(10, 80), review_hours=pick.randint(10, 80),
        invited=pick.choice((None, None, ["c1", "c2", "c3"])), token_required=pick.random() < 0.3, **bonus,
    )  # fmt: skip
    if given["opens_at"] and given["opens_at"] >= given["deadline"]:
        given["opens_at"] = None
    b = BountyModel(dict(given))
    made = p.both(p.model.bounties.append, b, real=(draft_bounty, "s1", given, now, SETTINGS), late=True)
    p.ids.append(made.id)
    p.agree()


def seller(p: Pair) -> str:
    return "s1" if p.pick.random() < 0.93 else "s2"


def edit(p: Pair, b: BountyModel, id: str) -> None:
    pick, now = p.pick, p.world.now
    changes = pick.choice([
        {"slots": b.terms["slots"] + pick.choice((-1, 1, 2))},
        {"deadline": b.terms["deadline"] + timedelta(days=pick.choice((-2, 1, 2)))},
        {"price": b.terms["price"] + pick.randint(-50, 50) * MAJOR},
        {"opens_at": pick.choice((None, now + timedelta(hours=pick.randint(1, 30))))},
        {"title": pick.choice(("Kettle", "Pot")), "slots": b.terms["slots"]},
        {"currency": "RUB"} | {"price": b.terms["price"] // 10**6 * 10**6 or 10**6},
    ])  # fmt: skip
    if (b.terms | changes)["slots"] < 1 or (b.terms | changes)["price"] < 1:
        return
    who = seller(p)
    p.both(p.model.edit, b, who, changes, now, real=(edit_bounty, id, who, changes, now, SETTINGS))


def on_bounty(p: Pair, name: str, b: BountyModel, id: str) -> None:
    who, now, m = seller(p), p.world.now, p.model
    if name == "open":
        p.both(m.open, b, who, now, real=(open_bounty, id, who, now, SETTINGS))
    elif name == "claim":
        creator = p.pick.choice(CREATORS)
        made = p.both(rules.claim, m, b, creator, now, real=(claim_slot, id, creator, creator, now))
        if made:
            p.claims.append((made.id, b.claims[-1]))
    else:
        ours, real = (m.cancel, cancel_bounty) if name == "cancel" else (m.close, close_bounty)
        p.both(ours, b, who, real=(real, id, who, now, SETTINGS))


def content(p: Pair, creator: str) -> str:
    """Mostly a new one that fits; or any, or none."""
    if p.model.contents and p.pick.random() < 0.2:
        return p.pick.choice([*p.model.contents, "unknown"])
    tagged = p.pick.random() < 0.9
    name = p.world.content(creator, product="p1" if tagged else None)
    p.model.contents[name] = ContentModel(creator, p.world.now, tagged)
    return name


def on_claim(p: Pair, name: str, b: BountyModel, c: ClaimModel, id: str) -> None:
    m, now, who = p.model, p.world.now, seller(p)
    by = c.creator if p.pick.random() < 0.93 else p.pick.choice(CREATORS)
    if name == "submit":
        made, token = content(p, by), p.pick.choice((None, None, "erid1"))
        p.both(
            rules.submit, m, b, c, by, made, token, now, real=(submit_content, id, by, made, token, by, now)
        )
    elif name == "token":
        p.both(
            rules.set_token,
            b,
            c,
            "s1",
            "erid2",
            now,
            real=(lambda s: set_token(s, id, "erid2", "Sonya", now, seller="s1"),),
        )
    elif name == "withdraw":
        p.both(rules.withdraw, m, b, c, by, real=(withdraw_claim, id, by, by, now, SETTINGS))
    elif name == "approve":
        p.both(rules.approve, m, b, c, who, now, real=(approve_claim, id, who, "Sonya", now, SETTINGS))
    elif name == "request_changes":
        p.both(
            rules.request_changes, b, c, who, now, real=(request_changes, id, who, "brighter", "Sonya", now)
        )
    elif name == "reject":
        p.both(rules.reject, b, c, who, now, real=(reject_claim, id, who, "no", "Sonya", now, SETTINGS))
    elif name == "dispute":
        p.both(rules.dispute, c, by, now, real=(dispute_claim, id, by, "yes", by, now))
    else:
        resolve(p, b, c, id)


def resolve(p: Pair, b: BountyModel, c: ClaimModel, id: str) -> None:
    outcome = p.pick.choice(("approved", "rejected", "split", "split"))
    price = p.pick.choice(
        (
            0,
            b.terms["price"],
            b.terms["price"] // 3,
            *[b.terms["price"] // 3 // STEP[b.currency] * STEP[b.currency]] * 4,
        )
    )
    given = price if (outcome == "split") == (p.pick.random() < 0.95) else None
    told = None if given is None else Money(given, b.currency)
    now = p.world.now
    p.both(rules.resolve, p.model, b, c, outcome, given, now, real=(resolve_claim, id, outcome, told, "so", "Olga", now, SETTINGS))  # fmt: skip


def move(p: Pair) -> None:
    """Any one of them, on one of the last two bounties; a new one when none of these moves any more."""
    kind, both = p.pick.random(), list(zip(p.model.bounties, p.ids, strict=True))[-2:]
    if all(b.state in ENDED for b, _ in both) and kind < 0.7:
        return draft(p)
    b, id = p.pick.choice([each for each in both if each[0].state not in ENDED or kind > 0.9] or both)
    claims = [(key, c) for key, c in p.claims if any(c is each for each in b.claims)]
    live = [each for each in claims if not each[1].ended]
    if kind < 0.06:
        money(p)
    elif kind < 0.12:
        market(p)
    elif kind < 0.20:
        edit(p, b, id)
    elif kind < 0.50 or not claims:
        likely = {"draft": "open", "open": "claim"}.get(b.state, "close")
        rare = p.pick.choice(("open", "claim", "close", "cancel"))
        on_bounty(p, likely if p.pick.random() < 0.9 else rare, b, id)
    else:
        key, c = p.pick.choice(live if live and kind < 0.95 else claims)
        on_claim(p, p.pick.choice(LIKELY[c.state] if kind < 0.9 else VERBS), b, c, key)
    return None


VERBS = ("submit", "token", "withdraw", "approve", "request_changes", "reject", "dispute", "resolve")
LIKELY: dict[str, tuple[str, ...]] = {
    "claimed": ("submit",) * 6 + ("withdraw", "token"),
    "changes_requested": ("submit", "submit", "withdraw"),
    "submitted": (
        "approve",
        "approve",
        "request_changes",
        "reject",
        "reject",
        "token",
        "dispute",
        "withdraw",
    ),
    "rejected": ("dispute",),
    "disputed": ("resolve",),
} | dict.fromkeys(("approved", "split", "withdrawn", "expired"), VERBS)
