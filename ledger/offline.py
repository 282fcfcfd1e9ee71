"""Prove the books from an export alone: no database, nothing of this installation; constant memory.

It believes nothing but the public keys that it is given: every leaf, root, link and signature is made anew, every entry
must balance, every account join up, and the trailer must count what came.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.key_chain import PublishedKey
from ledger.merkle import RisingRoot
from ledger.offline_lines import DAMAGED, EntryLine, read_entry, read_key, read_seal
from ledger.offline_sums import Sums
from ledger.seal_chain import Head, SealChain

MOST_PROBLEMS = 1000


@dataclass(slots=True)
class Report:
    """What was read, and everything that is wrong with it (the first thousand problems, and how many in all)."""

    entries: int = 0
    sealed: int = 0
    postings: int = 0
    accounts: int = 0
    seals: int = 0
    head: Head | None = None
    problems: list[str] = field(default_factory=list)
    problem_count: int = 0

    def add(self, subject: str, problems: Iterable[str]) -> None:
        for problem in problems:
            self.problem_count += 1
            if len(self.problems) < MOST_PROBLEMS:
                self.problems.append(subject + problem)


def verify_export(lines: Iterable[bytes], trusted: Sequence[bytes] = (), head: Head | None = None) -> Report:
    """Prove an export. `trusted`: public keys known from elsewhere; without them the export's own first key is
    believed. `head`: a seal's number and hash written down earlier, which must be in the chain.
    """
    return _Reader(trusted, head).read(lines)


class _Reader:
    """One pass over the lines."""

    def __init__(self, trusted: Sequence[bytes], head: Head | None) -> None:
        self._trusted, self._head = trusted, head
        self._report, self._sums = Report(), Sums()
        self._keys: list[PublishedKey] = []
        self._made_chain: SealChain | None = None
        self._trailer: dict[str, Any] | None = None
        self._behind = False  # have entries begun that no seal holds?
        self._begin_seal()

    def _begin_seal(self) -> None:
        self._tree, self._postings = RisingRoot(), 0
        self._last_id: int | None = None

    @property
    def _chain(self) -> SealChain:
        """Made when all keys have been read."""
        if self._made_chain is None:
            self._made_chain = SealChain(self._keys, self._trusted, self._head)
        return self._made_chain

    def read(self, lines: Iterable[bytes]) -> Report:
        for number, line in enumerate(lines, 1):
            try:
                self._take(number, json.loads(line))
            except DAMAGED:
                self._report.add(f"line {number} ", ["is not a line of an export, or was damaged"])
        self._end_seal()
        self._about(self._chain.finish())
        self._report.add("", self._sums.compare(self._trailer, self._report.seals))
        self._report.entries, self._report.postings = self._sums.entries, self._sums.postings
        self._report.accounts = len(self._sums.accounts)
        return self._report

    def _take(self, number: int, line: dict[str, Any]) -> None:
        kind = line.get("type")
        if number == 1:
            if line.get("kopeck") != "ledger-export" or line.get("version") != 1:
                raise ValueError("unknown export")
        elif self._trailer is not None:
            raise ValueError("behind the end")
        elif kind == "key":
            self._keys.append(read_key(line))
        elif kind == "seal":
            self._seal(line)
        elif kind == "entry":
            self._entry(read_entry(line))
        elif kind == "missing":
            self._about([(f"entry {line['id']}", f"seal {line['seal']} holds it, and it is gone")])
        elif kind == "trailer":
            self._trailer = line
        else:
            raise ValueError("unknown line")

    def _about(self, problems: Iterable[tuple[str, str]]) -> None:
        for subject, problem in problems:
            self._report.add(f"{subject}: ", [problem])

    def _seal(self, line: dict[str, Any]) -> None:
        self._end_seal()
        self._begin_seal()
        seal = read_seal(line)
        self._about(self._chain.take(seal))
        self._report.seals += 1
        self._report.head = (seal.n, seal.digest())

    def _end_seal(self) -> None:
        """All entries of the seal have been read: they must be what it says."""
        seal = self._chain.last
        if seal is None:
            return
        here, says = (self._tree.size, self._postings), (seal.entries, seal.postings)
        if here != says:
            counts = "{} entries with {} postings, the export {} with {}".format(*says, *here)
            self._about([(f"seal {seal.n}", f"it holds {counts}")])
        if self._tree.root() != seal.root:
            self._about([(f"seal {seal.n}", "its root is not that of its entries")])

    def _entry(self, entry: EntryLine) -> None:
        subject = f"entry {entry.name}: "
        if entry.public != entry.name:
            self._report.add(subject, [f"the export calls it {entry.public}"])
        if entry.seal is None:
            self._behind = True
        else:
            self._report.add(subject, self._place(entry))
        self._report.add(subject, self._sums.take(entry))

    def _place(self, entry: EntryLine) -> Iterator[str]:
        """Into the seal that was read last, behind the entry before it."""
        seal = self._chain.last
        if seal is None or seal.n != entry.seal or self._behind:
            yield f"it does not stand with its seal {entry.seal}"
            return
        if entry.sealed_leaf != entry.leaf.hex():
            yield f"it is not what seal {seal.n} holds"
        if self._last_id is not None and entry.id <= self._last_id:
            yield f"it stands out of order in seal {seal.n}"
        self._last_id = entry.id
        self._tree.add(entry.leaf)
        self._postings += len(entry.postings)
        self._report.sealed += 1
