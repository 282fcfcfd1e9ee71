"""A believable marketplace for the demo, made from a seed: no database, no clock, the same bytes every time.

`catalog_lines` and `event_lines` are NDJSON for `POST /v1/catalog` and `POST /v1/events`; every line ends in a newline.
"""

from kopeck.market.catalog import catalog_lines
from kopeck.market.events import event_lines
from kopeck.market.scale import MOSCOW, Scale

__all__ = ["MOSCOW", "Scale", "catalog_lines", "event_lines"]
