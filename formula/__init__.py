"""The reward language: one tree, three readers that agree to the last digit."""

from formula.compile import Formula, compile_formula
from formula.explain import Explanation, plain
from formula.names import GRAINS, NAMES, RATIOS, Type
from formula.result import MOST_UNITS, clamped_sql, micros_sql, to_micros, units_sql

__all__ = [
    "GRAINS",
    "MOST_UNITS",
    "NAMES",
    "RATIOS",
    "Explanation",
    "Formula",
    "Type",
    "clamped_sql",
    "compile_formula",
    "micros_sql",
    "plain",
    "to_micros",
    "units_sql",
]
