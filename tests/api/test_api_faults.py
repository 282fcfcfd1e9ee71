"""A request that dies on its last step leaves nothing, in any table."""

from collections.abc import Iterator

import pytest
from api_market import Market
from api_requests import REQUESTS, WRITES, operations, picture, send
from sqlalchemy import Engine, text

FAIL = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'secret detail'; END $$"
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT relispartition AND relnamespace = 'public'::regnamespace"


@pytest.fixture
def broken(owner: Engine, market: Market) -> Iterator[None]:
    """Every statement goes well; the commit of whatever changed a row does not."""
    with owner.begin() as connection:
        connection.execute(text(FAIL))
        for table in connection.scalars(text(_TABLES)).all():
            connection.execute(
                text(
                    f'CREATE CONSTRAINT TRIGGER fail AFTER INSERT OR UPDATE OR DELETE ON "{table}"'
                    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()"
                )
            )
    yield
    with owner.begin() as connection:
        connection.execute(text("DROP FUNCTION fail() CASCADE"))


@pytest.fixture
def unanswered(owner: Engine, market: Market) -> Iterator[None]:
    """The effect goes well; the answer kept for repeats, written last, does not."""
    with owner.begin() as connection:
        connection.execute(text(FAIL))
        connection.execute(
            text("CREATE TRIGGER fail AFTER INSERT ON idempotency FOR EACH ROW EXECUTE FUNCTION fail()")
        )
    yield
    with owner.begin() as connection:
        connection.execute(text("DROP FUNCTION fail() CASCADE"))


def test_l9_a_write_that_fails_at_its_commit_leaves_no_row_anywhere(market: Market, broken: None) -> None:
    before = picture(market.engine)
    for name in WRITES:
        answer = send(market, name)
        if name in {"POST /events"}:  # without an event it writes its batch and nothing else
            assert answer.status_code in {200, 500}
        assert answer.status_code == 500, (name, answer.text)
        assert "secret" not in answer.text
    assert picture(market.engine) == before


def test_l9_without_the_fault_the_same_writes_go_through(market: Market) -> None:
    """Else the test above would prove nothing."""
    done = [
        send(market, name).status_code == REQUESTS[name].status for name in WRITES if "payout" not in name
    ]
    assert sum(done) > len(done) // 2


def test_l9_an_effect_without_its_answer_is_undone(market: Market, unanswered: None) -> None:
    before = picture(market.engine)
    for name in operations(idempotent=True):
        assert send(market, name, idempotency_key="k").status_code == 500
        refused = REQUESTS[name].refused
        assert refused is not None
        assert send(market, name, path=refused[0], json=refused[1], idempotency_key="k").status_code == 500
    assert picture(market.engine) == before
