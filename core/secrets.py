"""Pseudonyms of viewers and encryption of bank details, from one master key kept outside the database."""

import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Invalid, Unavailable
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Vault:
    """Keys derived from the master key, one a purpose."""

    viewer_key: bytes
    detail_key: bytes
    fingerprint: str

    def pseudonym(self, viewer: str) -> str:
        """32 hex digits that stand for a viewer: a keyed hash, so that nobody without the key can name the person."""
        return hashlib.blake2b(viewer.encode(), key=self.viewer_key, digest_size=16).hexdigest()

    def seal(self, value: dict[str, Any]) -> bytes:
        """Encrypt (AES-256-GCM, random nonce in front)."""
        return self.seal_bytes(json.dumps(value, ensure_ascii=False).encode())

    def open(self, sealed: bytes) -> dict[str, Any]:
        """What `seal` hid.

        Raises:
            cryptography.exceptions.InvalidTag: another key, or the bytes were changed.
        """
        opened: dict[str, Any] = json.loads(self.open_bytes(sealed).decode())
        return opened

    def seal_bytes(self, content: bytes) -> bytes:
        """`seal` for what is no dictionary, such as a file of bank details."""
        nonce = secrets.token_bytes(12)
        return nonce + _cipher(self.detail_key).encrypt(nonce, content, None)

    def open_bytes(self, sealed: bytes) -> bytes:
        """What `seal_bytes` hid; raises as `open` does."""
        return _cipher(self.detail_key).decrypt(sealed[:12], sealed[12:], None)


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESGCM:
    """Made once a key: it takes four times as long as opening what it hid."""
    return AESGCM(key)


def vault_of(master: bytes) -> Vault:
    """The derived keys of a 32-byte master key."""

    def derive(purpose: str) -> bytes:
        return HKDF(SHA256(), 32, None, f"kopeck {purpose}".encode()).derive(master)

    return Vault(derive("viewer"), derive("detail"), derive("fingerprint").hex()[:16])


def load_vault(settings: Settings) -> Vault:
    """The vault of this installation: `KOPECK_SECRET_KEY`, or a file of its home, made at the first start (0600).

    Raises:
        Invalid: `bad_secret_key`.
        Unavailable: `secret_key_not_kept`, its file can be neither read nor made.
    """
    if settings.secret_key is not None:
        if not re.fullmatch(r"[0-9a-fA-F]{64}", settings.secret_key):
            raise Invalid(
                "bad_secret_key",
                "KOPECK_SECRET_KEY must be 64 hex digits (`openssl rand -hex 32` makes one).",
            )
        return vault_of(bytes.fromhex(settings.secret_key))
    path = settings.home / "secrets" / "master.key"
    try:
        return vault_of(_read_or_make(path))
    except OSError as error:
        raise Unavailable(
            "secret_key_not_kept", f"The secret key cannot be kept in {path}: {error.strerror}."
        ) from error


def make_key_file(path: Path) -> None:
    """32 random bytes as 64 hex digits (0600), unless the file is there: of two makers who meet the hard link lets one win."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())  # nothing sealed with it may outlive it
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _read_or_make(path: Path) -> bytes:
    """The file's key."""
    make_key_file(path)
    text = path.read_text().strip()
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise Invalid("bad_secret_key", f"{path} does not hold 64 hex digits; restore it from a backup.")
    return bytes.fromhex(text)
