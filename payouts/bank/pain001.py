"""Write ISO 20022 pain.001: version 09, or the older 03 for a bank that still asks for it.

The schema checks neither sums nor decimals nor that identifiers are unique; our own numbers are made so.
"""

from collections.abc import Iterable
from xml.sax.saxutils import escape

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
    """The whole file, a payment at a time; one batch, since a file is one run in one currency. As text and not as a
    tree, of which fifteen elements a payment were half of a file's time.

    Raises:
        Invalid: `unfit_field`, with the payout and the field.
    """
    form = _Form(version, head.currency)
    start = (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        f'<Document xmlns="{_SPACE}{version}"><CstmrCdtTrfInitn>{form.group(payer, head)}<PmtInf>'
    )
    sink.write((start + form.batch(payer, head)).encode())
    for payment in payments:
        sink.write(form.payment(payment, payer["purpose"]).encode())
    sink.write(b"</PmtInf></CstmrCdtTrfInitn></Document>")


class _Form:
    """The elements of one version in one currency, as text."""

    def __init__(self, version: str, currency: str) -> None:
        self.old, self.currency = version == "03", currency

    def group(self, payer: dict[str, str], head: Head) -> str:
        return (
            f"<GrpHdr><MsgId>{head.batch}</MsgId><CreDtTm>{head.made_at.isoformat(timespec='seconds')}</CreDtTm>"
            f"{_sums(head)}<InitgPty><Nm>{escape(payer['name'])}</Nm></InitgPty></GrpHdr>"
        )

    def batch(self, payer: dict[str, str], head: Head) -> str:
        """All that stands in front of the payments."""
        day, euro = head.made_at.date().isoformat(), self.currency == "EUR"
        return (
            f"<PmtInfId>{head.batch}</PmtInfId><PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg>{_sums(head)}"
            + ("<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>" if euro else "")
            + f"<ReqdExctnDt>{day if self.old else f'<Dt>{day}</Dt>'}</ReqdExctnDt>"
            + _party("Dbtr", payer)
            + self.agent("DbtrAgt", payer, always=True)
            + f"<ChrgBr>{'SLEV' if euro else 'SHAR'}</ChrgBr>"
        )

    def payment(self, payment: Payment, purpose: str) -> str:
        details = payment.destination
        try:
            require_carried(details, _NEEDED, unfit_for_xml, NAME_XML)
        except Invalid as error:
            told, field = f"Payout {payment.payout}: {error.detail}", error.fields["field"]
            raise Invalid("unfit_field", told, payout=payment.payout, field=field) from None
        return (
            f"<CdtTrfTxInf><PmtId><EndToEndId>{payment.reference}</EndToEndId></PmtId>"
            f'<Amt><InstdAmt Ccy="{self.currency}">{payment.money.amount}</InstdAmt></Amt>'
            f"{self.agent('CdtrAgt', details)}{_party('Cdtr', details)}"
            f"<RmtInf><Ustrd>{escape(purpose.replace(REFERENCE, payment.reference))}</Ustrd></RmtInf></CdtTrfTxInf>\n"
        )

    def agent(self, name: str, details: dict[str, str], *, always: bool = False) -> str:
        """The bank by its BIC; without one the IBAN says it, and only our own bank's element has to stand."""
        code = details.get("bic")
        if not code and not always:
            return ""
        tag = "BIC" if self.old else "BICFI"
        bank = f"<{tag}>{escape(code)}</{tag}>" if code else f"<Othr><Id>{_NOT_SAID}</Id></Othr>"
        return f"<{name}><FinInstnId>{bank}</FinInstnId></{name}>"


def _sums(head: Head) -> str:
    return f"<NbOfTxs>{head.count}</NbOfTxs><CtrlSum>{head.total.amount}</CtrlSum>"


def _party(name: str, details: dict[str, str]) -> str:
    """Name and structured address (since November 2026 banks refuse address lines), and the account."""
    address = "".join(
        [f"<{tag}>{escape(details[field])}</{tag}>" for tag, field in _ADDRESS if field in details]
    )
    return (
        f"<{name}><Nm>{escape(details['name'])}</Nm><PstlAdr>{address}</PstlAdr></{name}>"
        f"<{name}Acct><Id><IBAN>{escape(details['iban'])}</IBAN></Id></{name}Acct>"
    )
