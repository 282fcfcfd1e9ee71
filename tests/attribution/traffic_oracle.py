"""The traffic rules in plain Python: which touches are suspect, whatever the order of arrival. Knows nothing of SQL."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from attribution_oracle import World, moment

from core.settings import Settings


def suspects(world: World, settings: Settings, today: Any) -> set[str]:
    """Ids of the touches that some rule hits."""
    groups: dict[Any, list[str]] = defaultdict(list)
    limits: dict[Any, float] = {}
    found: set[str] = set()
    for touch in (event for event in world.events if event["type"] in ("view", "click")):
        local, viewer = moment(touch).astimezone(settings.zone), touch["viewer"]
        creator, own = world.creators[touch["content"]]
        hour = local.replace(minute=0, second=0, microsecond=0)
        per_hour = (
            settings.traffic_views_per_hour if touch["type"] == "view" else settings.traffic_clicks_per_hour
        )
        for key, limit in (
            ((touch["type"], viewer, hour), per_hour),
            (("pair", viewer, creator, local.date()), settings.traffic_pair_per_day),
        ):
            groups[key].append(touch["id"])
            limits[key] = limit or float("inf")
        if (settings.traffic_own_viewer and viewer == own) or _bought_at_once(world, touch, settings):
            found.add(touch["id"])
    for key, members in groups.items():
        found |= set(members) if len(members) > limits[key] else set()
    return found | _shares(world, settings, today)


def _bought_at_once(world: World, touch: dict[str, Any], settings: Settings) -> bool:
    if touch["type"] != "click":
        return False
    soon = timedelta(seconds=settings.traffic_click_seconds)
    return any(
        event["type"] == "purchase"
        and (event.get("viewer"), event["product"]) == (touch["viewer"], touch["product"])
        and timedelta(0) <= moment(event) - moment(touch) < soon
        for event in world.events
    )


def _shares(world: World, settings: Settings, today: Any) -> set[str]:
    views: dict[Any, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for event in world.events:
        if event["type"] == "view":
            day = moment(event).astimezone(settings.zone).date()
            views[event["content"], day][event["viewer"]].append(event["id"])
    found: set[str] = set()
    for (_, day), by_viewer in views.items():
        every = sum(len(ids) for ids in by_viewer.values())
        for ids in by_viewer.values():
            large = len(ids) * 100 >= every * settings.traffic_view_share
            if settings.traffic_view_share and every >= 100 and large and day < today:
                found |= set(ids)
    return found
