"""A request of events taken apart: the same functions as the service's, in this process over one connection."""

import time
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from attribution.decode import decode_ndjson
from attribution.ingest import ingest
from bench.ground import app_engine, settings_of
from bench.row import Watch
from core.database import sql
from core.secrets import load_vault


def take_apart(url: str, bodies: list[bytes], now: datetime) -> Watch:
    """Laps named decode, dedupe, load (COPY, and what is done to the rows for it), rest, commit."""
    engine, settings, watch = app_engine(url), settings_of(url), Watch()
    vault, statements = load_vault(settings), _timed(engine)
    for body in bodies:
        with watch.lap("decode"):
            decoded = decode_ndjson(body, now=now, settings=settings, vault=vault)
        statements.clear()
        with Session(engine) as session, session.begin():
            session.connection()
            started = time.perf_counter()
            ingest(session, decoded, source="bench", now=now)
            seconds = time.perf_counter() - started
            dedupe = sum(took for statement, took in statements if statement == _ODD)
            every = sum(took for _, took in statements)
            for name, took in {"dedupe": dedupe, "load": seconds - every, "rest": every - dedupe}.items():
                watch.laps.setdefault(name, []).append(took)
            with watch.lap("commit"):
                session.commit()
    engine.dispose()
    return watch


_ODD = sql("attribution", "touch_odd").text.partition("\n")[0]


def _timed(engine: Engine) -> list[tuple[str, float]]:
    """The first line and the seconds of every statement that SQLAlchemy runs from now on; COPY is none of them."""
    found: list[tuple[str, float]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        connection.info["began"] = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def after(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found.append((statement.partition("\n")[0], time.perf_counter() - connection.info["began"]))

    return found
