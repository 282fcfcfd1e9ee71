"""Why a sale earned a creator something or nothing: first who the sale was given to, then what the rules made of it."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from attribution.sale import SaleAttribution, sale_attribution
from attribution.sale_outcome import SaleOutcome
from attribution.tables import purchase
from core.errors import NotFound
from rewards.explain_story import NOTHING, WAITING, Question

_WHY = {
    "outside_window": "came too early or too late to count",
    "not_in_scope": "led to nothing that this sale is of",
    "tag_not_standing": "came while the content did not tag the product",
    "own_content": "was the creator's own",
    "suspect": "is suspected not to be genuine",
    "same_half_hour": "counts once with another of the same half hour",
    "beaten": "was beaten by another touch",
    "came_later": "arrived after the sale was attributed",
}


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as the program's policy attributed it. `mine`: has the creator a part of it? Else `outcome`, `reason` and
    `sentences` say why not. `known`: has it a touch in it?"""

    purchase: int
    given: SaleAttribution
    mine: bool
    known: bool
    outcome: str
    reason: str
    sentences: list[str]


def sale_of(session: Session, question: Question, policy: str) -> Sale:
    """The sale that is asked about.

    Raises:
        NotFound: no such sale.
    """
    assert question.order is not None and question.product is not None
    given = sale_attribution(session, question.order, question.product)
    made = next((each for each in given.policies if each.policy == policy), None)
    if made is None:
        raise NotFound("not_found", "No such sale.")
    wanted = purchase.c.order_ref == question.order, purchase.c.product == question.product
    number = session.scalars(select(purchase.c.id).where(*wanted)).one()
    shares = any(each.creator == question.creator for each in made.shares)
    touched = any(each.creator == question.creator for each in made.touches)
    return Sale(number, given, shares, shares or touched, *_why(given, made, question.creator))


def no_touch(question: Question) -> str:
    """What a creator is told of a sale that it has no touch in, whether there is such a sale or not."""
    return f"No view or click of the creator's contents led to order {question.order}, product {question.product}."


def _why(given: SaleAttribution, made: SaleOutcome, creator: str) -> tuple[str, str, list[str]]:
    own = [each for each in made.touches if each.creator == creator]
    if made.outcome == "waiting":
        return WAITING, "not_attributed_yet", ["The sale is not attributed yet."]
    if made.outcome == "not_in_force":
        return NOTHING, "no_policy", [f"Policy {made.policy} was not in force when the sale was made."]
    if given.anonymous:
        return NOTHING, "no_touch", ["The sale came without a buyer's reference, so no touch led to it."]
    said = [*_reasons(Counter(each.reason for each in own if not each.taken))]
    if made.outcome == "none" or not own:
        lead = (
            "No touch of the buyer counted for it."
            if made.outcome == "none"
            else "It was given to other contents."
        )
        reason = "no_touch" if made.outcome == "none" else "other_creator"
        return (
            NOTHING,
            reason,
            [lead, *said] if own else [lead, "The buyer did not view or click the creator's contents."],
        )
    return NOTHING, "other_creator", ["The sale was given to other contents.", *said]


def _reasons(counted: Counter[str | None]) -> list[str]:
    return [
        f"{'1 touch' if count == 1 else f'{count:,} touches'} of the creator's contents {_WHY[reason]}."
        for reason, count in counted.items()
        if reason in _WHY
    ]
