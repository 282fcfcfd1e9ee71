"""Write ISO 20022 pain.001: version 09, or the older 03 for a bank that still asks for it.

The schema checks neither sums nor decimals nor that identifiers are unique; our own numbers are made so.
"""

from collections.abc import Iterable

from lxml import etree

from core.errors import Invalid
from payouts.bank.details import NAME_XML
from payouts.bank.one_c import Sink
from payouts.bank.payer import REFERENCE
from payouts.bank.payment import Head, Payment
from payouts.bank.text import require_carried, unfit_for_xml

_SPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001."
_ADDRESS = (
    ("StrtNm", "street"),
    ("BldgNb", "building"),
    ("PstCd", "postcode"),
    ("TwnNm", "town"),
    ("Ctry", "country"),
)
_NEEDED = ("name", "iban", "town", "country")
_NOT_SAID = "NOTPROVIDED"


def write_pain001(
    sink: Sink, payer: dict[str, str], head: Head, payments: Iterable[Payment], version: str = "09"
) -> None:
    """The whole file, a payment at a time; one batch, since a file is one run in one currency.

    Raises:
        Invalid: `unfit_field`, with the payout and the field.
    """
    form = _Form(version, head.currency)
    with etree.xmlfile(sink, encoding="UTF-8") as xml:
        xml.write_declaration()
        # Parts are written without a namespace of their own and so stand in the document's, said once.
        with xml.element("Document", xmlns=_SPACE + version), xml.element("CstmrCdtTrfInitn"):
            xml.write(form.group(payer, head))
            with xml.element("PmtInf"):
                for part in form.batch(payer, head):
                    xml.write(part)
                for payment in payments:
                    xml.write(form.payment(payment, payer["purpose"]))
                    xml.write("\n")


class _Form:
    """The elements of one version in one currency, built from above: an element that is moved costs twice."""

    def __init__(self, version: str, currency: str) -> None:
        self.old, self.currency = version == "03", currency

    def group(self, payer: dict[str, str], head: Head) -> etree._Element:
        made = etree.Element("GrpHdr")
        _put(made, "MsgId", head.batch)
        _put(made, "CreDtTm", head.made_at.isoformat(timespec="seconds"))
        _put(made, "NbOfTxs", str(head.count))
        _put(made, "CtrlSum", head.total.amount)
        _put(_put(made, "InitgPty"), "Nm", payer["name"])
        return made

    def batch(self, payer: dict[str, str], head: Head) -> list[etree._Element]:
        made, day = etree.Element("PmtInf"), head.made_at.date().isoformat()
        _put(made, "PmtInfId", head.batch)
        _put(made, "PmtMtd", "TRF")
        _put(made, "BtchBookg", "true")
        _put(made, "NbOfTxs", str(head.count))
        _put(made, "CtrlSum", head.total.amount)
        if self.currency == "EUR":
            _put(_put(_put(made, "PmtTpInf"), "SvcLvl"), "Cd", "SEPA")
        when = _put(made, "ReqdExctnDt", day if self.old else None)
        if not self.old:
            _put(when, "Dt", day)
        _party(made, "Dbtr", payer)
        _account(made, "DbtrAcct", payer)
        self.agent(made, "DbtrAgt", payer, always=True)
        _put(made, "ChrgBr", "SLEV" if self.currency == "EUR" else "SHAR")
        return list(made)

    def payment(self, payment: Payment, purpose: str) -> etree._Element:
        try:
            require_carried(payment.destination, _NEEDED, unfit_for_xml, NAME_XML)
        except Invalid as error:
            told, field = f"Payout {payment.payout}: {error.detail}", error.fields["field"]
            raise Invalid("unfit_field", told, payout=payment.payout, field=field) from None
        made = etree.Element("CdtTrfTxInf")
        _put(_put(made, "PmtId"), "EndToEndId", payment.reference)
        _put(_put(made, "Amt"), "InstdAmt", payment.money.amount).set("Ccy", self.currency)
        self.agent(made, "CdtrAgt", payment.destination)
        _party(made, "Cdtr", payment.destination)
        _account(made, "CdtrAcct", payment.destination)
        _put(_put(made, "RmtInf"), "Ustrd", purpose.replace(REFERENCE, payment.reference))
        return made

    def agent(
        self, parent: etree._Element, name: str, details: dict[str, str], *, always: bool = False
    ) -> None:
        """The bank by its BIC; without one the IBAN says it, and only our own bank's element has to stand."""
        code = details.get("bic")
        if not code and not always:
            return
        bank = _put(_put(parent, name), "FinInstnId")
        if code:
            _put(bank, "BIC" if self.old else "BICFI", code)
        else:
            _put(_put(bank, "Othr"), "Id", _NOT_SAID)


def _put(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, name)
    if text is not None:
        child.text = text
    return child


def _party(parent: etree._Element, name: str, details: dict[str, str]) -> None:
    """Name and structured address: since November 2026 banks refuse address lines."""
    party = _put(parent, name)
    _put(party, "Nm", details["name"])
    address = _put(party, "PstlAdr")
    for tag, field in _ADDRESS:
        if field in details:
            _put(address, tag, details[field])


def _account(parent: etree._Element, name: str, details: dict[str, str]) -> None:
    _put(_put(_put(parent, name), "Id"), "IBAN", details["iban"])
