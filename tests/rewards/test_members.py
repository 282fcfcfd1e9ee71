"""Membership: how a creator gets in, what it must meet and accept, how it goes, and the intervals that remain."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import KopeckError
from rewards.decide import decide, leave
from rewards.eligible import rollout_bucket
from rewards.enrol import apply, invite
from rewards.members import Enrolment, get_enrolment, list_enrolments

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Club:
    """A marketplace with one program, `club`, and creators who want in."""

    def __init__(self, engine: Engine, owner: Engine) -> None:
        self.engine, self.owner, self.now = engine, owner, NOON
        self.sql("INSERT INTO creator (id, name) SELECT 'c' || n, 'C' FROM generate_series(1, 3) n")

    def sql(self, statement: str, **values: Any) -> Any:
        with transaction(self.owner) as session:
            return session.execute(text(statement), values)

    def program(self, id: str = "club", open: str = "applications", **conditions: Any) -> None:
        names = {"id": id, "open": open, "policy": "default", "currency": "RUB", "hold_days": 0} | conditions
        given = ", ".join(f":{name}" for name in names)
        self.sql(f"INSERT INTO program ({', '.join(names)}, name) VALUES ({given}, 'Club')", **names)

    def do(self, verb: Any, *args: Any) -> Any:
        """A minute later than what was done before."""
        self.now += timedelta(minutes=1)
        with transaction(self.engine) as session:
            return verb(session, *args, self.now)

    def apply(self, creator: str = "c1", terms: str | None = None) -> Enrolment:
        return self.do(apply, "club", creator, terms)  # type: ignore[no-any-return]

    def invite(self, creator: str = "c1") -> Enrolment:
        return self.do(invite, "club", creator, "olga")  # type: ignore[no-any-return]

    def decide(self, found: Enrolment, action: str, reason: str | None = None) -> Enrolment:
        return self.do(decide, found.id, action, "olga", reason)  # type: ignore[no-any-return]

    def leave(self, found: Enrolment) -> Enrolment:
        return self.do(leave, found.id)  # type: ignore[no-any-return]

    def refused(self, verb: Any, *args: Any) -> KopeckError:
        before = self.do(_all)
        with pytest.raises(KopeckError) as caught:
            verb(*args)
        assert self.do(_all) == before
        return caught.value


def _all(session: Any, _: datetime) -> list[Any]:
    return [
        session.execute(text(f"SELECT * FROM {table} ORDER BY id")).all()
        for table in ("enrolment", "membership")
    ]


def spans(found: Enrolment) -> list[tuple[int, int | None]]:
    """The memberships, in minutes from noon."""
    minute = timedelta(minutes=1)
    return [
        ((each.since - NOON) // minute, None if each.until is None else (each.until - NOON) // minute)
        for each in found.memberships
    ]


@pytest.fixture
def club(engine: Engine, owner: Engine) -> Club:
    return Club(engine, owner)


def test_every_interval_of_a_long_story_remains(club: Club) -> None:
    club.program()
    found = club.apply()
    assert (found.state, found.decided_by, spans(found)) == ("applied", None, [])
    assert (club.decide(found, "approve").state, spans(club.do(_get, found.id))) == ("active", [(2, None)])
    suspended = club.decide(found, "suspend", "fake views")
    assert (suspended.state, suspended.reason, suspended.decided_by) == ("suspended", "fake views", "olga")
    assert (suspended.updated_at - NOON).seconds == 240 and spans(suspended) == [(2, 4)]
    again = club.decide(found, "reactivate", "explained")
    assert (again.state, again.reason, spans(again)) == ("active", "explained", [(2, 4), (5, None)])
    left = club.leave(found)
    assert (left.state, left.decided_by, left.reason) == ("left", "c1", None)
    assert spans(left) == [(2, 4), (5, 6)]
    reapplied = club.apply()
    assert (reapplied.id, reapplied.state, spans(reapplied)) == (found.id, "applied", [(2, 4), (5, 6)])
    assert spans(club.decide(reapplied, "approve")) == [(2, 4), (5, 6), (8, None)]


def _get(session: Any, id: str, now: datetime) -> Enrolment:
    return get_enrolment(session, id)


def test_who_is_rejected_is_out_until_an_operator_invites(club: Club) -> None:
    club.program()
    rejected = club.decide(club.apply(), "reject", "no posts yet")
    assert (rejected.state, rejected.reason, rejected.memberships) == ("rejected", "no posts yet", [])
    assert club.refused(club.apply).code == "already_enrolled"
    invited = club.invite()
    assert (invited.id, invited.state, invited.reason) == (rejected.id, "invited", None)
    assert club.apply().state == "active"


def test_applications_and_invitations_that_come_to_nothing(club: Club) -> None:
    club.program()
    taken_back = club.leave(club.apply())
    assert (taken_back.state, taken_back.memberships) == ("left", [])
    declined = club.leave(club.invite())
    assert (declined.state, declined.memberships) == ("left", [])
    assert club.refused(club.leave, declined).code == "enrolment_left"
    assert club.refused(club.invite, "nobody").code == "unknown_reference"
    club.apply()
    assert club.refused(club.apply).code == club.refused(club.invite).code == "already_enrolled"


def test_by_invitation(club: Club) -> None:
    club.program(open="invite")
    assert club.refused(club.apply).code == "by_invitation"
    joined = club.do(_accept, club.invite())
    assert (joined.state, joined.decided_by) == ("active", "c1")
    club.leave(joined)
    assert club.refused(club.apply).code == "by_invitation"


def _accept(session: Any, invited: Enrolment, now: datetime) -> Enrolment:
    return apply(session, invited.program, invited.creator, None, now)


def test_nobody_applies_where_everyone_is_a_member(club: Club) -> None:
    club.program(open="all")
    assert club.refused(club.apply).code == club.refused(club.invite).code == "open_to_all"


WAY_TO = {"active": ["approve"], "suspended": ["approve", "suspend"], "rejected": ["reject"]}


@pytest.mark.parametrize(
    ("state", "moves"),
    [
        ("applied", {"approve", "reject", "leave"}),
        ("invited", {"approve", "reject", "leave"}),
        ("active", {"suspend", "leave"}),
        ("suspended", {"reactivate"}),
        ("rejected", set()),
        ("left", set()),
    ],
)
def test_a_state_allows_its_moves_and_no_other(club: Club, state: str, moves: set[str]) -> None:
    for action in ("approve", "reject", "suspend", "reactivate", "leave"):
        club.program(action)
        with transaction(club.engine) as session:
            found = apply(session, action, "c1", None, club.now)
            for before in WAY_TO.get(state, []):
                decide(session, found.id, before, "olga", None, club.now)
            if state == "left":
                leave(session, found.id, club.now)
            if state == "invited":
                session.execute(
                    text("UPDATE enrolment SET state = 'invited' WHERE program = :p"), {"p": action}
                )
        move = (club.leave, found) if action == "leave" else (club.decide, found, action)
        if action in moves:
            move[0](*move[1:])
        else:
            assert club.refused(*move).code == f"enrolment_{state}"


def test_conditions_are_asked_at_approval_and_all_of_them_are_told(club: Club) -> None:
    club.program(regions=["BY", "KZ"], min_followers=2, rollout_percent=0)
    club.sql("UPDATE creator SET region = 'RU' WHERE id = 'c1'")
    found = club.apply()
    error = club.refused(club.decide, found, "approve")
    assert error.code == "not_eligible" and error.fields["conditions"] == [
        "The creator's region is RU; the program is for BY, KZ.",
        "The creator has 0 followers now; the program asks for 2 or more.",
        "The program is open to 0 % of the creators, and this one is not among them yet.",
    ]
    assert all(each in error.detail for each in error.fields["conditions"])  # type: ignore[attr-defined]
    club.sql("UPDATE creator SET region = NULL WHERE id = 'c1'")
    assert "region is not known" in club.refused(club.decide, found, "approve").detail

    club.sql("UPDATE creator SET region = 'KZ' WHERE id = 'c1'; UPDATE program SET rollout_percent = 100")
    club.sql(
        "INSERT INTO follow (creator, viewer, since, until) VALUES ('c1', gen_random_uuid(), now(), NULL),"
        " ('c1', gen_random_uuid(), now(), now()), ('c2', gen_random_uuid(), now(), NULL)"
    )
    assert club.refused(club.decide, found, "approve").fields["conditions"] == [
        "The creator has 1 followers now; the program asks for 2 or more."
    ]
    club.sql("INSERT INTO follow (creator, viewer) VALUES ('c1', gen_random_uuid())")
    assert club.decide(found, "approve").state == "active"
    # Who is in stays in, and comes back from a suspension, whatever became of the conditions.
    club.sql("UPDATE follow SET until = now(); UPDATE program SET rollout_percent = 0")
    club.decide(found, "suspend")
    assert club.decide(found, "reactivate").state == "active"


def test_conditions_are_asked_when_an_invited_creator_accepts(club: Club) -> None:
    club.program(min_followers=1)
    found = club.invite()
    assert club.refused(club.apply).code == "not_eligible"
    assert club.refused(club.decide, found, "approve").code == "not_eligible"
    club.sql("INSERT INTO follow (creator, viewer) VALUES ('c1', gen_random_uuid())")
    assert club.apply().state == "active"


def test_a_growing_roll_out_keeps_who_was_in() -> None:
    creators = [f"creator-{n}" for n in range(4000)]
    buckets = [rollout_bucket("prog", each) for each in creators]
    assert buckets == [rollout_bucket("prog", each) for each in creators]
    assert set(buckets) == set(range(100))
    for percent in (1, 10, 50):
        share = sum(bucket < percent for bucket in buckets) / len(creators)
        assert abs(share - percent / 100) < 0.03
    others = [rollout_bucket("other", each) for each in creators]
    both = sum(a < 10 and b < 10 for a, b in zip(buckets, others, strict=True))
    assert both < 100  # programs draw their creators apart: 40 of 4,000 by chance
    # Written down: a release that drew others would put out who was in.
    assert [rollout_bucket("prog", each) for each in ("c1", "c2", "c3")] == PINNED


PINNED = [57, 80, 58]


def test_terms_are_accepted_with_version_and_time(club: Club) -> None:
    club.program(terms="2026-11")
    required = club.refused(club.apply)
    assert (required.code, required.fields["terms"]) == ("terms_required", "2026-11")
    assert club.refused(club.apply, "c1", "2026-10").code == "terms_outdated"
    found = club.apply("c1", "2026-11")
    assert (found.terms, found.terms_at) == ("2026-11", club.now)
    applied = club.now
    approved = club.decide(found, "approve")
    assert (approved.state, approved.terms, approved.terms_at) == ("active", "2026-11", applied)
    club.leave(found)
    assert club.refused(club.apply).code == "terms_required"


def test_nobody_is_approved_who_has_not_accepted(club: Club) -> None:
    club.program(terms="2026-11")
    found = club.invite()
    assert found.terms is None
    assert club.refused(club.decide, found, "approve").code == "terms_not_accepted"
    assert club.refused(club.apply).code == "terms_required"
    joined = club.apply("c1", "2026-11")
    assert (joined.state, joined.terms, joined.terms_at) == ("active", "2026-11", club.now)
    again = club.decide(club.apply("c2", "2026-11"), "reject")
    invited = club.invite("c2")
    assert (invited.id, invited.terms) == (again.id, None)
    assert club.refused(club.decide, invited, "approve").code == "terms_not_accepted"


def test_terms_that_a_program_does_not_have(club: Club) -> None:
    club.program()
    assert club.refused(club.apply, "c1", "2026-11").code == "terms_outdated"


def test_a_clock_that_lags_behind_never_overlaps_intervals(club: Club) -> None:
    club.program()
    found = club.decide(club.apply(), "approve")
    club.now -= timedelta(hours=1)
    assert spans(club.decide(found, "suspend")) == [(2, 2)]
    assert spans(club.decide(found, "reactivate")) == [(2, 2), (2, None)]
    club.now += timedelta(hours=2)
    assert spans(club.leave(found)) == [(2, 2), (2, 65)]


def test_many_decide_at_once(club: Club) -> None:
    """One of them does it; nobody leaves two standing memberships or an error of the database."""
    club.program()
    for _ in range(5):
        applied = _attempts(club, apply, "club", "c1", None, club.now)
        assert sorted(applied) == ["already_enrolled"] * 7 + ["done"]
        with transaction(club.engine) as session:
            [(_, found)] = list_enrolments(session, "club", "c1", 10, None)
        outcomes = _attempts(club, decide, found.id, "approve", "olga", None, club.now)
        assert sorted(outcomes) == ["done"] + ["enrolment_active"] * 7
        assert _attempts(club, leave, found.id, club.now).count("done") == 1
    club.do(_closed)


def _closed(session: Any, _: datetime) -> None:
    assert session.scalar(text("SELECT count(*) FROM membership WHERE until IS NOT NULL")) == 5
    assert session.scalar(text("SELECT count(*) FROM membership")) == 5


def _attempts(club: Club, verb: Any, *args: Any) -> list[str]:
    def attempt(_: int) -> str:
        try:
            with transaction(club.engine) as session:
                verb(session, *args)
        except KopeckError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(attempt, range(8)))


def test_lists_by_state(club: Club) -> None:
    club.program()
    club.decide(club.apply("c1"), "approve")
    club.apply("c2")
    with transaction(club.engine) as session:
        listed = list_enrolments(session, "club", None, 10, None, "applied")
        assert [each.creator for _, each in listed] == ["c2"]
        assert len(list_enrolments(session, "club", None, 10, None)) == 2
        assert list_enrolments(session, "club", "c1", 10, None, "applied") == []
