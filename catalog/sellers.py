"""Find a seller; whoever spends what it has locks its row first."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.tables import seller
from core.errors import NotFound


def find_seller(session: Session, seller_id: str, *, lock: bool = False) -> str:
    """The seller's id. The lock lets new rows refer to the seller meanwhile.

    Raises:
        NotFound: no such seller.
    """
    query = select(seller.c.id).where(seller.c.id == seller_id)
    found = session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        raise NotFound("not_found", f"No seller {seller_id!r}.")
    return found
