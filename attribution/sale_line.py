"""Purchases and refunds into staged rows: the rules that a type cannot say."""

from collections.abc import Callable

from attribution.event import Purchase, Refund
from core.errors import Invalid
from core.money import minor_micros, parse_micros


def purchase_line(index: int, event: Purchase, when: str, hashed: Callable[[str], str]) -> str:
    """The staged row of a purchase.

    Raises:
        Invalid: `unknown_currency`, `not_minor_units`.
    """
    viewer = r"\N" if event.viewer is None else hashed(event.viewer)
    return (
        f"{when}\t{event.id}\t3\t{viewer}\t\\N\t{event.product}\t\\N\t\\N\t{index}\t{event.order}\t{event.quantity}"
        f"\t{_micros(event.amount, event.currency)}\t{event.currency}\n"
    )


def refund_line(index: int, event: Refund, when: str) -> str:
    """The staged row of a refund.

    Raises:
        Invalid: `missing_field`, `bad_currency`, `bad_amount`, `unknown_currency`, `not_minor_units`.
    """
    amount = currency = r"\N"
    if event.amount is not None:
        if event.currency is None:
            raise Invalid("missing_field", "An amount needs its `currency`.")
        micros = _micros(event.amount, event.currency)
        if micros == 0:
            raise Invalid("bad_amount", "A refund's amount must be above zero.")
        amount, currency = str(micros), event.currency
    elif event.currency is not None:
        raise Invalid("bad_currency", "A refund without an amount has no `currency`.")
    elif event.quantity is None:
        raise Invalid("missing_field", "A refund needs a `quantity` or an `amount`.")
    quantity = r"\N" if event.quantity is None else event.quantity
    return (
        f"{when}\t{event.id}\t4\t\\N\t\\N\t{event.product}\t\\N\t\\N\t{index}\t{event.order}\t{quantity}"
        f"\t{amount}\t{currency}\n"
    )


def _micros(amount: str, currency: str) -> int:
    micros = parse_micros(amount)
    if micros % minor_micros(currency):
        raise Invalid("not_minor_units", f"{amount} {currency} is not a whole number of minor units.")
    return micros
