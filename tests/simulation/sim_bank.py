"""A bank with one ruble account of ours: it carries orders out or refuses them, gives some back, and shows statements."""

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from bank_world import OWN_RU, PAYER, booked, documents, incoming, ru_account, statement_1c
from sim_people import payouts, public
from sim_world import World

from core.ids import public_id
from payouts.bank.files import file_content
from payouts.bank.import_statement import import_statement
from payouts.bank.make_file import make_file
from payouts.settle import settle

_MOSCOW = ZoneInfo("Europe/Moscow")
Document = dict[str, str]


@dataclass
class Bank:
    """`orders` wait; `lines` are booked, day by day; `truth`: what became of each mark (out, refused, back)."""

    files: set[int] = field(default_factory=set)
    orders: list[tuple[str, Document]] = field(default_factory=list)
    lines: list[tuple[date, Document]] = field(default_factory=list)
    truth: dict[str, str] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    strange: int = 0

    def balance(self, before: int | None = None) -> int:
        """In kopecks."""
        return sum(_kopecks(line) for _, line in self.lines[:before])

    def statement(self, first: int, last: int) -> bytes:
        """The lines from the first to before the last, as a file; whole days from the first on."""
        while first and first < len(self.lines) and self.lines[first - 1][0] == self.lines[first][0]:
            first -= 1
        days = [day for day, _ in self.lines[first:last]] or [self.lines[-1][0]]
        body = statement_1c(
            *[line for _, line in self.lines[first:last]],
            opening=_amount(self.balance(first)),
            since=f"{days[0]:%d.%m.%Y}",
        )
        return body.replace(
            "ДатаКонца=02.11.2026".encode("cp1251"), f"ДатаКонца={days[-1]:%d.%m.%Y}".encode("cp1251")
        )


def _kopecks(line: Document) -> int:
    amount = int(line["Сумма"].replace(".", ""))
    return -amount if line["ПлательщикСчет"] == OWN_RU else amount


def _amount(kopecks: int) -> str:
    sign, kopecks = "-" if kopecks < 0 else "", abs(kopecks)
    return f"{sign}{kopecks // 100}.{kopecks % 100:02d}"


def file_made(world: World) -> str:
    """Finance makes the file of an approved run, perhaps again, and gives it to the bank once."""
    runs = world.rows(
        "SELECT id, created_at FROM payout_run WHERE provider = 'bank' AND state IN ('approved', 'sending')"
    )
    if not runs:
        return "none"
    run = world.random.choice(runs)
    local = world.now.astimezone(_MOSCOW)
    made = world.ask(
        make_file, world.vault, PAYER, public_id("run", run.id, run.created_at), "1c", "dora", local
    )
    if made is None:
        return f"run {run.id}"
    content = world.ask(file_content, world.vault, made.id)
    if run.id not in world.bank.files:
        world.bank.files.add(run.id)
        for each in documents(b"".join(content[1])):
            mark = each["НазначениеПлатежа"].split("KPK-")[1].split(".")[0]
            world.bank.orders.append((f"KPK-{mark}", each))
    return f"run {run.id} {made.payments} payments"


def executed(world: World, calm: bool = False) -> str:
    """The bank's day: orders go out, are refused or wait on; some of what went out comes back; others pay us."""
    bank, day = world.bank, world.now.astimezone(_MOSCOW).date()
    told, waiting = [], []
    for mark, order in bank.orders:
        how = "out" if calm else world.random.choice(["out", "out", "out", "refused", "wait"])
        if how == "wait":
            waiting.append((mark, order))
        else:
            bank.truth[mark] = how
            told.append(f"{mark} {how}")
        if how == "out":
            lost = (
                {"НазначениеПлатежа": "vyplata"} if world.chance(0.15) and not calm else {}
            )  # the mark is gone
            bank.lines.append((day, booked(order, f"{day:%d.%m.%Y}", **lost)))
    bank.orders = waiting
    if not calm:
        _backs(world, day, told)
    return " ".join(told)


def _backs(world: World, day: date, told: list[str]) -> None:
    bank = world.bank
    for _, line in list(bank.lines):
        purpose = line["НазначениеПлатежа"]
        mark = "KPK-" + purpose.split("KPK-")[1].split(".")[0] if "KPK-" in purpose else ""
        if bank.truth.get(mark) == "out" and _kopecks(line) < 0 and world.chance(0.12):
            bank.truth[mark] = "back"
            back = incoming(
                line["Сумма"], f"Возврат платежа: счёт закрыт. {purpose}", str(1000 + len(bank.lines))
            )
            bank.lines.append((day, back | {"Дата": f"{day:%d.%m.%Y}", "ДатаПоступило": f"{day:%d.%m.%Y}"}))
            told.append(f"{mark} back")
    if world.chance(0.2):
        bank.strange += 1
        other = incoming(
            world.random.choice(["5.00", "5.00", "77.01"]), "За услуги", "500", f"{day:%d.%m.%Y}"
        )
        if world.chance(0.4):  # the bank's fee
            other = {key: value for key, value in other.items() if key != "ДатаПоступило"}
            other |= {
                "ПлательщикСчет": OWN_RU,
                "ПолучательСчет": ru_account(98),
                "ДатаСписано": f"{day:%d.%m.%Y}",
            }
        bank.lines.append((day, other))
        told.append("strange")


def imported(world: World) -> str:
    """A statement: what is new, a part of it, something that overlaps, or an old file once more."""
    bank = world.bank
    if not bank.lines:
        return "none"
    if bank.bodies and world.chance(0.25):
        body, told = world.random.choice(bank.bodies), "old"
    else:
        first = world.random.choice([0, max(len(bank.lines) - 6, 0), world.random.randrange(len(bank.lines))])
        last = len(bank.lines) if world.chance(0.8) else world.random.randint(first + 1, len(bank.lines))
        body, told = bank.statement(first, last), f"{first}:{last}"
    bank.bodies.append(body)
    statement = world.ask(import_statement, world.vault, PAYER, body, "dora", world.now)
    return f"{told} {statement and statement.lines}"


def settled(world: World) -> str:
    """People say what they saw: of the bank's payments in its own pages, of payments by hand whatever came."""
    told = []
    marks = {row.payout_id: row.end_to_end for row in world.rows("SELECT * FROM file_payment")}
    for row in payouts(world, "r.provider <> 'stripe' AND u.state IN ('sent', 'paid')"):
        if row.provider == "manual":
            seen = world.random.choice(["paid", "paid", "failed", "returned"])
        else:
            seen = {"out": "paid", "refused": "failed", "back": "returned"}.get(
                world.bank.truth.get(marks.get(row.id, ""), ""), ""
            )
        if seen and world.chance(0.35):
            if seen == "returned" and row.state == "sent":
                seen = "paid"
            world.ask(settle, public(row), seen, f"pp {row.id} {seen}", "dora", world.now)
            told.append(f"{row.id} {seen} {world.said}")
    return " ".join(told)
