import pytest

from scrubjay.agent.votes import BestOf, Candidate, Majority, Strategy, Weighted


def plans(*texts: str, logprob: float = -1.0) -> list[Candidate]:
    return [Candidate("", text, logprob, 10) for text in texts]


def test_the_plan_of_most_thoughts_is_taken() -> None:
    assert Majority().best(plans("a", "b", "b")).plan == "b"


def test_the_first_is_taken_where_as_many_say_something_else() -> None:
    assert Majority().best(plans("a", "b")).plan == "a"


@pytest.mark.parametrize(
    ("texts", "missing", "decided"),
    [
        ("a", 7, False),
        ("aa", 6, False),
        ("aaa", 5, True),  # all agree so far
        ("aab", 5, False),
        ("aaaab", 3, False),
        ("aaaab", 2, True),  # b cannot overtake any more
        ("ab", 0, False),
    ],
)
def test_the_vote_ends_when_it_is_decided(texts: str, missing: int, decided: bool) -> None:
    assert Majority().decided(plans(*texts), missing) == decided


def test_sure_thoughts_count_for_more() -> None:
    candidates = [*plans("a", "a", logprob=-20.0), *plans("b", logprob=-0.1)]
    assert Majority().best(candidates).plan == "a"
    assert Weighted().best(candidates).plan == "b"


def test_the_best_score_is_taken_and_all_are_waited_for() -> None:
    longest: Strategy = BestOf(lambda candidate: len(candidate.plan))
    assert longest.best(plans("a", "bbb", "cc")).plan == "bbb"
    assert not longest.decided(plans("a", "a", "a"), 1)
    assert longest.decided(plans("a"), 0)
