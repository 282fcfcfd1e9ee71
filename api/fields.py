"""marshmallow fields as strict as the contract: no float, no silent rounding, no NUL, no unknown time zone."""

import re
from datetime import date, datetime
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from core.errors import Invalid
from core.ids import REFERENCE_PATTERN, is_reference
from core.money import AMOUNT_PATTERN, Money

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOMENT = re.compile(r"(20\d\d)-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DAY = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)


class Text(fields.String):
    """Text of 1 to `most` characters without control characters (line breaks and tabs may stand)."""

    def __init__(self, *, most: int = 200, least: int = 1, **options: Any) -> None:
        super().__init__(validate=validate.Length(least, most), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if _CONTROL.search(text):
            raise ValidationError("Control characters are not allowed.")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValidationError("Half a surrogate pair is not a character.") from None
        return text


class Ref(fields.String):
    """A reference of the marketplace's."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": REFERENCE_PATTERN} | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not is_reference(value):
            raise ValidationError("A reference is 1 to 64 of A-Z a-z 0-9 . _ -")
        return str(value)


class Choice(fields.String):
    """One of some words."""

    def __init__(self, *words: str, **options: Any) -> None:
        super().__init__(validate=validate.OneOf(words), **options)


class Whole(fields.Integer):
    """An integer in a range; 12.9, "12" and true are refused."""

    def __init__(self, low: int, high: int, **options: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(low, high), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if type(value) is not int:
            raise ValidationError("Not a whole number.")
        return int(super()._deserialize(value, attr, data, **kwargs))


class Flag(fields.Boolean):
    """true or false and nothing else."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise ValidationError("Not true or false.")
        return value


class Moment(fields.String):
    """RFC 3339 with offset, in the years 2000 to 2099."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"format": "date-time"}, **options)

    def _serialize(self, value: datetime | None, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        try:
            if not isinstance(value, str) or not _MOMENT.fullmatch(value):
                raise ValueError
            return datetime.fromisoformat(value.upper())
        except ValueError:
            raise ValidationError("Not a time such as 2026-11-02T09:00:00+03:00.") from None


class Day(fields.String):
    """YYYY-MM-DD, in the years 2000 to 2099."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"format": "date"}, **options)

    def _serialize(self, value: date | None, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        try:
            if not isinstance(value, str) or not _DAY.fullmatch(value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError("Not a day such as 2026-11-02.") from None


class Currency(fields.String):
    """Three capital letters; whether ISO 4217 knows them is asked where they are used."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": "^[A-Z]{3}$"}, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
            raise ValidationError("Not a currency code such as RUB.")
        return value


class _MoneySchema(Schema):
    amount = fields.String(required=True, metadata={"pattern": AMOUNT_PATTERN})
    currency = Currency(required=True)


class MoneyField(fields.Nested):
    """{"amount": "1250.00", "currency": "RUB"} as Money. `minor`: whole minor units only; `positive`: above zero."""

    def __init__(self, *, minor: bool = True, positive: bool = True, **options: Any) -> None:
        self.minor, self.positive = minor, positive
        super().__init__(_MoneySchema, **options)

    def _serialize(self, value: Money | None, attr: Any, obj: Any, **kwargs: Any) -> dict[str, str] | None:
        return None if value is None else value.as_json()

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Money:
        sent = super()._deserialize(value, attr, data, **kwargs)
        try:
            money = Money.parse(sent["amount"], sent["currency"])
            if self.minor:
                money.require_minor()
            return money.require_positive() if self.positive else money
        except Invalid as error:
            raise ValidationError(error.detail, "amount" if "amount" in error.code else "_schema") from None


class AmountField(fields.String):
    """An amount whose currency stands beside it in the answer: a Money's decimal text. For answers only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": AMOUNT_PATTERN}, **options)

    def _serialize(self, value: Money | None, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.amount


@cache
def page_of(item: type[Schema]) -> type[Schema]:
    """The list form of an answer: {"data": [...], "next_cursor": null | "..."}."""
    return Schema.from_dict(
        {
            "data": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(allow_none=True, required=True),
        },
        name=f"{item.__name__}Page",
    )
