"""Do the postings of every account join up, whatever order they come in? Pure; one row of figures an account.

A posting leads from (version - 1, balance - amount) to (version, balance). All of an account join up exactly if the
places that they lead to, and the beginning (0, 0), are the places that they start from, and the end. The two bags of
places are compared as polynomials: each is the product of (x - place) at one secret x, modulo a prime. Bags that differ
agree there with a chance below one in 2^200; and who wrote the export did not know x.
"""

import secrets
from collections.abc import Iterator

_PRIME = 2**255 - 19
_WIDE = 1 << 70  # more than any balance, so that a place is one number


class Accounts:
    """Takes every posting of the books; then tells which accounts do not join up."""

    def __init__(self) -> None:
        self._x = secrets.randbelow(_PRIME)
        self._rows: dict[tuple[str, str], list[int]] = {}  # postings, sum, starts, ends

    def take(self, currency: str, code: str, version: int, amount: int, balance: int) -> None:
        row = self._rows.get((currency, code))
        if row is None:
            row = self._rows[currency, code] = [0, 0, 1, 1]
        row[0] += 1
        row[1] += amount
        end = version * _WIDE + balance
        row[2] = row[2] * (self._x - (end - _WIDE - amount)) % _PRIME
        row[3] = row[3] * (self._x - end) % _PRIME

    def problems(self) -> Iterator[str]:
        """Accounts whose versions have a gap or a double, or whose running balances are not the sums."""
        for (currency, code), (postings, total, starts, ends) in self._rows.items():
            last = postings * _WIDE + total
            if ends * self._x % _PRIME != starts * (self._x - last) % _PRIME:
                yield f"account {code} {currency}: its versions or running balances do not join up"

    def __len__(self) -> int:
        return len(self._rows)
