"""The marketplace with programs and money, whose every price and payment must be what the plain models say."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from market_facts import SETTINGS, MarketFacts
from pay_oracle import Open, accrual
from reward_facts import DAY, OracleProgram, OracleRule
from reward_oracle import PROTECTION, targets
from sqlalchemy import text

from core.database import transaction
from core.money import Money
from jobs.checks import CHECKS
from ledger.balances import trial_totals
from ledger.post import credit, debit, post
from ledger.verify import run_checks
from rewards.accrue import accrue
from rewards.deposit import deposit_money
from rewards.funds import create_fund
from rewards.lines import create_line
from rewards.price import price
from rewards.release import release

_RULE = (
    'INSERT INTO rule (version_id, name, grain, "where", amount, on_shortfall)'
    " VALUES (:version, :name, :grain, :where, :amount, :on_shortfall) RETURNING id"
)
_OPEN = """
    SELECT t.*, r.on_shortfall, p.fund || '/' || p.line AS line, p.currency,
        coalesce(t.matures_at, (t.day + 1 + p.hold_days)::timestamptz) AS matures
    FROM reward_target t JOIN rule r ON r.id = t.rule_id JOIN program p ON p.id = t.program
"""


class Market(MarketFacts):
    # --- money and programs

    def fund(self, id: str, currency: str, **lines: str) -> None:
        given = Money.parse("1000000.00", currency)
        with transaction(self.engine) as session:
            create_fund(session, id, id, given)
            deposit_money(session, id, given, None, "fin", self.now, SETTINGS)
            for line, amount in lines.items():
                once = Money.parse(amount, currency)
                create_line(session, id, line, line, once, "once", True, self.now, SETTINGS)
                self.payers["line", f"{id}/{line}"] = f"liabilities:fund:{id}:line:{line}"

    def top_up(self, payer: tuple[str, str], micros: int, currency: str = "RUB") -> None:
        """Money for a line out of its fund, for a seller out of nowhere: neither way is what is tried here."""
        kind, id = payer
        code = (
            f"liabilities:fund:{id.split('/')[0]}:unallocated"
            if kind == "line"
            else "assets:bank:manual:" + currency
        )
        if kind == "seller":
            self.payers[payer] = f"liabilities:seller:{id.split('/')[0]}:balance"
        money = Money(micros, currency)
        with transaction(self.engine) as session:
            number = session.scalar(text("SELECT count(*) FROM entry"))
            legs = [debit(code, money), credit(self.payers[payer], money)]
            post(session, key=f"top {number}", kind="adjustment", effective_on=self.now.date(), legs=legs)

    def program(
        self,
        id: str,
        line: str | None,
        hold: int = 0,
        open_to: str = "all",
        protection: int = 0,
        currency: str = "RUB",
    ) -> None:
        fund, part = line.split("/") if line else (None, None)
        self.programs[id] = OracleProgram(id, currency, line, hold, open_to == "all", protection)
        self.write(
            "INSERT INTO program (id, name, currency, fund, line, policy, hold_days, open, rate_protection_days)"
            " VALUES (:i, :i, :cur, :f, :l, 'default', :h, :o, :p)",
            i=id, cur=currency, f=fund, l=part, h=hold, o=open_to, p=protection,
        )  # fmt: skip

    def version(self, program: str, since: date, *rules: OracleRule) -> None:
        """An active version; a later one protects rates if its program does."""
        known = self.programs[program]
        number = len(known.versions) + 1
        version = self.write(
            "INSERT INTO program_version (program, number, effective_from, state, drafted_by)"
            " VALUES (:p, :n, :d, 'draft', 'op') RETURNING id", p=program, n=number, d=since,
        )  # fmt: skip
        if number > 1 and known.protection:
            rules += (OracleRule(0, PROTECTION, "creator_day", ""),)
        made = []
        for rule in rules:
            values = {k: v for k, v in vars(rule).items() if k not in ("id", "caps")} | {
                "amount": rule.amount or None
            }
            made.append(replace(rule, id=self.write(_RULE, version=version, **values)))
            for per, amount in rule.caps:
                self.write("INSERT INTO rule_cap VALUES (:r, :p, :a)", r=made[-1].id, p=per, a=amount)
        self.write(
            "UPDATE program_version SET state = 'active', activated_by = 'op', activated_at = :at WHERE id = :v",
            at=self.now, v=version,
        )  # fmt: skip
        known.versions.append((since, made))

    def join(self, program: str, creator: str) -> None:
        self.facts.members.append((program, creator, (self.now, None)))
        self.write("INSERT INTO membership (program, creator, since) VALUES (:p, :c, :at)", p=program, c=creator, at=self.now)  # fmt: skip

    def leave(self, program: str, creator: str) -> None:
        for i, (where, who, (since, until)) in enumerate(self.facts.members):
            if (where, who, until) == (program, creator, None):
                self.facts.members[i] = (where, who, (since, self.now))
        self.write(
            "UPDATE membership SET until = :at WHERE program = :p AND creator = :c AND until IS NULL",
            p=program, c=creator, at=self.now,
        )  # fmt: skip

    # --- what the service does, and what the model says of it

    def later(self, **by: int) -> None:
        self.now += timedelta(**by)

    def price(self, limit: int = 50_000) -> int:
        with transaction(self.engine) as session:
            return price(session, self.now, SETTINGS, limit)

    def release(self, limit: int = 50_000) -> int:
        with transaction(self.engine) as session:
            return release(session, self.now, limit)

    def accrue(self, limit: int = 20_000) -> int:
        """One accrual, which must pay and cut what the model says, to the micro."""
        rows, money = self.open(), self.money()
        accrual(rows, money, limit, self._waits())
        with transaction(self.engine) as session:
            posted = accrue(session, self.now, SETTINGS, limit)
        same({row.id: row for row in self.open()}, {row.id: row for row in rows})
        same(self.money(), money)
        return posted

    def _waits(self) -> bool:
        return bool(
            self.write(
                "SELECT count(*) > 0 FROM (SELECT 1 FROM changed_day WHERE day < :t UNION ALL"
                " SELECT 1 FROM changed_month WHERE month < date_trunc('month', CAST(:t AS date)) UNION ALL"
                " SELECT 1 FROM changed_purchase c JOIN purchase p ON p.id = c.purchase_id WHERE p.day < :t) w",
                t=self.today,
            )
        )

    def open(self) -> list[Open]:
        with transaction(self.engine) as session:
            found = session.execute(text(_OPEN)).all()
        rows = [
            Open(
                t.id, t.rule_id, t.program, t.key, t.day, t.target, t.cut, t.cut_at, t.posted, t.shadow,
                ("line", t.line) if t.line else ("seller", f"{t.seller}/{t.currency}"),
                t.on_shortfall == "prorate", t.matures,
            )
            for t in found
        ]  # fmt: skip
        assert {t.id: t.due for t in found} == {row.id: row.due for row in rows}
        return sorted(rows, key=lambda row: row.id)

    def money(self) -> dict[tuple[str, str], int]:
        with transaction(self.engine) as session:
            held = text(
                "SELECT -b.balance FROM account a JOIN balance b ON b.account_id = a.id WHERE a.code = :c"
            )
            return {payer: int(session.scalar(held, {"c": code}) or 0) for payer, code in self.payers.items()}

    def settle(self) -> None:
        """Price and pay until nothing is left to do; then every target and every creator's balance is the model's."""
        while self.price() + self.accrue() + self.release():
            pass
        self.prove()
        wanted = {}
        for program in self.programs.values():
            wanted |= targets(self.facts, program, self.today)
        with transaction(self.engine) as session:
            rows = session.execute(text("SELECT * FROM reward_target WHERE uncapped <> 0")).all()
        have = {
            (t.rule_id, t.key): (t.creator, t.day, t.uncapped, t.target, t.seller, t.shadow) for t in rows
        }
        same(
            have,
            {key: (o.creator, o.day, o.uncapped, o.target, o.seller, o.shadow) for key, o in wanted.items()},
        )
        assert self.write("SELECT count(*) FROM reward_target WHERE uncapped = 0 AND target <> 0") == 0
        self._balances()

    def prove(self) -> None:
        with transaction(self.engine) as session:
            assert [each for each in run_checks(session, CHECKS) if each.halts] == []
            assert all(total == 0 for total, _ in trial_totals(session).values())

    def _balances(self) -> None:
        """Each creator holds what was posted to it: pending until it matures, then available."""
        held = self.write(
            "SELECT count(*) FROM (SELECT creator, currency, sum(amount) FILTER (WHERE matures_at > :now) AS pending,"
            " sum(amount) FILTER (WHERE matures_at <= :now) AS available FROM reward GROUP BY 1, 2) w"
            " CROSS JOIN LATERAL (VALUES ('pending', w.pending), ('available', w.available)) v (pot, amount)"
            " LEFT JOIN account a ON a.code = 'liabilities:creator:' || w.creator || '\\:' || v.pot AND a.currency = w.currency"
            " LEFT JOIN balance b ON b.account_id = a.id WHERE coalesce(v.amount, 0) <> -coalesce(b.balance, 0)",
            now=self.now,
        )
        assert held == 0


def same(have: dict[Any, Any], want: dict[Any, Any]) -> None:
    """Say only what differs."""
    keys = [key for key in have.keys() | want.keys() if have.get(key) != want.get(key)]
    assert not keys, {key: ("have", have.get(key), "want", want.get(key)) for key in keys}


__all__ = ["DAY", "SETTINGS", "Market", "OracleRule"]
