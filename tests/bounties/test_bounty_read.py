"""What fits a creator, asked for many at once, is what each bounty would say by itself."""

from bounty_world import World, rub

from bounties.read import open_bounties, seller_counts
from core.database import transaction


def fits(world: World, creator: str) -> list[str]:
    with transaction(world.engine) as session:
        found = open_bounties(session, {"fits": creator}, world.now, 100, None)
    return sorted(each.title for _, each in found)


def test_what_fits_is_what_may_be_claimed(world: World) -> None:
    conditions = {
        "all": {},
        "region": {"regions": ["RU-MOW", "RU-SPE"]},
        "elsewhere": {"regions": ["RU-SPE"]},
        "followed": {"min_followers": 1},
        "home": {"categories": ["home", "garden"]},
        "garden": {"categories": ["garden"]},
        "invited": {"invited": ["c1", "c9"]},
        "others": {"invited": ["c2"]},
    }
    world.sql(
        "INSERT INTO product (id, seller, title, category, price, currency) VALUES ('p9', 's2', 'Pot', 'pots', 1, 'RUB')"
    )
    world.content("c1")
    world.content("c1", product="p9")
    bounties = {
        title: world.opened(title=title, slots=1, price=rub("1.00").micros, **given)
        for title, given in conditions.items()
    }
    assert fits(world, "c1") == ["all", "home", "invited", "region"]
    assert fits(world, "c2") == ["all", "others", "region"]
    world.claimed(bounties["all"], "c1")
    assert "all" not in fits(world, "c1") + fits(world, "c2")
    for title in ("home", "invited", "region"):
        world.claimed(bounties[title], "c1")
    world.sql("UPDATE creator SET status = 'suspended' WHERE id = 'c2'")
    assert fits(world, "c2") == []
    with transaction(world.engine) as session:
        counts = seller_counts(session, "s1")
    assert (counts.bounties["open"], counts.claims["claimed"], counts.held) == (8, 4, [rub("8.00")])
