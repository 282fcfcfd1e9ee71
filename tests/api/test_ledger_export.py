"""The export over HTTP: chosen by query or header, streamed, and nothing stays open behind it."""

import csv
import io
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest
from api_market import Market
from api_served import Served, at_once, eventually
from by_hand import unguarded
from sqlalchemy import Engine, text

from api import streams
from ledger.export import FORMATS

PATH = "/v1/ledger/export"
NAMES = [name for name in FORMATS if name != "ndjson"]
_HOLDING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND state LIKE 'idle in transaction%'"
)
# Entries by the hundred thousand postings: more than any buffer on the way takes.
_BULK = text(
    "INSERT INTO entry (key, fingerprint, kind, currency, effective_on, booked_on, note, posting_count, xid)"
    " SELECT 'bulk ' || n, '', 'x', 'RUB', '2026-11-01', '2026-11-01', repeat(md5(n::text), 20), 2, 0"
    " FROM generate_series(1, :n) n"
)
_LEGS = text(
    "INSERT INTO posting SELECT a, v.version + row_number() OVER (PARTITION BY a ORDER BY e.id), e.id, m, m, e.booked_on,"
    " e.booked_on FROM entry e, (VALUES (1, 1), (2, -1)) leg (a, m), LATERAL (SELECT version FROM balance"
    " WHERE account_id = a) v WHERE e.key LIKE 'bulk %'"
)


@pytest.fixture
def large(owner: Engine) -> int:
    """10,000 entries more; the file has 17 MB."""
    with unguarded(owner) as connection:
        connection.execute(_BULK, {"n": 10_000})
        connection.execute(_LEGS)
    return 10_000


@pytest.fixture(autouse=True)
def nothing_is_held(market: Market) -> Iterator[None]:
    """After each test no turn is taken and no connection is out of the pool."""
    yield
    free = [streams.turns.acquire(blocking=False) for _ in range(streams.AT_ONCE)]
    for _ in range(sum(free)):
        streams.turns.release()
    assert all(free)
    assert market.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def holding(owner: Engine) -> int:
    """Exports under way; whoever is not the owner does not see what other connections do."""
    with owner.connect() as connection:
        return int(connection.scalar(_HOLDING) or 0)


@pytest.mark.parametrize("name", NAMES)
def test_every_format_by_query_and_by_header(market: Market, name: str) -> None:
    chosen = FORMATS[name]
    asked = market.call("auditor", "GET", f"{PATH}?format={name}", accept="text/html")
    assert asked.status_code == 200 and asked.mimetype == chosen.media
    expected = f'attachment; filename="ledger-{market.clock.now:%Y-%m-%d}.{chosen.suffix}"'
    assert asked.headers["Content-Disposition"] == expected
    accepted = market.call("finance", "GET", PATH, accept=f"application/json, {chosen.media};q=0.5")
    assert accepted.mimetype == chosen.media and accepted.data == asked.data


def test_what_comes_is_the_whole_of_the_books(market: Market) -> None:
    rows = list(csv.DictReader(io.StringIO(market.call("auditor", "GET", PATH).text), strict=True))
    with market.engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM posting"))
    assert sum(row["entry"] != "total" for row in rows) == count
    read = pq.read_table(io.BytesIO(market.call("auditor", "GET", f"{PATH}?format=parquet").data))
    assert read.num_rows == count


@pytest.mark.parametrize("accept", [None, "*/*", "text/*", "text/csv;q=0.1", "text/html, */*;q=0.1"])
def test_csv_is_what_comes_by_itself(market: Market, accept: str | None) -> None:
    assert market.call("auditor", "GET", PATH, accept=accept).mimetype == "text/csv"


