from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.retrieval.keywords import KeywordIndex

Documents = dict[int, list[str]]
documents = st.dictionaries(st.integers(0, 200), st.lists(st.sampled_from("abcdefg"), max_size=6), max_size=8)


def index_of(documents: Documents) -> KeywordIndex:
    index = KeywordIndex()
    for number, words in documents.items():
        index.add(number, Counter(words))
    return index


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    scores = index_of({0: ["send", "mail"], 1: ["send", "sms"], 2: ["send", "fax"]}).scores(["send", "fax"])
    assert scores[2] > scores[0] == scores[1] > 0


def test_unknown_words_score_nothing() -> None:
    assert not index_of({0: ["a"]}).scores(["z"]).any()
    assert not index_of({0: ["a"]}).scores([]).any()


@given(documents, documents)
def test_documents_taken_out_leave_no_trace(kept: Documents, gone: Documents) -> None:
    index = index_of(kept | {n: words for n, words in gone.items() if n not in kept})
    index.scores("abcdefg")  # arrays are made here, which the removals below must throw away
    for number in gone.keys() - kept.keys():
        index.remove(number)
    mine, fresh = index.scores("abc"), index_of(kept).scores("abc")
    size = max(len(mine), len(fresh))
    padded = [np.pad(scores, (0, size - len(scores))) for scores in (mine, fresh)]
    assert np.allclose(padded[0], padded[1])
