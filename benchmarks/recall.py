"""Which old turns come back when a request is about them.

    python benchmarks/recall.py [--turns 40] [--trials 500]

Conversations are made of the training corpus's dialogues: the first turn of one, then turns of others, and
at last the first one's follow-up, which is about a turn that is long out of sight. For each least score: how
many follow-ups bring their turn back, how many bring another one, and how many requests that open a subject
of their own bring any (some of them do return to what was said). Many follow-ups ("make it 3pm") name nothing
of their turn: nobody could tell which they mean after so long. So those that have two words in common with it
are counted apart, and so are questions that look back: "what was that about", and its two longest words.
"""

import argparse
import random
from pathlib import Path

from scrubjay.agent import recall
from scrubjay.agent.recall import LEAST_SCORE, Recall
from scrubjay.models.training.corpus import Example, load_corpus

CORPUS = Path(__file__).parent.parent / "models" / "training" / "corpus"
SCORES = (0.0, 0.1, 0.15, 0.25, 0.35, 0.45, 0.55, 0.7)


def conversation(
    dialogues: list[list[Example]], turns: int, chance: random.Random
) -> tuple[Recall, list[Example]]:
    """What was said until a follow-up of the first turn, and the dialogue that it belongs to."""
    chosen = chance.sample(dialogues, turns)
    known = Recall()
    for dialogue in chosen:
        first = dialogue[1].history[0]
        known.add(first.query, first.results)
    return known, chosen[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--trials", type=int, default=500)
    options = parser.parse_args()
    chance = random.Random(0)
    corpus = load_corpus(CORPUS)
    dialogues = [corpus.expand_dialogue(one, chance) for one in corpus.dialogues]
    dialogues = [one for one in dialogues if len(one) > 1]
    trials = [conversation(dialogues, options.turns, chance) for _ in range(options.trials)]
    others = [chance.choice(dialogues)[0].query for _ in trials]
    print(f"{options.trials} conversations of {options.turns} turns; in use: a score of {LEAST_SCORE}")
    print("score  right turn  of those that name it  looking back  another turn  a new subject brings any")
    for score in SCORES:
        recall.LEAST_SCORE = score
        right = wrong = named = named_right = back = new = 0
        for (known, dialogue), other in zip(trials, others, strict=True):
            found = known.about(dialogue[1].query, options.turns)
            hit = 0 in found
            names_it = shares_words(dialogue)
            right, named, named_right = right + hit, named + names_it, named_right + (hit and names_it)
            back += 0 in known.about(look_back(dialogue), options.turns)
            wrong += bool(set(found) - {0})
            new += bool(known.about(other, options.turns))
        total = len(trials) / 100
        print(
            f"{score:5.2f} {right / total:10.0f}% {100 * named_right / max(1, named):18.0f}% of {named}"
            f" {back / total:13.0f}% {wrong / total:13.0f}% {new / total:22.0f}%"
        )


def look_back(dialogue: list[Example]) -> str:
    """A question about a dialogue's first turn."""
    words = sorted(set(dialogue[1].history[0].query.split()), key=lambda word: (-len(word), word))
    return f"what was that about {' '.join(words[:2])}"


def shares_words(dialogue: list[Example]) -> bool:
    """Whether a follow-up has two telling words in common with its turn."""
    alone = Recall()
    first = dialogue[1].history[0]
    alone.add(first.query, first.results)
    kept, recall.LEAST_SCORE = recall.LEAST_SCORE, 0.0
    found = alone.about(dialogue[1].query, 1)
    recall.LEAST_SCORE = kept
    return bool(found)


if __name__ == "__main__":
    main()
