"""A marketplace made through HTTP, in which every operation has something to work on.

It is built once a worker and its database is cloned for each test; `Market.ids` names what stands in it.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

from api_bank import pay_by_bank
from api_bounties import make_bounties
from api_caller import Caller, Clock
from api_stripe import pay_by_stripe
from sqlalchemy import Engine, text
from stripe_standin.client import StripeStandin
from stripe_standin.webhooks import signature

from api.keys import create_key
from core.database import transaction
from core.ids import public_id
from core.money import Money
from core.secrets import Vault
from core.settings import Settings
from jobs.job import Context
from jobs.run_now import run_all
from ledger import accounts
from ledger.finding import Finding
from ledger.findings import record_run
from ledger.post import credit, debit, post
from payouts.differences import list_differences
from payouts.note_difference import Found, keep_differences
from rewards.activate import activate_version

ROLES = ("platform", "operator", "finance", "seller", "creator", "auditor")
# name in the tests -> role, subject, person. The second of a role is another person.
PEOPLE: dict[str, tuple[str, str | None, str]] = {
    "platform": ("platform", None, "Backend"),
    "platform2": ("platform", None, "Backfill"),
    "operator": ("operator", None, "Olga"),
    "operator2": ("operator", None, "Oleg"),
    "finance": ("finance", None, "Fyodor"),
    "finance2": ("finance", None, "Faina"),
    "finance3": ("finance", None, " fyodor "),  # another key of the first person
    "auditor": ("auditor", None, "Anton"),
    "creator": ("creator", "c1", "Kira"),
    "creator_again": ("creator", "c1", "Kira at home"),
    "creator2": ("creator", "c2", "Kolya"),
    "seller": ("seller", "s1", "Sonya"),
    "seller2": ("seller", "s2", "Semyon"),
    "seller_again": ("seller", "s1", "Sonya at home"),
}


def rub(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "RUB"}


def payee(account: str = "40817810000000000001") -> dict[str, Any]:
    return {"tax_status": "self_employed", "method": "manual", "destination": {"account": account}}


USD = {"amount": "25.00", "currency": "USD"}
PAGES = {"return_url": "https://shop.test/done", "refresh_url": "https://shop.test/again"}
# Nobody weighs anything in it: it is there to be asked for.
POOL = {"name": "bonus", "grain": "creator_day", "pool": {"amount": rub("1.00"), "per": "day", "weight": "0"}}
RULES = [{"name": "percent", "grain": "sale", "amount": "amount * 10%"}]


@dataclass
class Market:
    """The service with its people, its clock and its books."""

    call: Caller
    clock: Clock
    engine: Engine
    settings: Settings
    vault: Vault
    ids: dict[str, str]
    posted: int = 0

    def jobs(self) -> None:
        """Everything that is due now, to its end."""
        done = run_all(Context(self.engine, self.settings, self.vault, now=self.clock))
        assert not done.errors, done.errors
        assert done.finished

    def earn(self, creator: str, amount: str, currency: str = "RUB") -> None:
        """Money to a creator's available by an entry of its own."""
        self.posted += 1
        money = Money.parse(amount, currency)
        with transaction(self.engine) as session:
            post(
                session,
                key=f"test:{creator}:{self.posted}:{self.clock.now:%d%H%M}",
                kind="release",
                effective_on=self.clock.now.date(),
                legs=[debit(accounts.OPENING, money), credit(accounts.creator(creator, "available"), money)],
            )

    def events(self, *rows: dict[str, Any], role: str = "platform") -> Any:
        """Events that must all be taken or parked."""
        answer = self.call.ok(role, "POST", "/v1/events", {"events": list(rows)})
        assert answer["rejected"] == answer["conflicts"] == 0, answer
        return answer

    def event(self, kind: str, id: str, minutes: float = 0, **fields: Any) -> dict[str, Any]:
        at = self.clock.now.timestamp() + 60 * minutes
        return {"id": id, "type": kind, "occurred_at": self.clock.now.fromtimestamp(at, self.clock.now.tzinfo).isoformat()} | fields  # fmt: skip


