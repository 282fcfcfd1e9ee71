"""Read a 1C file with another author's parser and print what it saw; a program of its own (that package is GPL)."""

import json
import sys
from pathlib import Path

from client_bank_exchange_1c import Document, Header


def main() -> None:
    # Its regular expressions end a line at LF, so CRLF is told apart here, where the file's own bytes were checked.
    text = Path(sys.argv[1]).read_bytes().decode("cp1251").replace("\r\n", "\n")
    header = Header.from_text(text)
    found = [
        {
            "number": each.number,
            "date": each.date.isoformat(),
            "amount": str(each.amount),
            "payer": [each.payer.account, each.payer.name, each.payer.inn, each.payer.bank_bic],
            "receiver": [
                each.receiver.account,
                each.receiver.l1_name,
                each.receiver.inn,
                each.receiver.bank_bic,
            ],
            "purpose": each.payment.purpose,
        }
        for each in Document.from_text(text)
    ]
    head = [header.format_version, header.encoding, header.sender, header.filter_account_numbers]
    sys.stdout.write(json.dumps({"head": head, "documents": found}))


if __name__ == "__main__":
    main()
