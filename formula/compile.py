"""A checked formula, and the one way to get it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.dialects import postgresql

from core.errors import Invalid
from formula.build import refuse
from formula.check import check, names_used
from formula.explain import Explanation
from formula.names import NAMES, Type
from formula.parse import parse
from formula.say import explain
from formula.to_decimal import Value, to_decimal
from formula.to_sql import to_sql
from formula.tree import Node
from formula.values import read_values


@dataclass(frozen=True)
class Formula:
    """A formula that was accepted at a grain: it parses, its names exist there and its types fit.

    `names` are the names whose values it needs, sorted; `conversion` shows as `clicks` and `orders`.
    """

    text: str
    grain: str
    type: Type
    tree: Node
    names: tuple[str, ...]

    def sql(self, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
        """A PostgreSQL expression: NUMERIC in units, BOOLEAN for a `where`.

        `columns` holds at least `names`. Numbers: any exact numeric column, money in units and not in micros
        (`units_sql`), at most 20 digits before the point and 12 after. Texts: text columns. NULL is 0 or ''.

        Raises:
            KeyError: a needed column is missing.
        """
        return to_sql(self.tree, columns, NAMES[self.grain])

    def sql_text(self) -> str:
        """The expression over bare names, for people to read; not for running."""
        expression = self.sql({name: literal_column(name) for name in self.names})
        dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
        return str(expression.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))

    def value(self, values: Mapping[str, object]) -> Value:
        """The exact value, equal to SQL's to the last digit: Decimal, or bool for a `where`.

        `values` holds at least `names`: Decimal, int or decimal text for numbers, text for texts; None is 0 or ''.

        Raises:
            Invalid: `formula_value`.
        """
        return to_decimal(self.tree, read_values(self.names, NAMES[self.grain], values))

    def explain(self, values: Mapping[str, object]) -> Explanation:
        """The same value with each term's.

        Raises:
            Invalid: `formula_value`.
        """
        return explain(self.tree, read_values(self.names, NAMES[self.grain], values))


def compile_formula(
    text: object,
    grain: str,
    want: Literal["number", "boolean", "text"] | None = "number",
    *,
    pointer: str | None = None,
) -> Formula:
    """The formula of a text: `want` is "number" for an amount or weight, "boolean" for a where, None for either.

    `pointer`: the field that it came in, which a refusal then names.

    Raises:
        Invalid: `formula_syntax`, `formula_type`, `formula_name`, `formula_limit`, each with `line` and `column`;
            `formula_grain` for an unknown grain.
    """
    try:
        if not isinstance(text, str):
            raise Invalid("formula_syntax", "A formula is a text.", line=1, column=1)
        return _compile(text, grain, want)
    except Invalid as error:
        if pointer is None:
            raise
        raise Invalid(error.code, error.detail, pointer=pointer, **error.fields) from None


@lru_cache(maxsize=1024)
def _compile(text: str, grain: str, want: str | None) -> Formula:
    tree = parse(text)
    found = check(tree, grain)
    if want is not None and found != want:
        why = f"this formula gives a {found}, but a {want} is needed here."
        raise refuse("formula_type", tree, why, expected=want, found=str(found))
    return Formula(text, grain, found, tree, tuple(sorted(names_used(tree))))
