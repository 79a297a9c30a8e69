"""A research assistant with 30 tools over a small library. `python examples/research_assistant.py`.

So many tools are not offered all at once: those that seem to serve a request are chosen first.
"""

import re
import statistics
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from scrubjay import Agent, Free, Policy, ToolFailed, tool, tools_of
from scrubjay.events import ToolsChosen


@dataclass
class Paper:
    """A paper of the library."""

    title: str
    authors: list[str]
    year: int
    abstract: str
    tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stars: int = 0


PAPERS = (
    Paper(
        "Caching in corvids",
        ["Nicola Clayton", "Anthony Dickinson"],
        1998,
        "Scrub jays remember what they cached, where, and how long ago, and look for what is still fresh.",
    ),
    Paper(
        "Planning for breakfast",
        ["Caroline Raby", "Nicola Clayton"],
        2007,
        "Jays cache food where they learned to expect no breakfast: it seems that they plan for tomorrow.",
    ),
    Paper(
        "Tools of crows",
        ["Gavin Hunt"],
        1996,
        "Crows in New Caledonia make hooked tools of leaves and twigs and carry them from tree to tree.",
    ),
    Paper(
        "Watching the watchers",
        ["Joanna Dally", "Nicola Clayton"],
        2006,
        "Jays that were watched while caching move their food later, if the watcher could steal it.",
    ),
)