@pytest.mark.parametrize("accept", ["application/json", "image/*", "text/csv;q=0"])
def test_what_nobody_writes_is_406(market: Market, accept: str) -> None:
    answer = market.call("auditor", "GET", PATH, accept=accept)
    assert (answer.status_code, answer.json["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize("query", ["format=xls", "format=", "format=CSV", "format=../csv", "formats=csv", "format=csv&format=csv"])  # fmt: skip
def test_an_unknown_format_is_422(market: Market, query: str) -> None:
    assert market.call("auditor", "GET", f"{PATH}?{query}").status_code == 422


def test_what_fails_at_the_start_is_a_problem(market: Market, owner: Engine) -> None:
    with unguarded(owner) as connection:
        connection.execute(text("DELETE FROM posting WHERE entry_id = (SELECT min(id) FROM entry)"))
    for name in NAMES:
        answer = market.call("auditor", "GET", f"{PATH}?format={name}")
        assert (answer.status_code, answer.json["code"]) == (409, "books_broken")


@pytest.fixture
def under_way(market: Market, nothing_is_held: None) -> Iterator[Callable[[], Any]]:
    """Answers of which nothing was read yet; closed at the end, also when the test fails."""
    answers = []

    def begin() -> Any:
        headers = {"Authorization": f"Bearer {market.call.keys['auditor']}"}
        answers.append(market.call.app.test_client().get(PATH, headers=headers, buffered=False))
        return answers[-1]

    yield begin
    for answer in answers:
        answer.close()


def test_a_third_at_once_is_asked_to_come_again(
    market: Market, owner: Engine, large: int, under_way: Any
) -> None:
    one, other = under_way(), under_way()
    refused = market.call("auditor", "GET", PATH)
    assert (refused.status_code, refused.json["code"]) == (503, "too_busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert holding(owner) == 2
    assert b"\ntotal,,,RUB," in one.data
    assert b"\ntotal,,,RUB," in market.call("auditor", "GET", PATH).data
    other.close()
    assert holding(owner) == 0


def test_an_error_on_the_way_cuts_the_file_and_frees_all(
    market: Market, owner: Engine, large: int, under_way: Any
) -> None:
    answer = under_way()
    pieces = iter(answer.iter_encoded())
    next(pieces)
    eventually(
        lambda: cut_off(owner) == 1
    )  # between two of its statements, which may take more than one look
    with pytest.raises(Exception, match="database does not answer"):
        for _ in pieces:
            pass
    assert holding(owner) == 0


def test_head_answers_without_a_body(market: Market, large: int) -> None:
    answer = market.call("auditor", "HEAD", PATH)
    assert answer.status_code == 200 and answer.data == b""


def begin(served: Served) -> socket.socket:
    """A client that has read the beginning of a file."""
    client = socket.create_connection(("127.0.0.1", served.port))
    key = served.keys["auditor"]
    client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    head = client.recv(100)
    assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")), head
    return client


def test_a_client_that_goes_leaves_nothing_behind(served: Served, owner: Engine, large: int) -> None:
    for _ in range(6):
        begin(served).close()
    eventually(lambda: holding(owner) == 0)
    whole = eventually(lambda: (a := served.call("auditor", "GET", PATH)).status == 200 and a)
    assert whole.headers["Transfer-Encoding"] == "chunked" and whole.data.count(b"bulk ") == 2 * large


def test_exports_that_nobody_reads_do_not_stop_the_api(served: Served, owner: Engine, large: int) -> None:
    clients = [begin(served) for _ in range(5)]
    try:
        assert 0 < holding(owner) <= 2 * streams.AT_ONCE
        answers = at_once(8, lambda _: served.call("auditor", "GET", "/v1/ledger/trial-balance").status)
        assert answers == [200] * 8
    finally:
        for client in clients:
            client.close()
    eventually(lambda: holding(owner) == 0)


def cut_off(owner: Engine) -> int:
    with owner.connect() as connection:
        return int(connection.scalar(text(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()"
        )) or 0)  # fmt: skip


def test_a_server_cut_off_on_the_way_sends_no_end(served: Served, owner: Engine, large: int) -> None:
    client = begin(served)
    eventually(lambda: holding(owner) == 1)
    eventually(
        lambda: cut_off(owner) == 1
    )  # between two of its statements, which may take more than one look
    received = b""
    client.settimeout(20)
    while piece := client.recv(1 << 20):
        received += piece
    client.close()
    assert not received.endswith(b"0\r\n\r\n") and b"\ntotal," not in received
