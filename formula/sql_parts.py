"""Two pieces of SQL that SQLAlchemy has no words for."""

from typing import Any

from sqlalchemy import Numeric
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Divide(FunctionElement[Any]):
    """`Divide(x, y, ...)`: from left to right, each quotient cut to 12 decimals, 0 where the divisor is 0 or a part NULL.

    Multiplying by 10^-12 is exact where dividing by 10^12 would round.
    """

    inherit_cache = True
    type = Numeric()


@compiles(Divide)
def _compile_divide(element: Divide, compiler: Any, **kw: Any) -> str:
    quotient, *divisors = (compiler.process(clause, **kw) for clause in element.clauses)
    for divisor in divisors:
        cut = f"div(({quotient}) * NUMERIC '1000000000000', nullif({divisor}, 0))"
        quotient = f"coalesce({cut}, 0) * NUMERIC '0.000000000001'"
    return f"({quotient})"


class Let(FunctionElement[Any]):
    """`Let(x, body)`: evaluates x once for a body that mentions `kopeck_band.x`.

    OFFSET 0 keeps the planner from copying x back into each mention. Nested ones may share the alias: a body mentions
    only its own x, and the x of the outer one is evaluated outside of the alias's scope.
    """

    inherit_cache = True
    type = Numeric()


@compiles(Let)
def _compile_let(element: Let, compiler: Any, **kw: Any) -> str:
    x, body = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(SELECT {body} FROM (SELECT {x} AS x OFFSET 0) AS kopeck_band)"
