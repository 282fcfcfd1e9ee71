"""What people do with a fund's money: lines, transfers, grants, sellers' deposits, each in a transaction of its own."""

from typing import Any

from reward_world import World, rub

from core.database import transaction
from rewards.funds import Fund, get_fund
from rewards.grants import Grant, grant
from rewards.lines import create_line
from rewards.seller_money import deposit_of_seller
from rewards.transfers import approve_transfer, propose_transfer


def line(
    world: World,
    id: str,
    amount: str = "100.00",
    per: str = "once",
    rollover: bool = True,
    fund: str = "main",
) -> None:
    with transaction(world.engine) as session:
        create_line(session, fund, id, id, rub(amount), per, rollover, world.now, world.settings)


def propose(world: World, source: str, target: str, amount: str, person: str = "Olga") -> str:
    with transaction(world.engine) as session:
        made = propose_transfer(
            session, "main", source, target, rub(amount), f"{source} to {target}", person, world.now
        )
    assert (made.state, made.entry) == ("proposed", None)
    return made.id


def transfer(world: World, source: str, target: str, amount: str) -> None:
    made = propose(world, source, target, amount)
    with transaction(world.engine) as session:
        approve_transfer(session, "main", made, "Oleg", world.now, world.settings)


def give(world: World, creator: str, amount: str, line: str = "l", person: str = "Olga") -> Grant:
    with transaction(world.engine) as session:
        return grant(session, "main", line, creator, rub(amount), "prize", person, world.now, world.settings)


def pay_in(world: World, seller: str, amount: str) -> None:
    with transaction(world.engine) as session:
        deposit_of_seller(session, seller, rub(amount), "order 7", "Fyodor", world.now, world.settings)


def seller(world: World, id: str = "s") -> None:
    world.sql("INSERT INTO seller (id, name) VALUES (:id, :id)", id=id)


def look(world: World) -> Fund:
    with transaction(world.engine) as session:
        return get_fund(session, "main", world.now, world.settings)


def figures(world: World, id: str = "l") -> dict[str, Any]:
    """A line's amounts by name."""
    [found] = [each for each in look(world).lines if each.id == id]
    names = ("balance", "allocated", "transferred", "adjusted", "spent", "granted", "waiting")
    return {name: getattr(found, name).amount for name in names}