class Library:
    """Papers, what one thinks of them, and what is to be read next."""

    def __init__(self) -> None:
        self.papers = {paper.title: paper for paper in PAPERS}
        self.reading: list[str] = []

    def _paper(self, title: str) -> Paper:
        """The paper whose title has all the words of `title`."""
        words = title.lower().split()
        found = [paper for paper in self.papers.values() if all(w in paper.title.lower() for w in words)]
        if len(found) != 1:
            titles = ", ".join(paper.title for paper in found or self.papers.values())
            raise ToolFailed(f"{'Several papers fit' if found else 'No paper fits'} “{title}”: {titles}.")
        return found[0]

    @tool(effect="read")
    def list_papers(self) -> list[str]:
        """List the titles of all papers."""
        return list(self.papers)

    @tool(effect="read")
    def find_papers(self, words: str) -> list[str]:
        """Find papers whose title or abstract has the given words."""
        wanted = words.lower().split()
        texts = {paper.title: f"{paper.title} {paper.abstract}".lower() for paper in self.papers.values()}
        return [title for title, text in texts.items() if all(word in text for word in wanted)]

    @tool(effect="read")
    def papers_by_author(self, author: str) -> list[str]:
        """Find the papers that a person has written."""
        return [paper.title for paper in self.papers.values() if _wrote(author, paper)]

    @tool(effect="read")
    def papers_by_year(self, year: int) -> list[str]:
        """Find the papers of a year."""
        return [paper.title for paper in self.papers.values() if paper.year == year]

    @tool(effect="read", from_others=True)
    def read_abstract(self, title: str) -> str:
        """Read the abstract of a paper."""
        return self._paper(title).abstract

    @tool(effect="read")
    def authors_of(self, title: str) -> list[str]:
        """Tell who wrote a paper."""
        return self._paper(title).authors

    @tool(effect="read")
    def year_of(self, title: str) -> int:
        """Tell when a paper came out."""
        return self._paper(title).year

    @tool(effect="read")
    def coauthors(self, author: str) -> list[str]:
        """Tell with whom a person has written papers."""
        teams = [paper.authors for paper in self.papers.values() if _wrote(author, paper)]
        return sorted({name for team in teams for name in team if author.lower() not in name.lower()})

    @tool(effect="read")
    def cite(self, title: str, style: Literal["apa", "bibtex"] = "apa") -> str:
        """Cite a paper."""
        paper = self._paper(title)
        names = [name.split()[-1] for name in paper.authors]
        if style == "bibtex":
            key, authors = f"{names[0].lower()}{paper.year}", " and ".join(paper.authors)
            return f"@article{{{key}, title={{{paper.title}}}, author={{{authors}}}}}"
        return f"{' & '.join(names)} ({paper.year}). {paper.title}."

    @tool(effect="read")
    def bibliography(self) -> list[str]:
        """Cite all papers, in the order of their authors."""
        return sorted(str(self.cite(title)) for title in self.papers)

    @tool(effect="read")
    def related_papers(self, title: str) -> list[str]:
        """Find the papers that have most words in common with a paper."""
        own = _words(self._paper(title))
        others = [paper for paper in self.papers.values() if paper is not self._paper(title)]
        return [paper.title for paper in sorted(others, key=lambda p: -len(own & _words(p)))][:2]

    @tool(effect="read")
    def keywords(self, title: str) -> list[str]:
        """Tell the most frequent long words of a paper."""
        words = re.findall(r"[a-z]{5,}", self._paper(title).abstract.lower())
        return [word for word, _ in Counter(words).most_common(5)]

    @tool(effect="read")
    def count_words(self, text: str) -> int:
        """Count the words of a text."""
        return len(text.split())

    @tool(effect="read", say="About {result} minutes.")
    def reading_time(self, pages: Annotated[int, Field(ge=1)]) -> int:
        """Tell how many minutes it takes to read so many pages."""
        return 3 * pages

    @tool(effect="read")
    def timeline(self) -> list[str]:
        """Tell the papers in the order in which they came out."""
        return [f"{p.year}: {p.title}" for p in sorted(self.papers.values(), key=lambda p: p.year)]

    @tool(state="library", say="{title} has the tag {tag}.")
    def tag_paper(self, title: str, tag: str) -> None:
        """Put a tag on a paper."""
        self._paper(title).tags.append(tag)

    @tool(state="library", say="The tag {tag} is off.")
    def untag_paper(self, title: str, tag: str) -> None:
        """Take a tag off a paper."""
        if tag not in self._paper(title).tags:
            raise ToolFailed(f"{title} has no tag {tag}.")
        self._paper(title).tags.remove(tag)

    @tool(effect="read", state="library")
    def papers_with_tag(self, tag: str) -> list[str]:
        """Find the papers with a tag."""
        return [paper.title for paper in self.papers.values() if tag in paper.tags]

    @tool(state="library", say="{title} has {stars} stars.")
    def rate_paper(self, title: str, stars: Annotated[int, Field(ge=1, le=5)]) -> None:
        """Give a paper one to five stars."""
        self._paper(title).stars = stars

    @tool(effect="read", state="library")
    def best_papers(self) -> list[str]:
        """Tell the papers with most stars, the best first."""
        rated = sorted(self.papers.values(), key=lambda paper: -paper.stars)
        return [paper.title for paper in rated if paper.stars][:3]

    @tool(state="library", say="Noted on {title}.")
    def note_on_paper(self, title: str, note: Annotated[str, Free()]) -> None:
        """Write a note on a paper."""
        self._paper(title).notes.append(note)

    @tool(effect="read", state="library")
    def notes_on_paper(self, title: str) -> list[str]:
        """Read the notes on a paper."""
        return self._paper(title).notes

    @tool(effect="read", state="library")
    def search_notes(self, words: str) -> list[str]:
        """Find notes with the given words, on any paper."""
        notes = [f"{paper.title}: {note}" for paper in self.papers.values() for note in paper.notes]
        return [note for note in notes if words.lower() in note.lower()]

    @tool(state="library", say="“{title}” is in the library.")
    def add_paper(self, title: str, authors: list[str], year: int, abstract: str = "") -> None:
        """Add a paper to the library."""
        self.papers[title] = Paper(title, authors, year, abstract)

    @tool(effect="destroy", state="library", say="{title} is gone.")
    def remove_paper(self, title: str) -> None:
        """Remove a paper from the library, with its notes."""
        del self.papers[self._paper(title).title]

    @tool(state="reading", say="{title} is on the reading list.")
    def read_later(self, title: str) -> None:
        """Put a paper on the reading list."""
        self.reading.append(self._paper(title).title)

    @tool(effect="read", state="reading", say="Next: {result}.")
    def next_to_read(self) -> str:
        """Tell what to read next."""
        if not self.reading:
            raise ToolFailed("The reading list is empty.")
        return self.reading[0]

    @tool(state="reading", say="{title} is read.")
    def have_read(self, title: str) -> None:
        """Take a paper off the reading list."""
        self.reading.remove(self._paper(title).title)

    @tool(effect="read", say="The mean is {result.mean}, the standard deviation {result.deviation}.")
    def statistics(self, numbers: list[float]) -> dict[str, float]:
        """Tell the mean and the standard deviation of numbers."""
        if len(numbers) < 2:
            raise ToolFailed("That takes two numbers at least.")
        mean, deviation = statistics.mean(numbers), statistics.stdev(numbers)
        return {"mean": round(mean, 3), "deviation": round(deviation, 3)}

    @tool(effect="read", say="{result}%")
    def percent_change(self, before: float, after: float) -> float:
        """Tell by how many percent a number has changed."""
        if not before:
            raise ToolFailed("From zero there is no percentage.")
        return round(100 * (after - before) / before, 2)


def _wrote(author: str, paper: Paper) -> bool:
    return any(author.lower() in name.lower() for name in paper.authors)


def _words(paper: Paper) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", f"{paper.title} {paper.abstract}".lower()))


def main(requests: list[str]) -> None:
    library = tools_of(Library())
    with Agent(library, policy=Policy(allow_effects=True), max_tools=8) as agent:
        for request in requests:
            print(f"> {request}")
            for event in agent.events_sync(request):
                if isinstance(event, ToolsChosen):
                    print(f"({len(event.tools)} of {len(library)} tools: {', '.join(event.tools)})")
                elif hasattr(event, "answer"):
                    print(f"{event.answer}\n")


if __name__ == "__main__":
    main(sys.argv[1:] or ["which papers did Clayton write", "cite the paper on tools of crows"])
