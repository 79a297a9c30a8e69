"""Summaries without a model."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.tools.summary import split_sentences, summary

REPORT = """
The ferry to the island is delayed by four days because of the storm. Mr. Sato met the crew at 9.30
a.m. in the harbour. The weather was grey. The delay of the ferry costs the island's hotels their
guests, and the hotels want the ferry company to pay. Some people ate soup. A dog barked at a
passing bicycle for a while. The ferry company says that the storm is to blame and that the hotels
will not be paid for the delay. Nobody has asked the guests. The soup was warm.
"""


def test_a_summary_takes_the_sentences_that_say_most_in_their_order() -> None:
    first, second, third = split_sentences(summary(REPORT, 3))
    assert first.startswith("The ferry to the island is delayed")
    assert second.startswith("The delay of the ferry costs the island's hotels their guests")
    assert third.startswith("The ferry company says that the storm is to blame")


def test_a_sentence_that_says_the_same_again_is_passed_over() -> None:
    text = (
        "The ferry is delayed by the storm today. " * 2 + "Today the ferry is delayed by the storm! " + REPORT
    )
    assert summary(text, 4).count("delayed by the storm") == 1


def test_abbreviations_and_numbers_end_no_sentence() -> None:
    first = "Dr. Ada Moreau paid 3.50 for it, cf. Fig. 2 of J. Doe et al. in St. Ives in May."
    second = '"Was it any good at all?"'
    assert split_sentences(f"{first} {second} Nobody can say for sure.") == [
        first,
        second,
        "Nobody can say for sure.",
    ]


def test_what_is_no_sentence_is_left_out() -> None:
    assert split_sentences("ANNUAL REPORT 2026\n\n12 14 15.3 17.\n\nWe sold more bread than ever.\n\n7") == [
        "We sold more bread than ever."
    ]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.integers(1, 5))
def test_any_text_has_a_summary_of_its_own_sentences(text: str, count: int) -> None:
    every = split_sentences(text)
    whole = summary(text, count)
    assert sum(sentence in whole for sentence in every) >= min(count, len(every)) - 1
    assert len(whole) <= sum(map(len, every)) + len(every)
