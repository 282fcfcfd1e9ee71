"""Pseudonyms, encryption, and the master key's file."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from core.errors import Invalid, Unavailable
from core.secrets import Vault, load_vault, vault_of
from core.settings import load_settings

OTHER = vault_of(b"o" * 32)
RACE = """
import sys
from core.secrets import load_vault
from core.settings import load_settings
settings = load_settings({"KOPECK_HOME": sys.argv[1]})
print("ready", flush=True)
sys.stdin.readline()
print(load_vault(settings).fingerprint)
"""


def load(home: Path, **more: str) -> Vault:
    return load_vault(load_settings({"KOPECK_HOME": str(home), **more}))


def test_pseudonyms_are_stable_and_keyed(vault: Vault) -> None:
    assert vault.pseudonym("u1") == vault_of(b"k" * 32).pseudonym("u1")
    assert vault.pseudonym("u1") == "ba88c2b7c244d4757ebff625c714a67e", "it is stored: it may never change"
    assert vault.pseudonym("u1") != OTHER.pseudonym("u1")
    made = {vault.pseudonym(f"u{n}") for n in range(2_000)}
    assert len(made) == 2_000
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in made)


def test_the_keys_differ_by_purpose(vault: Vault) -> None:
    assert len({vault.viewer_key, vault.detail_key, b"k" * 32}) == 3
    assert vault.fingerprint != OTHER.fingerprint
    assert b"k" * 8 not in vault.fingerprint.encode()


def test_what_is_sealed_opens_with_the_same_key_only(vault: Vault) -> None:
    detail = {"account": "40817810000000000001", "name": "Жанна «Д’Арк» 🏦"}
    sealed = vault.seal(detail)
    assert vault.open(sealed) == detail
    assert vault.seal(detail) != sealed, "the nonce is fresh"
    assert b"40817810" not in sealed
    with pytest.raises(InvalidTag):
        OTHER.open(sealed)
    for place in (0, 12, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(InvalidTag):
            vault.open(bytes(changed))


def test_the_first_start_makes_a_key_that_stays(tmp_path: Path) -> None:
    made = load(tmp_path / "home")
    file = tmp_path / "home" / "secrets" / "master.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load(tmp_path / "home").fingerprint == made.fingerprint
    assert [each.name for each in file.parent.iterdir()] == ["master.key"]
    assert load(tmp_path / "another").fingerprint != made.fingerprint


def test_processes_that_meet_at_the_first_start_get_one_key(tmp_path: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    children = [
        subprocess.Popen([sys.executable, "-c", RACE, str(tmp_path / "home")], **pipes) for _ in range(4)
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    prints = {child.communicate(timeout=30)[0].strip() for child in children}
    assert prints == {load(tmp_path / "home").fingerprint}
    assert len(list((tmp_path / "home" / "secrets").iterdir())) == 1


def test_the_environment_may_hold_the_key(tmp_path: Path) -> None:
    given = load(tmp_path, KOPECK_SECRET_KEY="6B" * 32)
    assert given.fingerprint == vault_of(b"k" * 32).fingerprint
    assert not (tmp_path / "secrets").exists()
    for bad in ("6b" * 31, "6b" * 33, "zz" * 32, "6b" * 32 + "\n", "٦" * 64):
        with pytest.raises(Invalid) as refusal:
            load(tmp_path, KOPECK_SECRET_KEY=bad)
        assert refusal.value.code == "bad_secret_key"
        assert bad.strip() not in refusal.value.detail


def test_a_spoiled_file_is_never_replaced(tmp_path: Path) -> None:
    """A new key would make every pseudonym and sealed detail unreadable."""
    load(tmp_path)
    file = tmp_path / "secrets" / "master.key"
    for text in ("", "short", "zz" * 32):
        file.write_text(text)
        with pytest.raises(Invalid, match="backup"):
            load(tmp_path)
        assert file.read_text() == text


def test_a_home_that_cannot_hold_a_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=r"master\.key"):
        load(tmp_path / "file")
