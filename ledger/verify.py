"""Proofs: queries over the whole books that must return nothing."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.finding import Finding

# Each answers (subject, detail) of what is wrong; an empty answer is a proof over the rows as they stand.
CHECKS: dict[str, str] = {
    "entry_unbalanced": """
        SELECT 'entry ' || e.id, 'postings ' || count(p.entry_id) || ' of ' || e.posting_count
            || ', sum ' || coalesce(sum(p.amount), 0)
        FROM entry e LEFT JOIN posting p ON p.entry_id = e.id GROUP BY e.id
        HAVING coalesce(sum(p.amount), 0) <> 0 OR count(p.entry_id) <> e.posting_count""",
    "posting_without_entry": """
        SELECT 'posting ' || p.account_id || '/' || p.version, 'entry ' || p.entry_id || ' is missing'
        FROM posting p LEFT JOIN entry e ON e.id = p.entry_id WHERE e.id IS NULL""",
    "currency_mixed": """
        SELECT 'entry ' || e.id, 'posts ' || e.currency || ' to ' || a.code || ' in ' || a.currency
        FROM posting p JOIN entry e ON e.id = p.entry_id JOIN account a ON a.id = p.account_id
        WHERE a.currency <> e.currency""",
    "balance_wrong": """
        SELECT 'account ' || a.code || ' ' || a.currency,
            'balance ' || b.balance || ', postings ' || coalesce(p.total, 0)
        FROM balance b JOIN account a ON a.id = b.account_id
        LEFT JOIN (SELECT account_id, sum(amount) AS total, count(*) AS rows, max(version) AS newest
            FROM posting GROUP BY account_id) p ON p.account_id = b.account_id
        WHERE b.balance <> coalesce(p.total, 0) OR b.version <> coalesce(p.rows, 0)
            OR b.version <> coalesce(p.newest, 0)""",
    "running_balance_wrong": """
        SELECT 'posting ' || account_id || '/' || version, 'says ' || balance || ', adds up to ' || total
        FROM (SELECT account_id, version, balance, sum(amount) OVER (PARTITION BY account_id ORDER BY version) AS total
            FROM posting) p
        WHERE balance <> total""",
    "floor_broken": """
        SELECT 'account ' || a.code || ' ' || a.currency, 'balance ' || b.balance || ', floor ' || b.floor
        FROM balance b JOIN account a ON a.id = b.account_id WHERE b.normal * b.balance < b.floor""",
}


def verify(session: Session, limit: int = 100) -> list[Finding]:
    """Run every check; at most `limit` findings of each. An empty list: the books are proved."""
    return [
        Finding(name, subject, detail)
        for name, query in CHECKS.items()
        for subject, detail in session.execute(text(f"{query} LIMIT {limit:d}"))
    ]
