"""The keys of the seals: where they are kept, how one takes the place of another, who is believed."""

import stat
from pathlib import Path

import pytest
from seal_help import NOW, SIGNER, checked, posted, sealed
from sqlalchemy import Engine, text

from core.database import transaction
from core.errors import Invalid, Refused, Unavailable
from core.settings import Settings, load_settings
from ledger.key_chain import KeyChain, PublishedKey
from ledger.keyring import Signer, load_signer, next_signer, promote, signer_of, trusted_keys
from ledger.seal import seal_next
from ledger.seal_keys import endorse, list_keys, published
from ledger.seal_record import endorsement_record

SIGNERS = [signer_of(bytes([n]) * 32) for n in range(5)]


def home(tmp_path: Path, **more: str) -> Settings:
    return load_settings({"KOPECK_HOME": str(tmp_path / "home"), **more})


def rotate(engine: Engine, settings: Settings) -> Signer:
    old, new = load_signer(settings), next_signer(settings)
    with transaction(engine) as session:
        endorse(session, old, new)
    promote(settings, old)
    return new


def test_the_first_use_makes_a_key_that_stays(tmp_path: Path) -> None:
    settings = home(tmp_path)
    first = load_signer(settings)
    file = settings.home / "secrets" / "seal.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(file.read_text()) == 64
    assert load_signer(settings).id == first.id and trusted_keys(settings) == [first.public]
    assert [each.name for each in file.parent.iterdir()] == ["seal.key"]
    assert file.read_text() not in repr(first)


def test_a_published_pair() -> None:
    """RFC 8032, section 7.1, test 1."""
    signer = signer_of(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    assert signer.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert signer.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a")


def test_the_setting_goes_before_the_file(tmp_path: Path) -> None:
    settings = home(tmp_path, KOPECK_SEAL_KEY="01" * 32)
    assert load_signer(settings).id == SIGNERS[1].id
    assert not settings.home.exists()
    with pytest.raises(Refused) as caught:
        next_signer(settings)
    assert caught.value.code == "seal_key_is_set"


@pytest.mark.parametrize("seed", ["", "01" * 31, "g" * 64])
def test_a_damaged_key_is_refused(tmp_path: Path, seed: str) -> None:
    settings = home(tmp_path)
    (settings.home / "secrets").mkdir(parents=True)
    (settings.home / "secrets" / "seal.key").write_text(seed)
    with pytest.raises(Invalid) as caught:
        load_signer(settings)
    assert caught.value.code == "bad_seal_key"


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(Unavailable) as caught:
        load_signer(home(tmp_path))
    assert caught.value.code == "seal_key_not_kept"


def test_keys_change_and_the_chain_goes_on(engine: Engine, tmp_path: Path) -> None:
    settings = home(tmp_path)
    keys = [load_signer(settings)]
    for key in "abc":
        posted(engine, key)
        [seal] = sealed(engine, signer=load_signer(settings))
        assert seal.key_id == keys[-1].id
        keys.append(rotate(engine, settings))
    with transaction(engine) as session:
        listed = list_keys(session)
    assert [key.id for key in listed] == [key.id for key in keys]
    assert [key.endorsed_by for key in listed] == [None, *(key.id for key in keys[:-1])]
    assert checked(engine, [keys[0].public]) == checked(engine, ()) == []
    assert checked(engine, trusted_keys(settings)) == []
    assert set(trusted_keys(settings)) == {key.public for key in keys}
    assert checked(engine, [keys[2].public]), "who trusts only a later key is told of the earlier ones"


def test_a_rotation_that_broke_off_goes_on_with_the_same_key(engine: Engine, tmp_path: Path) -> None:
    settings = home(tmp_path)
    old, new = load_signer(settings), next_signer(settings)
    with transaction(engine) as session:
        endorse(session, old, new)
    posted(engine, "a")
    assert sealed(engine, signer=load_signer(settings)), "the old key seals until the new one is in its place"
    assert rotate(engine, settings).id == new.id == load_signer(settings).id
    with transaction(engine) as session:
        assert len(list_keys(session)) == 2


def test_only_the_key_of_the_books_seals(engine: Engine) -> None:
    """Neither a stranger, nor a key that was replaced already."""
    posted(engine, "a")
    sealed(engine)
    with transaction(engine) as session:
        endorse(session, SIGNER, SIGNERS[1])
    posted(engine, "b")
    sealed(engine, signer=SIGNERS[1])
    posted(engine, "c")
    for signer in (SIGNER, SIGNERS[2]):
        with pytest.raises(Refused) as caught:
            seal_next(engine, signer, NOW)
        assert caught.value.code == "seal_key_not_endorsed"
        with pytest.raises(Refused), transaction(engine) as session:
            endorse(session, signer, SIGNERS[3])
    assert checked(engine) == []
    with transaction(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM seal_key")) == 2
        assert len(published(session)) == 2


def chained(*links: tuple[int, int | None]) -> list[PublishedKey]:
    found = []
    for at, by in links:
        key = SIGNERS[at]
        endorsement = None if by is None else SIGNERS[by].sign(endorsement_record(key.public))
        found.append(PublishedKey(key.id, key.public, None if by is None else SIGNERS[by].id, endorsement))
    return found


def test_who_is_believed() -> None:
    keys = chained((0, None), (1, 0), (2, 1), (3, None))
    ids = [signer.id for signer in SIGNERS]
    assert set(KeyChain(keys).accepted) == set(ids[:3])
    assert set(KeyChain(keys, [SIGNERS[1].public]).accepted) == set(ids[1:3])
    assert set(KeyChain(reversed(keys), [SIGNERS[0].public]).accepted) == set(ids[:3])
    assert set(KeyChain([], [SIGNERS[4].public]).accepted) == {ids[4]}
    chain = KeyChain(keys)
    assert chain.follows(ids[2], ids[0]) and chain.follows(ids[1], ids[1])
    assert not chain.follows(ids[0], ids[1]) and not chain.follows(ids[3], ids[0])
    ring = chained((0, 1), (1, 0))
    assert not KeyChain(ring).accepted and not KeyChain(ring).follows(ids[0], ids[2])