def stripe_environ(stripe: StripeStandin) -> dict[str, str]:
    """The settings that lead to the stand-in."""
    return {
        "KOPECK_STRIPE_API_KEY": "sk_test_x",
        "KOPECK_STRIPE_API_BASE": stripe.base,
        "KOPECK_STRIPE_RATE": "1000",
        "KOPECK_STRIPE_WEBHOOK_SECRET": "whsec_1,whsec_2",
        "KOPECK_BOUNTY_DISPUTE_HOURS": "720",
        "KOPECK_RECONCILIATION_LIMIT": "999999999",  # a line of a statement waits for its explanation
    }


def make_keys(engine: Engine) -> dict[str, str]:
    with transaction(engine) as session:
        return {
            name: create_key(session, role, person, subject, ["backfill"] if name == "platform2" else [])
            for name, (role, subject, person) in PEOPLE.items()
        }


def build(market: Market) -> None:
    """Fill an empty service and note what is where."""
    _catalog(market)
    _money(market)
    _sales(market)
    _members(market)
    _payouts(market)
    pay_by_stripe(market)
    pay_by_bank(market)
    _adjustments(market)
    _findings(market)
    _suspects(market)
    _lines(market)
    _stripe(market)
    _differences(market)
    make_bounties(market)
    market.ids |= {
        f"{kind}_none": public_id(kind, 999_999, market.clock.now)
        for kind in ("enr", "po", "rwd", "sus", "bty", "clm")
    }
    with transaction(market.engine) as session:
        session.execute(text("ANALYZE"))


def _catalog(market: Market) -> None:
    ok = market.call.ok
    for creator in ("c1", "c2", "c3", "d1", "d2", "d3", "d4", "d5"):
        ok("platform", "PUT", f"/v1/creators/{creator}", {"name": f"Creator {creator}"})
    for n in ("1", "2"):
        ok("platform", "PUT", f"/v1/sellers/s{n}", {"name": f"Shop {n}"})
        product = {"seller": f"s{n}", "title": "Cup", "category": "home", "price": rub("1000.00")}
        ok("platform", "PUT", f"/v1/products/p{n}", product)
        content = {"creator": f"c{n}", "kind": "video", "published_at": "2026-11-01T09:00:00Z", "products": [f"p{n}"]}  # fmt: skip
        ok("platform", "PUT", f"/v1/contents/k{n}", content)
    ok("platform", "PUT", "/v1/follows/v1/c1")
    ok("platform", "PUT", "/v1/likes/v1/k1")


def _money(market: Market) -> None:
    ok = market.call.ok
    ok("operator", "POST", "/v1/funds", {"id": "main", "name": "Main", "currency": "RUB", "budget": rub("1000000.00")})  # fmt: skip
    ok("finance", "POST", "/v1/funds/main/deposits", {"amount": rub("500000.00"), "reference": "order 1"})
    ok("finance", "POST", "/v1/ledger/periods/2026-09/close")
    line = {"id": "l", "purpose": "all", "allocation": {"amount": rub("100000.00"), "per": "once"}}
    ok("operator", "POST", "/v1/funds/main/lines", line)
    for program, opened in (
        ("prog", "all"),
        ("club", "applications"),
        ("door", "applications"),
        ("pot", "all"),
    ):
        body = {"id": program, "name": program, "currency": "RUB", "hold_days": 0, "open": opened}
        ok("operator", "POST", "/v1/programs", body | {"funding": {"fund": "main", "line": "l"}})
    version = {"effective_from": "2026-11-01", "rules": RULES}
    ok("operator", "POST", "/v1/programs/prog/versions", version)
    ok("operator", "POST", "/v1/programs/prog/versions/1/activate")
    day = {"version": 1, "from": "2026-11-01", "to": "2026-11-01"}
    market.ids["bkt_one"] = ok("operator", "POST", "/v1/programs/prog/backtest", day)["id"]
    ok("operator", "POST", "/v1/programs/pot/versions", version | {"rules": [POOL]})
    ok("operator", "POST", "/v1/programs/pot/versions/1/activate")
    ok("operator", "POST", "/v1/programs/prog/versions", version | {"effective_from": "2027-01-01"})
    ok("operator", "POST", "/v1/programs/prog/versions", version | {"effective_from": "2027-02-01"})
    ok("operator", "POST", "/v1/programs/prog/versions", version | {"effective_from": "2027-03-01"})
    limited = replace(market.settings, activation_limit=0)
    with transaction(market.engine) as session:
        activate_version(session, "prog", 4, PEOPLE["operator2"][2], market.clock.now, limited)


