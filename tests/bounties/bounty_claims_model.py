"""What claims do in the model, and what time does."""

from datetime import datetime, timedelta

from bounty_model import STEP, ZONE, BountyModel, ClaimModel, Model, No

DISPUTE, LATE_DAYS = timedelta(hours=72), 1


def claim(m: Model, b: BountyModel, creator: str, now: datetime) -> None:
    if b.state != "open" or b.terms["deadline"] <= now:
        raise No("bounty_closed" if b.state == "open" else f"bounty_{b.state}")
    if creator in m.suspended:
        raise No("creator_suspended")
    if b.terms["invited"] is not None and creator not in b.terms["invited"]:
        raise No("not_eligible")
    if b.taken == b.terms["slots"]:
        raise No("no_slot_free")
    if any(each.creator == creator and each.stands for each in b.claims):
        raise No("already_claimed")
    b.claims.append(ClaimModel(creator, now + timedelta(hours=b.terms["submit_hours"])))


def submit(m: Model, b: BountyModel, c: ClaimModel, creator: str, content: str, token: str | None, now: datetime) -> None:  # fmt: skip
    _require(c, creator, c.creator, "claimed", "changes_requested")
    assert c.due is not None and b.opened_at is not None
    if c.due <= now:
        raise No("claim_overdue")
    if creator in m.suspended:
        raise No("creator_suspended")
    found = m.contents.get(content)
    if found is None or found.creator != creator:
        raise No("unknown_reference")
    if found.deleted:
        raise No("content_gone")
    if found.published < b.opened_at:
        raise No("published_outside")
    if not found.tagged:
        raise No("product_not_tagged")
    c.state, c.content, c.token = "submitted", content, token or c.token
    c.due = now + timedelta(hours=b.terms["review_hours"])


def set_token(b: BountyModel, c: ClaimModel, seller: str, token: str, now: datetime) -> None:
    _require(
        c, seller, b.seller, "claimed", "submitted", "changes_requested", "disputed", "approved", "split"
    )
    c.token = token
    if c.state == "submitted" and c.due is None:
        c.due = now + timedelta(hours=b.terms["review_hours"])


def withdraw(m: Model, b: BountyModel, c: ClaimModel, creator: str) -> None:
    _require(c, creator, c.creator, "claimed", "submitted", "changes_requested")
    m.end_unpaid(b, c, "withdrawn")


def approve(m: Model, b: BountyModel, c: ClaimModel, seller: str, now: datetime) -> None:
    _require(c, seller, b.seller, "submitted")
    if m.contents[str(c.content)].deleted:
        raise No("content_gone")
    if b.terms["token_required"] and not c.token:
        raise No("token_missing")
    m.end_paid(b, c, None, now)


def request_changes(b: BountyModel, c: ClaimModel, seller: str, now: datetime) -> None:
    _require_review(b, c, seller, now)
    if c.rounds == b.terms["rounds"]:
        raise No("no_rounds_left")
    c.state, c.rounds = "changes_requested", c.rounds + 1
    c.due = now + timedelta(hours=b.terms["submit_hours"])


def reject(b: BountyModel, c: ClaimModel, seller: str, now: datetime) -> None:
    _require_review(b, c, seller, now)
    c.state, c.due = "rejected", now + DISPUTE


def dispute(c: ClaimModel, creator: str, now: datetime) -> None:
    _require(c, creator, c.creator, "rejected", "submitted")
    if c.state == "rejected" and (c.due is None or c.due <= now):
        raise No("too_late")
    if c.state == "submitted" and c.due is not None:
        raise No("still_in_review")
    c.state, c.due = "disputed", None


def resolve(m: Model, b: BountyModel, c: ClaimModel, outcome: str, price: int | None, now: datetime) -> None:
    _require(c, "", "", "disputed")
    if (outcome == "split") != (price is not None):
        raise No("bad_split")
    if outcome == "rejected":
        return m.end_unpaid(b, c, "rejected")
    if price is not None and not 0 < price < b.terms["price"]:
        raise No("bad_split")
    if price is not None and price % STEP[b.currency]:
        raise No("not_minor_units")
    return m.end_paid(b, c, price, now)


def open_due(m: Model, now: datetime) -> None:
    for b in m.bounties:
        if b.state == "draft" and b.terms["opens_at"] and b.terms["opens_at"] <= now:
            try:
                m.open(b, b.seller, now)
            except No:
                b.terms["opens_at"] = None


def close_due(m: Model, now: datetime) -> None:
    for b in m.bounties:
        if b.state == "open" and b.terms["deadline"] <= now:
            m.close(b, b.seller)


def expire(m: Model, now: datetime) -> None:
    for b, c in _due(m, now, "claimed", "changes_requested"):
        m.end_unpaid(b, c, "expired")


def end_rejections(m: Model, now: datetime) -> None:
    for b, c in _due(m, now, "rejected"):
        m.end_unpaid(b, c, "rejected")


def silence(m: Model, now: datetime) -> None:
    for b, c in _due(m, now, "submitted"):
        if m.contents[str(c.content)].deleted:
            c.state, c.due = "rejected", now + DISPUTE
        elif (b.terms["token_required"] and not c.token) or c.creator in m.suspended:
            c.due = None
        else:
            m.end_paid(b, c, None, now)


def settle_bonuses(m: Model, now: datetime) -> None:
    """37 hundredths of a view, in whole minor units."""
    today = now.astimezone(ZONE).date()
    for b in m.bounties:
        for c in b.claims:
            if c.bonus_state != "waiting" or c.bonus_until + timedelta(days=1 + LATE_DAYS) > today:
                continue
            days = ((c.bonus_until - c.bonus_from).days + 1) if c.bonus_from else 0
            views = sum(m.views[str(c.content), c.bonus_from + timedelta(days=n)] for n in range(days))
            step, most = STEP[b.currency], b.terms["bonus_max"]
            c.bonus, c.bonus_state = min(views * 370_000 // step * step, most), "settled"
            m.pay(b, c.creator, c.bonus)
            m.back(b, most - c.bonus)
        m.settle(b)


def _due(m: Model, now: datetime, *states: str) -> list[tuple[BountyModel, ClaimModel]]:
    return [(b, c) for b in m.bounties for c in b.claims if c.state in states and c.due and c.due <= now]


def _require(c: ClaimModel, who: str, whose: str, *states: str) -> None:
    if who != whose:
        raise No("not_found")
    if c.state not in states:
        raise No(f"claim_{c.state}")


def _require_review(b: BountyModel, c: ClaimModel, seller: str, now: datetime) -> None:
    _require(c, seller, b.seller, "submitted")
    if c.due is not None and c.due <= now:
        raise No("review_over")
