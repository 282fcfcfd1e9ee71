"""Withholding rules as a YAML file; errors name the file and the field."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from marshmallow import Schema, fields, validate

from api.fields import Day, Text
from api.taxes import WithholdingIn
from core.money import Money
from kopeck.programs_file import load_file
from payouts.withholding import MOST_BANDS, Band


class _Band(Schema):
    up_to = Text(most=20, load_default=None, allow_none=True)
    rate = Text(most=8, required=True)


class _Rules(WithholdingIn):
    valid_from = Day(load_default=None)
    bands = fields.List(fields.Nested(_Band), required=True, validate=validate.Length(1, MOST_BANDS))


class _File(Schema):
    withholdings = fields.List(fields.Nested(_Rules), required=True, validate=validate.Length(1, 100))


@dataclass(frozen=True, slots=True)
class TaxRules:
    """`valid_from` None: from the day that the command names, or today."""

    tax_status: str
    currency: str
    valid_from: date | None
    kind: str
    bands: list[Band]


def read_tax_file(path: Path) -> list[TaxRules]:
    """A file's rules.

    Raises:
        Invalid: `bad_file`, with the file, the line or the field, and what is wrong; `bad_amount`.
    """
    return [
        TaxRules(
            each["tax_status"],
            each["currency"],
            each["valid_from"],
            each["kind"],
            [
                Band(band["up_to"] and Money.parse(band["up_to"], each["currency"]), band["rate"])
                for band in each["bands"]
            ],
        )
        for each in load_file(path, _File())["withholdings"]
    ]