def _sales(market: Market) -> None:
    """One sale for each of two creators, paid as rewards and released; a parked event and one in conflict."""
    for n in ("1", "2"):
        market.events(
            market.event("click", f"click{n}", viewer=f"v{n}", content=f"k{n}", product=f"p{n}"),
            market.event(
                "purchase",
                f"buy{n}",
                1,
                viewer=f"v{n}",
                order=f"o{n}",
                product=f"p{n}",
                quantity=1,
                amount=f"{n}000.00",
                currency="RUB",
            ),
        )
    answer = market.events(market.event("view", "parked1", viewer="v3", content="nowhere"))
    market.ids["batch"] = answer["batch"]
    market.call.ok("platform", "POST", "/v1/events", {"events": [market.event("view", "click1", viewer="v9", content="k1")]})  # fmt: skip
    market.clock.pass_time(days=1)
    market.jobs()
    for n in ("1", "2"):
        [reward] = market.call.ok("finance", "GET", f"/v1/creators/c{n}/rewards")["data"]
        market.ids |= {f"reward{n}": reward["id"], f"entry{n}": reward["entry"]}


def _members(market: Market) -> None:
    ok = market.call.ok
    members: dict[str, tuple[str, tuple[str, ...]]] = {
        "invited": ("d1", ()),
        "own": ("c1", ()),
        "active": ("c2", ("approve",)),
        "suspended": ("c3", ("approve", "suspend")),
    }
    for name, (creator, moves) in members.items():
        found = ok("operator", "POST", "/v1/programs/club/enrolments", {"creator": creator})
        for move in moves:
            ok("operator", "POST", f"/v1/enrolments/{found['id']}/{move}", {})
        market.ids[f"enr_{name}"] = found["id"]


def _suspects(market: Market) -> None:
    """A creator looks at its own post: one view is doubted, one is confirmed already."""
    ok = market.call.ok
    ok("platform", "PUT", "/v1/creators/d4", {"name": "Creator d4", "viewer": "vd4"})
    content = {"creator": "d4", "kind": "video", "published_at": "2026-11-01T09:00:00Z", "products": []}
    ok("platform", "PUT", "/v1/contents/k3", content)
    market.events(
        *(market.event("view", f"own_{name}", viewer="vd4", content="k3") for name in ("open", "confirmed"))
    )
    market.jobs()
    for found in ok("operator", "GET", "/v1/suspects")["data"]:
        market.ids[found["event"].replace("own", "sus")] = found["id"]
    ok("operator", "POST", f"/v1/suspects/{market.ids['sus_confirmed']}/confirm", {"reason": "its own"})


def _payouts(market: Market) -> None:
    """c1: reserved in a draft; c2: sent; d1: held; d2: payable; d3: not verified; d4: an unapproved draft's only;
    d5: paid."""
    ok = market.call.ok
    for creator in ("c1", "c2", "d1", "d2", "d3", "d4", "d5"):
        who = {"c1": "creator", "c2": "creator2"}.get(creator, "finance2")
        ok(who, "PUT", f"/v1/creators/{creator}/payee", payee())
        if creator != "d3":
            ok("finance", "POST", f"/v1/creators/{creator}/payee/verify")
    for creator in ("d1", "d2", "d4", "d5"):
        market.earn(creator, "50.00")
    for creator, name in (("c1", "draft"), ("c2", "sent"), ("d1", "held"), ("d4", "other"), ("d5", "paid")):
        run = ok("finance", "POST", "/v1/payout-runs", {"currency": "RUB", "provider": "manual", "creators": [creator]})  # fmt: skip
        market.jobs()
        [payout] = ok("finance", "GET", f"/v1/payouts?run={run['id']}")["data"]
        market.ids |= {f"run_{name}": run["id"], f"po_{name}": payout["id"]}
    for name in ("sent", "paid"):
        ok("finance2", "POST", f"/v1/payout-runs/{market.ids[f'run_{name}']}/approve")
    ok("finance", "POST", f"/v1/payouts/{market.ids['po_held']}/hold", {"reason": "wait"})
    market.jobs()
    ok(
        "finance",
        "POST",
        f"/v1/payouts/{market.ids['po_paid']}/settle",
        {"outcome": "paid", "reference": "pp-0"},
    )


