"""Bodies of events into staged rows: every row is judged alone, so that a bad one never stops the others.

Pure but for the vault: a viewer is hashed at once and is nowhere kept as it came.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from attribution.event import Click, Event, Purchase, Refund, View
from attribution.quick import QuickClick, QuickView, decode_quick, plain, plain_moments
from attribution.row_error import refusal
from attribution.sale_line import purchase_line, refund_line
from attribution.staging import SLOT_TEXT, Decoded
from core.errors import Invalid
from core.secrets import Vault
from core.settings import Settings

MAX_EVENTS = 50_000
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_BROKEN = (msgspec.MsgspecError, ValueError, RecursionError)
_decode = msgspec.json.Decoder(Event).decode


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


def decode_ndjson(
    body: bytes, *, now: datetime, settings: Settings, vault: Vault, backfill: bool = False
) -> Decoded:
    """Rows of newline-delimited JSON. Blank lines are skipped, but an index counts them: it is the line's number.

    Raises:
        Invalid: `too_many_events`.
    """
    lines = body.split(b"\n")
    if len(lines) > MAX_EVENTS and sum(1 for line in lines if line and not line.isspace()) > MAX_EVENTS:
        raise _too_many()
    return decode_lines(lines, now=now, settings=settings, vault=vault, backfill=backfill)


def decode_json(
    body: bytes, *, now: datetime, settings: Settings, vault: Vault, backfill: bool = False
) -> Decoded:
    """Rows of `{"events": [...]}`.

    Raises:
        Invalid: `broken_json` (no JSON, or a missing or unknown outer key), `too_many_events`.
    """
    try:
        items: list[bytes | msgspec.Raw] = list(msgspec.json.decode(body, type=_Body).events)
    except msgspec.ValidationError as error:
        raise Invalid("broken_json", f'The body must be {{"events": [...]}}: {str(error)[:200]}') from None
    except _BROKEN:
        items = _items_with_nan(body)
    if len(items) > MAX_EVENTS:
        raise _too_many()
    return decode_lines(items, now=now, settings=settings, vault=vault, backfill=backfill)


def decode_lines(
    lines: Iterable[bytes | msgspec.Raw],
    *,
    now: datetime,
    settings: Settings,
    vault: Vault,
    backfill: bool = False,
    first_index: int = 0,
) -> Decoded:
    """Rows of JSON texts, one event each; blank ones are skipped."""
    result = Decoded()
    latest = now + timedelta(seconds=settings.future_seconds)
    earliest = FIRST_MOMENT if backfill else max(FIRST_MOMENT, now - timedelta(days=settings.late_days))
    moment, hashed = plain_moments(earliest, latest), vault.pseudonym
    for index, line in enumerate(lines, first_index):
        sale = None
        try:
            event = decode_quick(line)
            kind = type(event)
            if kind is QuickView and plain(f"{event.id}{event.viewer}{event.content}"):
                if when := moment(event.occurred_at):
                    _add(result, index, event, _view(event, when, hashed(event.viewer)))
                    continue
            elif kind is QuickClick and plain(f"{event.id}{event.viewer}{event.content}{event.product}"):
                if when := moment(event.occurred_at):
                    _add(result, index, event, _click(event, when, hashed(event.viewer)))
                    result.products.add(event.product)
                    continue
            elif isinstance(event, Purchase | Refund):
                sale = event
        except _BROKEN:
            pass
        if not (type(line) is bytes and (not line or line.isspace())):
            _strictly(result, index, line, sale, earliest, latest, hashed)
    return result


def _strictly(
    result: Decoded,
    index: int,
    line: bytes | msgspec.Raw,
    sale: Purchase | Refund | None,
    earliest: datetime,
    latest: datetime,
    hashed: Callable[[str], str],
) -> None:
    """Whatever is not plain: sales, other forms of a moment, and all that is to be refused."""
    try:
        event = sale or _decode(line)
        at = event.occurred_at
        if not earliest <= at <= latest:
            raise _out_of_time(at, latest)
        when = (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()
        if type(event) is View:
            _add(result, index, event, _view(event, when, hashed(event.viewer)))
        elif type(event) is Click:
            _add(result, index, event, _click(event, when, hashed(event.viewer)))
            result.products.add(event.product)
        elif type(event) is Purchase:
            result.sales.append(purchase_line(index, event, when, hashed))
            result.purchases += 1
        else:
            result.sales.append(refund_line(index, event, when))
            result.refunds += 1
    except (*_BROKEN, Invalid) as error:
        result.errors.append(refusal(index, line, error))


def _add(result: Decoded, index: int, event: View | Click | QuickView | QuickClick, touch: str) -> None:
    result.touches.append(touch)
    result.ids.append(event.id)
    result.indexes.append(index)
    result.slots.add(touch[:SLOT_TEXT])
    result.contents.add(event.content)


def _view(event: View | QuickView, when: str, viewer: str) -> str:
    watched = r"\N" if event.watch_ms is None else event.watch_ms
    completed = r"\N" if event.completed is None else event.completed
    return f"{when}\t{event.id}\t1\t{viewer}\t{event.content}\t\\N\t{watched}\t{completed}"


def _click(event: Click | QuickClick, when: str, viewer: str) -> str:
    return f"{when}\t{event.id}\t2\t{viewer}\t{event.content}\t{event.product}\t\\N\t\\N"


def _out_of_time(at: datetime, latest: datetime) -> Invalid:
    if at > latest:
        return Invalid("in_future", "The event lies in the future.")
    return Invalid("too_late", "The event is older than the late limit.")


def _too_many() -> Invalid:
    return Invalid("too_many_events", f"A body holds at most {MAX_EVENTS} events.")


def _items_with_nan(body: bytes) -> list[bytes | msgspec.Raw]:
    """The items of a body that is JSON but for NaN and Infinity, which careless writers emit. They become objects,
    which no field takes: such an item alone is refused, not the body.
    """
    try:
        outer = json.loads(body, parse_constant=lambda name: {name: None})
        if not isinstance(outer, dict) or outer.keys() != {"events"} or not isinstance(outer["events"], list):
            raise Invalid("broken_json", 'The body must be {"events": [...]}.')
        return [json.dumps(item).encode() for item in outer["events"]]
    except (ValueError, RecursionError):
        raise Invalid("broken_json", "The body is not JSON.") from None
