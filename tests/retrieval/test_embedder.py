import numpy as np
import pytest

from scrubjay.retrieval.embedder import bundled_embedder

REQUEST = ("text Sid and call Lutfi", "text Sid", "call Lutfi")


def test_who_asks_for_a_request_again_gets_the_vectors_that_were_made_for_the_search() -> None:
    embedder = bundled_embedder()
    assert embedder.embed(list(REQUEST)) is embedder.embed(REQUEST)


def test_vectors_of_a_request_cannot_be_changed_under_who_asks_next() -> None:
    vectors = bundled_embedder().embed(REQUEST)
    with pytest.raises(ValueError, match="read-only"):
        vectors += 1


def test_many_requests_later_the_same_one_has_the_same_vectors() -> None:
    embedder = bundled_embedder()
    before = embedder.embed(REQUEST)
    for number in range(40):
        embedder.embed([f"call {number}"])
    after = embedder.embed(REQUEST)
    assert after is not before
    np.testing.assert_array_equal(after, before)