def postings(*legs: tuple[str, str]) -> list[dict[str, Any]]:
    """Account and amount of each posting of an entry by hand."""
    return [{"account": account, "amount": rub(amount)} for account, amount in legs]


def _adjustments(market: Market) -> None:
    """Two that wait for another person than Oleg, and one that is posted."""
    for name, amount in (("large", "150000.00"), ("larger", "250000.00"), ("posted", "3.00")):
        body = {
            "postings": postings((accounts.OPENING, amount), ("expenses:writeoff", f"-{amount}")),
            "reason": name,
        }
        made = market.call.ok("operator2", "POST", "/v1/ledger/entries", body)
        market.ids |= {f"adj_{name}": made["id"], f"entry_{name}": made["entry"] or ""}


def _lines(market: Market) -> None:
    """Transfers and grants: two of each wait for another person than Oleg, one is done. A seller's money."""
    ok = market.call.ok
    line = {"id": "m", "purpose": "more", "allocation": {"amount": rub("100.00"), "per": "once"}}
    ok("operator", "POST", "/v1/funds/main/lines", line)
    line = {"id": "big", "purpose": "grants", "allocation": {"amount": rub("300000.00"), "per": "once"}}
    ok("operator", "POST", "/v1/funds/main/lines", line)
    for name in ("open", "other", "done"):
        body = {"from": "l", "to": "m", "amount": rub("1.00"), "reason": name}
        made = ok("operator2", "POST", "/v1/funds/main/transfers", body)
        market.ids[f"ftr_{name}"] = made["id"]
        amount = "1.00" if name == "done" else "100001.00"
        body = {"creator": "c3", "amount": rub(amount), "reason": name}
        market.ids[f"fgr_{name}"] = ok("operator2", "POST", "/v1/funds/main/lines/big/grants", body)["id"]
    ok("finance", "POST", f"/v1/funds/main/transfers/{market.ids['ftr_done']}/approve")
    for name in ("s1", "s2"):
        ok(
            "finance",
            "POST",
            f"/v1/sellers/{name}/deposits",
            {"amount": rub("20.00"), "reference": "order 2"},
        )


def _stripe(market: Market) -> None:
    """Two creators' accounts, two sellers' top-ups, an event that is nothing of ours."""
    ok = market.call.ok
    for n in ("1", "2"):
        ok("finance", "POST", f"/v1/creators/c{n}/onboarding-link", PAGES)
        made = ok(
            "finance", "POST", f"/v1/sellers/s{n}/top-ups", {"amount": USD, "return_url": "https://s.test/"}
        )
        market.ids[f"tup_{n}"] = made["id"]
    event = {"id": "evt_one", "object": "event", "type": "transfer.created", "created": 1, "livemode": False}
    event |= {"data": {"object": {"id": "tr_none"}}}
    payload = json.dumps(event).encode()
    signed = signature("whsec_1", payload, int(market.clock.now.timestamp()))
    headers = {"content_type": "application/json", "stripe_signature": signed}
    answer = market.call(None, "POST", "/v1/webhooks/stripe", body=payload, **headers)
    assert answer.status_code == 200, answer.text


def _differences(market: Market) -> None:
    """One that is open and too small to stop anything, one that finance has resolved."""
    found = [
        Found("paid_there_not_here", f"tr_{name}", Money(0, "USD"), "made up") for name in ("open", "done")
    ]
    with transaction(market.engine) as session:
        keep_differences(session, found, (), market.clock.now)
        for _, each in list_differences(session, market.clock.now):
            market.ids[f"dif_{each.subject[3:]}"] = each.id
    path = f"/v1/reconciliation/{market.ids['dif_done']}/resolve"
    market.call.ok("finance", "POST", path, {"reason": "known"})


def _findings(market: Market) -> None:
    """Two warnings that nobody has looked at, and one that somebody has."""
    warnings = [Finding("reward_clamped", f"target {n}", "made up", halts=False) for n in (1, 2, 3)]
    with transaction(market.engine) as session:
        found, _ = record_run(session, ["reward_clamped"], warnings, market.clock.now, market.clock.now)
    market.ids |= {
        f"fnd_{name}": each.id for name, each in zip(("open", "other", "done"), found, strict=True)
    }
    body = {"finding": market.ids["fnd_done"], "reason": "known"}
    market.call.ok("finance", "POST", "/v1/ledger/acknowledge", body)
