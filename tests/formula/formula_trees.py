"""Random formulas and values: every construct, edges more often than chance would have them."""

from decimal import Decimal

from hypothesis import assume
from hypothesis import strategies as st

from core.errors import Invalid
from formula import NAMES, Formula, Type, compile_formula

GRAIN = "product_day"
TEXTS = ("", "RU", "ru", "видео", 'say "hi"', "it's", "a b", "e\u0301", "é", "100%", ":x", "%s")
NUMBER_NAMES = tuple(name for name, kind in NAMES[GRAIN].items() if kind is Type.NUMBER)
TEXT_NAMES = tuple(name for name, kind in NAMES[GRAIN].items() if kind is Type.TEXT)

MOST = "99999999999999999999.999999999999"

_LITERALS = st.one_of(
    st.sampled_from(["0", "1", "2", "3%", "0.5", "10", "100", "1000", "0.0000000001", "999999999999"]),
    st.decimals(0, 10**12 - 1, places=10).map(lambda number: f"{number:f}"),
    st.integers(0, 300).map(str),
)
_SIGNED = st.tuples(st.sampled_from(["", "-"]), _LITERALS).map("".join)
_TEXTS = st.sampled_from([f"'{text}'" if '"' in text else f'"{text}"' for text in TEXTS])
_LEAVES = st.one_of(_LITERALS, st.sampled_from(NUMBER_NAMES), st.sampled_from(NUMBER_NAMES))
_SHAPES = (
    "{a} {o} {b}",
    "{a} {o} {b}",
    "({a} {o} {b})",
    "-{a}",
    "min({a}, {b})",
    "max({a}, {b}, {c})",
    "min({a})",
)
_MORE = (
    "floor({a})",
    "ceil({a})",
    "abs({a})",
    "round({a})",
    "round({a}, {n})",
    "if({k}, {a}, {b})",
    "{g}",
    "{g}",
)
_COMPARISONS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])


@st.composite
def numbers(draw: st.DrawFn, depth: int = 3) -> str:
    """A number expression; operands stand as they come, so that precedence is drawn too."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(_LEAVES)
    shape = draw(st.sampled_from(_SHAPES + _MORE))
    parts = {key: draw(numbers(depth - 1)) if f"{{{key}}}" in shape else "" for key in "abc"}
    parts["o"] = draw(st.sampled_from("+-*/"))
    parts["n"] = str(draw(st.integers(-6, 12)))
    parts["k"] = draw(conditions(depth - 1)) if "{k}" in shape else ""
    parts["g"] = draw(bands(depth - 1)) if "{g}" in shape else ""
    return shape.format(**parts)


@st.composite
def bands(draw: st.DrawFn, depth: int) -> str:
    """A graduated or volume with up to three bounds, 0 among them."""
    bounds = sorted(draw(st.lists(st.integers(0, 3000), unique=True, max_size=3)))
    rates = [f"{Decimal(bound) / 10:f}: {draw(numbers(min(depth, 1)))}" for bound in bounds]
    word = draw(st.sampled_from(["graduated", "volume"]))
    return f"{word}({', '.join([draw(numbers(depth)), *rates, draw(numbers(min(depth, 1)))])})"


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> str:
    """A boolean expression."""
    shape = draw(st.sampled_from(["compare", "member", "text", "texts", "both", "not", "group"]))
    text = st.one_of(_TEXTS, st.sampled_from(TEXT_NAMES), st.sampled_from(TEXT_NAMES), chosen_texts(depth))
    found = draw(st.sampled_from(["in", "not in"]))
    if depth > 0 and shape in ("both", "not", "group"):
        left = draw(conditions(depth - 1))
        right = f"{draw(st.sampled_from(['and', 'or']))} {draw(conditions(depth - 1))}"
        return {"both": f"{left} {right}", "not": f"not {left}", "group": f"({left})"}[shape]
    if shape == "text":
        return f"{draw(text)} {draw(st.sampled_from(['=', '!=']))} {draw(text)}"
    if shape == "texts":
        return f"{draw(text)} {found} ({', '.join(draw(st.lists(_TEXTS, min_size=1, max_size=3)))})"
    number = draw(numbers(max(depth, 0)))
    if shape == "member":
        return f"{number} {found} ({', '.join(draw(st.lists(_SIGNED, min_size=1, max_size=3)))})"
    return f"{number} {draw(_COMPARISONS)} {draw(numbers(max(depth, 0)))}"


@st.composite
def chosen_texts(draw: st.DrawFn, depth: int) -> str:
    """A text that a condition decides."""
    both = st.one_of(_TEXTS, st.sampled_from(TEXT_NAMES))
    return (
        f"if({draw(conditions(min(depth, 1) - 1))}, {draw(both)}, {draw(both)})" if depth > 0 else draw(both)
    )


@st.composite
def formulas(draw: st.DrawFn) -> Formula:
    """An accepted formula; those past a limit are drawn again."""
    text = draw(st.one_of(numbers(), numbers(), conditions()))
    try:
        return compile_formula(text, GRAIN, want=None)
    except Invalid as error:
        assert error.code == "formula_limit", (text, error.detail)
        assume(False)
        raise


_VALUES = st.one_of(
    st.sampled_from(
        [
            Decimal(number)
            for number in ("0", "0", "1", "-1", "100", "300", "0.000000000001", "-2.5", MOST, f"-{MOST}")
        ]
    ),
    st.integers(0, 10**6).map(Decimal),
    st.decimals(-(10**9), 10**12, places=6),
    st.decimals(-(10**19), 10**19, places=12),
)


@st.composite
def rows(draw: st.DrawFn, names: tuple[str, ...]) -> dict[str, Decimal | str | None]:
    """Values for these names only: drawing all of them takes most of a test's time."""
    texts = st.one_of(st.none(), st.sampled_from(TEXTS))
    return {name: draw(texts if name in TEXT_NAMES else st.one_of(st.none(), _VALUES)) for name in names}
