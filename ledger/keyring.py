"""The key that signs seals, kept outside the database: who can rewrite every table still cannot sign.

`KOPECK_SEAL_KEY`, or `secrets/seal.key` of the home, made at the first use (0600). `secrets/seal-trusted` holds the
public keys that it had before, so that this installation knows its own seals whatever the database says.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import Invalid, Refused, Unavailable
from core.secrets import make_key_file
from core.settings import Settings
from ledger.key_chain import key_id


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and what is public of it."""

    private: Ed25519PrivateKey = field(repr=False)
    public: bytes
    id: str

    def sign(self, record: bytes) -> bytes:
        return self.private.sign(record)


def signer_of(seed: bytes) -> Signer:
    """The signer of a 32-byte seed."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    return Signer(private, public, key_id(public))


def load_signer(settings: Settings) -> Signer:
    """The key of this installation.

    Raises:
        Invalid: `bad_seal_key`.
        Unavailable: `seal_key_not_kept`, its file can be neither read nor made.
    """
    if settings.seal_key is not None:
        return signer_of(_seed(settings.seal_key, "KOPECK_SEAL_KEY"))
    return _kept(_file(settings, "seal.key"))


def trusted_keys(settings: Settings) -> list[bytes]:
    """The public keys that this installation signs and signed with, whatever the database says.

    None where no key was ever made: asking must not make one, which would call every seal a forgery.

    Raises what `load_signer` raises.
    """
    if settings.seal_key is None and not _file(settings, "seal.key").exists():
        return []
    path = _file(settings, "seal-trusted")
    lines = path.read_text().split() if path.exists() else []
    return [load_signer(settings).public, *(_seed(line, str(path)) for line in lines)]


def next_signer(settings: Settings) -> Signer:
    """The key that is to take the place of the file's; a rotation that broke off goes on with the one it had made.

    Raises:
        Refused: `seal_key_is_set`, the key does not come from the file.
        Invalid, Unavailable: as `load_signer`.
    """
    if settings.seal_key is not None:
        raise Refused(
            "seal_key_is_set",
            f"KOPECK_SEAL_KEY holds the key: put it into {_file(settings, 'seal.key')} (mode 0600), unset the"
            " variable everywhere, and rotate then.",
        )
    return _kept(_file(settings, "seal.next"))


def promote(settings: Settings, old: Signer) -> None:
    """Put the next key into its place, once the database knows it. The old public key stays known first."""
    path = _file(settings, "seal-trusted")
    known: Sequence[str] = path.read_text().split() if path.exists() else ()
    if old.public.hex() not in known:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
            file.write(f"{old.public.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
    os.replace(_file(settings, "seal.next"), _file(settings, "seal.key"))


def _file(settings: Settings, name: str) -> Path:
    return settings.home / "secrets" / name


def _kept(path: Path) -> Signer:
    try:
        make_key_file(path)
        return signer_of(_seed(path.read_text().strip(), str(path)))
    except OSError as error:
        raise Unavailable(
            "seal_key_not_kept", f"The key of the seals cannot be kept in {path}: {error.strerror}."
        ) from error


def _seed(text: str, where: str) -> bytes:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise Invalid("bad_seal_key", f"{where} does not hold 64 hex digits; restore it from a backup.")
    return bytes.fromhex(text)
