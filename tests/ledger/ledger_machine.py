"""The real books beside the model: how one is asked what the other is, and what must agree after every step."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant
from ledger_model import Account, Model, Request
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.database import savepoint, transaction
from core.errors import KopeckError
from core.money import Money
from ledger.balances import trial_totals
from ledger.post import Leg, post

CURRENCIES = ("RUB", "USD", "JPY")
DAYS = 8
_STATE = text(
    "SELECT a.code, a.currency, b.balance, b.version FROM account a JOIN balance b ON b.account_id = a.id"
    " WHERE a.code = ANY (:codes) AND b.version > 0"
)
_LINES = text(
    "SELECT a.code, a.currency, p.version, e.key, p.amount, p.balance, p.booked_on, p.latest_on, e.booked_on AS day"
    " FROM account a JOIN posting p ON p.account_id = a.id JOIN entry e ON e.id = p.entry_id"
    " WHERE a.code = ANY (:codes) ORDER BY a.code, a.currency, p.version"
)
WATERMARK = text(
    "INSERT INTO watermark (taken_at, xid_offset, snapshot, below_xid) SELECT clock_timestamp(), ledger_epoch(),"
    " s::text, ledger_epoch() + pg_snapshot_xmin(s)::text::bigint FROM pg_current_snapshot() s RETURNING n"
)
_SEEN = text(
    "SELECT a.code, a.currency, ledger_version_at(a.id, :n) AS version FROM account a WHERE a.code = ANY (:codes)"
)
_ON = text(
    "SELECT a.code, a.currency, ledger_balance_on(a.id, :day) AS balance FROM account a WHERE a.code = ANY (:codes)"
)


class Books(RuleBasedStateMachine):
    """The real door beside the model."""

    engine: ClassVar[Engine]
    numbers: ClassVar[Iterator[int]]
    outcomes: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        n = next(self.numbers)
        self.first = date(1000 + n, 1, 1)
        self.names = [
            f"liabilities:fund:f{n}:unallocated",
            *(f"liabilities:fund:f{n}:line:{line}" for line in "ab"),
            f"liabilities:creator:c{n}:in_transit",
            f"liabilities:seller:s{n}:balance",
            *(f"liabilities:creator:c{n}:{pot}" for pot in ("available", "pending")),
            f"income:fees:k{n}",
            f"expenses:provider_fees:p{n}",
        ]
        self.codes = [*self.names, *(f"assets:bank:b{n}:{currency}" for currency in CURRENCIES)]
        self.model = Model()
        self.ids: dict[str, int] = {}
        self.watermarks: dict[int, dict[Account, int]] = {}
        self.closings: dict[date, dict[Account, int]] = {}

    def code(self, place: int, currency: str) -> str:
        return (*self.names, f"assets:bank:{self.codes[-1].split(':')[2]}:{currency}")[place]

    def day(self, number: int) -> date:
        return self.first + timedelta(number)

    def ask(self, session: Session, asked: Request) -> tuple[str, str]:
        """The door's answer, in the model's words. It runs in a savepoint, so a refusal leaves the rest standing."""
        try:
            with savepoint(session):
                posted = post(
                    session,
                    key=f"{self.first}:{asked.key}",
                    kind=asked.kind,
                    legs=[Leg(code, Money(amount, asked.currency)) for code, amount in asked.legs],
                    effective_on=asked.day,
                    note=asked.note,
                    at_least={code: Money(least, asked.currency) for code, least in asked.at_least},
                    corrects=self.ids[asked.corrects] if asked.corrects else None,
                )
        except KopeckError as error:
            named = error.detail.split(" ")[0] if error.code == "insufficient_funds" else ""
            return (error.code, named)
        if posted.replayed:
            assert posted.id == self.ids[asked.key]
            return ("replayed", "")
        self.ids[asked.key] = posted.id
        return ("posted", "")

    def both(self, session: Session, asked: Request) -> None:
        expected, short = self.model.post(asked)
        said, account = self.ask(session, asked)
        self.outcomes[said] += 1
        assert said == expected
        assert not short or account in short, "the account that falls short is named"

    def post(self, asked: Request) -> None:
        with transaction(self.engine) as session:
            self.both(session, asked)

    def request(
        self, key: int, currency: str, day: int, drawn: list[tuple[int, int]], last: int, off: int = 0
    ) -> Request:
        """The last leg makes it balance, but for `off`."""
        made = [(self.code(place, currency), amount) for place, amount in drawn]
        made.append((self.code(last, currency), off - sum(amount for _, amount in made)))
        return Request(f"k{key}", f"kind{key % 3}", currency, self.day(day), tuple(made))

    def entry_of(self, pick: int) -> Request:
        names = list(self.model.entries)
        return self.model.entries[names[pick % len(names)]][0]

    @invariant()
    def balances_and_versions_agree(self) -> None:
        with transaction(self.engine) as session:
            rows = session.execute(_STATE, {"codes": self.codes}).all()
            totals = trial_totals(session)
        found = {(row.code, row.currency): (row.balance, row.version) for row in rows}
        assert found == {
            account: (self.model.balance(account), version)
            for account, version in self.model.versions().items()
        }
        assert all(total == 0 for total, _ in totals.values())

    def as_of(self, day: date) -> None:
        with transaction(self.engine) as session:
            rows = session.execute(_ON, {"codes": self.codes, "day": day}).all()
        found = {(row.code, row.currency): row.balance for row in rows if row.balance}
        assert found == {account: amount for account, amount in self.model.on(day).items() if amount}
        if day in self.closings:
            assert found == {account: amount for account, amount in self.closings[day].items() if amount}

    def teardown(self) -> None:
        for day in range(DAYS):
            self.as_of(self.day(day))
        with transaction(self.engine) as session:
            rows = session.execute(_LINES, {"codes": self.codes}).all()
            for n, versions in self.watermarks.items():
                seen = session.execute(_SEEN, {"codes": self.codes, "n": n}).all()
                found = {(row.code, row.currency): row.version for row in seen if row.version}
                assert found == versions
        lines = []
        for account, postings in sorted(self.model.postings.items()):
            for version, line in enumerate(postings, 1):
                key, days = f"{self.first}:{line.key}", (line.booked_on, line.latest_on)
                day = self.model.entries[line.key][1]
                lines.append((*account, version, key, line.amount, line.balance, *days, day))
        assert [tuple(row) for row in rows] == lines
