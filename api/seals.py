"""The seals of the books, and the proof that an entry is in one. Hashes, keys and signatures are hex digits."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from api.fields import Moment
from api.operation import STAFF, operation
from api.paging import Page, after_of, page
from ledger.seal_keys import list_keys
from ledger.seals import get_seal as one_seal
from ledger.seals import list_seals as newest_seals
from ledger.seals import prove_entry

blp = Blueprint("seals", "seals", url_prefix="/v1", description="Seals of the books, proofs, public keys")


class Hex(fields.String):
    """Bytes as hex digits. For answers only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": "^([0-9a-f]{2})*$"}, **options)

    def _serialize(self, value: bytes | None, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.hex()


class SealOut(Schema):
    n = fields.Integer(required=True)
    sealed_at = Moment(required=True)
    entries = fields.Integer(required=True)
    postings = fields.Integer(required=True)
    from_xid = fields.Integer(required=True)
    below_xid = fields.Integer(required=True)
    above_xid = fields.Integer(required=True)
    last_entry = fields.Integer(required=True)
    root = Hex(required=True)
    previous = Hex(required=True)
    hash = Hex(required=True)
    key_id = fields.String(required=True)
    signature = Hex(required=True)


class ProofQuery(Schema):
    entry = fields.String(required=True)


class ProofOut(Schema):
    entry = fields.String(required=True)
    seal = fields.Integer(required=True)
    index = fields.Integer(required=True)
    size = fields.Integer(required=True)
    leaf = Hex(required=True)
    path = fields.List(Hex(), required=True)
    root = Hex(required=True)
    content = Hex(required=True)


class SealKeyOut(Schema):
    id = fields.String(required=True)
    public_key = Hex(required=True)
    endorsed_by = fields.String(required=True, allow_none=True)
    endorsement = Hex(required=True, allow_none=True)
    recorded_at = Moment(required=True)


class SealKeysOut(Schema):
    data = fields.List(fields.Nested(SealKeyOut), required=True)


@operation(blp, "GET", "/ledger/seals", roles=STAFF, answer=SealOut, many=True)
def list_seals(session: Session, query: dict[str, Any]) -> Page:
    """Seals, newest first"""
    rows = newest_seals(session, query["limit"] + 1, after_of(query, int))
    return page(rows, query["limit"], lambda row: row.n)


@operation(blp, "GET", "/ledger/seals/<int:n>", roles=STAFF, answer=SealOut)
def get_seal(session: Session, n: int) -> Any:
    """One seal"""
    return one_seal(session, n)


@operation(blp, "GET", "/ledger/seals/<int:n>/proof", roles=STAFF, query=ProofQuery, answer=ProofOut)
def get_proof(session: Session, query: dict[str, Any], n: int) -> Any:
    """That an entry is in a seal: the leaf's way to the root, and the entry's canonical bytes"""
    return prove_entry(session, n, query["entry"])


@operation(blp, "GET", "/ledger/seal-keys", roles=STAFF, answer=SealKeysOut)
def list_seal_keys(session: Session) -> Any:
    """Public keys of the seals, each endorsed by the one before"""
    return {"data": list_keys(session)}
