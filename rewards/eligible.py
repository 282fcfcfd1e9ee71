"""Who may be let into a program: the creator's region, its followers now, and a limited roll-out."""

import hashlib
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.tables import creator as catalog_creator
from catalog.tables import follow
from core.errors import Refused


def refuse_ineligible(session: Session, program: Any, creator: str) -> None:
    """Pass when the creator meets every condition of the program (a row of it).

    Raises:
        Refused: `not_eligible`, with every condition that is not met in words.
    """
    unmet = [
        *_region(session, program, creator),
        *_followers(session, program, creator),
        *_rollout(program, creator),
    ]
    if unmet:
        raise Refused("not_eligible", " ".join(unmet), conditions=unmet)


def rollout_bucket(program_id: str, creator: str) -> int:
    """0 to 99, the same for a creator in a program forever: whoever a percentage lets in stays in as it grows."""
    digest = hashlib.sha256(f"{program_id}/{creator}".encode()).digest()
    return int.from_bytes(digest[:8]) % 100


def _region(session: Session, program: Any, creator: str) -> list[str]:
    if program.regions is None:
        return []
    region = session.scalar(select(catalog_creator.c.region).where(catalog_creator.c.id == creator))
    if region in program.regions:
        return []
    has = f"is {region}" if region else "is not known"
    return [f"The creator's region {has}; the program is for {', '.join(program.regions) or 'none'}."]


def _followers(session: Session, program: Any, creator: str) -> list[str]:
    if not program.min_followers:
        return []
    standing = select(func.count()).where(follow.c.creator == creator, follow.c.until.is_(None))
    followers = session.scalar(standing) or 0
    if followers >= program.min_followers:
        return []
    return [
        f"The creator has {followers:,} followers now; the program asks for {program.min_followers:,} or more."
    ]


def _rollout(program: Any, creator: str) -> list[str]:
    percent = program.rollout_percent
    if percent is None or rollout_bucket(program.id, creator) < percent:
        return []
    return [f"The program is open to {percent} % of the creators, and this one is not among them yet."]
