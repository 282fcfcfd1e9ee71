"""The names a formula may use: one table for each grain, which the docs and the checker both read."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Type(StrEnum):
    """What a part of a formula can be."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"


# A ratio is written as one name but stands for a division, so that every reader divides by the same rule.
RATIOS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"conversion": ("orders", "clicks"), "ctr": ("clicks", "views")}
)

_METRICS = (
    "views qualified_views watch_hours completes clicks orders units sales refunds net_sales"
    " conversion ctr posts followers likes"
)


def _names(numbers: str, texts: str) -> Mapping[str, Type]:
    types = {name: Type.NUMBER for name in numbers.split()} | {name: Type.TEXT for name in texts.split()}
    return MappingProxyType(types)


# A creator's day or month spans many contents and products, so of the texts only the creator's own region is left.
NAMES: Mapping[str, Mapping[str, Type]] = MappingProxyType(
    {
        "sale": _names("amount quantity price", "content kind region product category seller"),
        "content_day": _names(_METRICS, "content kind region"),
        "product_day": _names(_METRICS, "content kind region product category seller"),
        "creator_day": _names(_METRICS, "region"),
        "creator_month": _names(_METRICS, "region"),
    }
)
GRAINS = tuple(NAMES)
