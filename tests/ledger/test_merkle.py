"""Merkle trees against the definition of RFC 6962, written out as the RFC does."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import EMPTY_ROOT, Proof, RisingRoot, leaf_hash, node_hash, prove, root_of


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1: split at the largest power of two smaller than n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_the_root_is_the_rfc_s(data: list[bytes]) -> None:
    leaves = [leaf_hash(each) for each in data]
    assert root_of(leaves) == by_definition(leaves)
    rising = RisingRoot()
    for leaf in leaves:
        rising.add(leaf)
    assert (rising.size, rising.root()) == (len(leaves), by_definition(leaves))


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_a_proof_leads_to_the_root_and_from_no_other_leaf(data: list[bytes], pick: st.DataObject) -> None:
    leaves = [leaf_hash(each) for each in data]
    index = pick.draw(st.integers(0, len(leaves) - 1))
    proof = prove(leaves, index)
    assert proof.root_for(leaves[index]) == root_of(leaves)
    assert proof.root_for(leaf_hash(b"another leaf altogether")) != root_of(leaves)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 9, 31, 33, 63, 65, 127, 129])
def test_every_leaf_of_a_lopsided_tree_has_its_proof(size: int) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    for index, leaf in enumerate(leaves):
        assert prove(leaves, index).root_for(leaf) == root_of(leaves) == by_definition(leaves)


def test_published_values() -> None:
    """The empty tree's hash of RFC 6962, and the hash of an empty leaf."""
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.parametrize("path", [(), (b"x" * 32,) * 9])
def test_a_path_of_another_length_is_no_proof(path: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="path is too"):
        Proof(2, 5, path).root_for(b"x" * 32)
