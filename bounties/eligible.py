"""Who may claim: a creator in good standing that meets every condition of the bounty."""

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from catalog.tables import product
from core.database import sql
from core.errors import Refused


def refuse_ineligible(session: Session, row: Any, creator: str) -> None:
    """Pass when the creator meets every condition of the bounty (a row of it).

    Raises:
        Refused: `creator_suspended`; `product_gone`; `not_eligible`, with every condition that is not met in words.
    """
    given = {"creator": creator, "categories": row.categories, "product": row.product, "seller": row.seller}
    found = session.execute(sql("bounties", "fits"), given).one_or_none()
    if found is None or found.status != "active":
        raise Refused("creator_suspended", "Only an active creator of the marketplace claims bounties.")
    if not found.product:
        raise Refused("product_gone", "The product is not the seller's any more.")
    unmet = _unmet(row, found, creator)
    if unmet:
        raise Refused("not_eligible", " ".join(unmet), conditions=unmet)


def require_product(session: Session, row: Any) -> None:
    """Pass while the bounty's product is its seller's; the catalog may give a product to another one.

    Raises:
        Refused: `product_gone`.
    """
    mine = select(product.c.id).where(product.c.id == row.product, product.c.seller == row.seller)
    if session.scalar(mine) is None:
        raise Refused("product_gone", f"The product {row.product!r} is not the seller's any more.")


def _unmet(row: Any, found: Row[Any], creator: str) -> list[str]:
    conditions = {
        f"The creator's region is {found.region or 'not known'}; the bounty is for {', '.join(row.regions or ())}.":
            row.regions is None or found.region in row.regions,
        f"The creator has {found.followers:,} followers; the bounty asks for {row.min_followers:,}.":
            found.followers >= row.min_followers,
        f"None of the creator's contents tags a product of {', '.join(row.categories or ())}.": found.category,
        "The bounty is for the creators that its seller invited.": row.invited is None or creator in row.invited,
    }  # fmt: skip
    return [told for told, met in conditions.items() if not met]
