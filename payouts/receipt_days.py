"""Until when a self-employed person's receipt for a payout must be there."""

from datetime import date

LAST_DAY = 9  # of the month after that of the payment


def receipts_before(day: date) -> date:
    """On `day`, payouts that were paid before the answered day must have their receipts."""
    months = day.year * 12 + day.month - 1 - (0 if day.day > LAST_DAY else 1)
    return date(months // 12, months % 12 + 1, 1)


def due_on(paid_on: date) -> date:
    """The last day for the receipt of a payout that was paid on a day."""
    months = paid_on.year * 12 + paid_on.month
    return date(months // 12, months % 12 + 1, LAST_DAY)
