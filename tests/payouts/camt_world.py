"""camt.053 statements as banks write them: an older and a newer version."""

from xml.sax.saxutils import escape

from bank_world import OWN_IBAN

SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."


def detail(mark: str, amount: str, *, version: str = "08", back: bool = False, currency: str = "EUR") -> str:
    """One payment of an entry."""
    name, side = escape("Zoë & Söhne"), "Dbtr" if back else "Cdtr"
    party = f"<Pty><Nm>{name}</Nm></Pty>" if version == "08" else f"<Nm>{name}</Nm>"
    sum_ = (
        f'<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{"CRDT" if back else "DBIT"}</CdtDbtInd>'
        if version == "08"
        else f'<AmtDtls><TxAmt><Amt Ccy="{currency}">{amount}</Amt></TxAmt></AmtDtls>'
    )
    why = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>closed</AddtlInf></RtrInf>" if back else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{mark}</EndToEndId></Refs>{sum_}<RltdPties><{side}>{party}</{side}></RltdPties>"
        f"<RmtInf><Ustrd>Creator payout</Ustrd></RmtInf>{why}</TxDtls>"
    )


def entry(amount: str, inside: str = "", *, side: str = "DBIT", version: str = "08", **more: str) -> str:
    status = "<Sts><Cd>BOOK</Cd></Sts>" if version == "08" else "<Sts>BOOK</Sts>"
    status = status.replace("BOOK", more.get("status", "BOOK"))
    details = f"<NtryDtls>{inside}</NtryDtls>" if inside else ""
    return (
        f'<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}'
        f"<BookgDt><Dt>{more.get('day', '2026-11-02')}</Dt></BookgDt><AcctSvcrRef>{more.get('reference', 'B-1')}</AcctSvcrRef>"
        f"<BkTxCd/>{details}</Ntry>"
    )


def balance(kind: str, amount: str) -> str:
    side = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount.lstrip("-")}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-11-02</Dt></Dt></Bal>"
    )


def camt(*entries: str, opening: str = "0.00", closing: str, version: str = "08") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{SPACE}{version}"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-02T20:00:00+01:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
        f"<Acct><Id><IBAN>{OWN_IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', closing)}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()
