"""The books for other programs: one snapshot, streamed, in one of `FORMATS`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from sqlalchemy.orm import Session

from core.export.pieces import packed


def _nobody(_: int) -> None:
    """Nobody asks how far it came."""


class Writer(Protocol):
    """Yields the file in pieces; tells how many postings each entry brought. Runs in an `open_snapshot`."""

    def __call__(self, session: Session, tell: Callable[[int], None] = _nobody) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Format:
    """What a file of this kind is called and who writes it. `binary`: a terminal must not show it. `tells`: its writer
    says how far it came.
    """

    media: str
    suffix: str
    writer: Writer
    binary: bool = False
    tells: bool = True


def _by(module: str) -> Writer:
    """That module's `write`, imported with the first file: pyarrow takes its time."""

    def write(session: Session, tell: Callable[[int], None] = _nobody) -> Iterator[bytes]:
        return cast(Writer, import_module(f"ledger.export.{module}").write)(session, tell)

    return write


def _proof(session: Session, tell: Callable[[int], None] = _nobody) -> Iterator[bytes]:
    """What the seals are checked with."""
    return packed(import_module("ledger.export_proof").proof_lines(session))


FORMATS: dict[str, Format] = {
    "csv": Format("text/csv", "csv", _by("csv_rows")),
    "hledger": Format("text/x-hledger", "journal", _by("hledger")),
    "beancount": Format("text/x-beancount", "beancount", _by("beancount")),
    "parquet": Format("application/vnd.apache.parquet", "parquet", _by("parquet"), binary=True),
    "ndjson": Format("application/x-ndjson", "ndjson", _proof, tells=False),
}
