"""A doubtful request goes to a bigger machine only after a yes, and the question says what would leave."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import Path
from typing import Any

import keyring
import pytest
from click import ClickException

from scrubjay.agent.agent import Agent, Answer
from scrubjay.agent.confidence import OFFSET, SCALE
from scrubjay.agent.events import ConsentAsked
from scrubjay.agent.hand_over import HAND_OVER, Asking, HandOver
from scrubjay.agent.policy import Policy
from scrubjay.apps.opening import open_hand_over
from scrubjay.models.openai_engine import OpenAIEngine, RemoteSettings
from scrubjay.models.outbox import Chunk
from scrubjay.tools.decorator import tool
from scrubjay.tools.secrets import store_secret

from ..models.openai_server import OpenAIServer, running_openai
from ..tools.memory_keyring import MemoryKeyring
from .scripted import FOREIGN, ScriptedEngine

HERE, THERE = '$1 = look(word="here")\ndone\n', '$1 = look(word="there")\ndone\n'


def sure(confidence: float) -> Mapping[str, float]:
    """Metadata of a model that is always so sure: with logprob 0 it is the sigmoid of the offset."""
    return {SCALE: 1.0, OFFSET: 3.0 if confidence > 0.5 else -3.0}


async def serve(
    server: OpenAIServer,
    confidence: float | None,
    answer: Callable[[ConsentAsked], bool],
    *requests: str,
    key: str = "",
    logprob: float = 0.0,
    below: float = 0.3,
) -> tuple[list[str], list[ConsentAsked], Answer]:
    """Serve requests one after the other: what was looked up, what was asked, and the last answer.

    confidence: None is a model without a calibration. logprob: what it thinks of each token."""
    looked: list[str] = []
    asked: list[ConsentAsked] = []

    @tool
    def look(word: str) -> str:
        """Look a word up."""
        looked.append(word)
        return f"about {word}"

    async def consent(question: ConsentAsked) -> bool:
        asked.append(question)
        return answer(question)

    fitted = {} if confidence is None else sure(confidence)
    here = ScriptedEngine(HERE, metadata={**FOREIGN, **fitted}, logprob=logprob)
    async with OpenAIEngine(RemoteSettings(url=server.url, model="big", key=key)) as there:
        policy = Policy(consent=consent, allow_effects=True)
        async with Agent([look], here, policy=policy, hand_over=HandOver(there, below)) as agent:
            for request in requests:
                served = await agent.run(request)
    return looked, asked, served


async def test_who_is_sure_asks_nobody() -> None:
    with running_openai(THERE) as server:
        looked, asked, _ = await serve(server, 0.95, lambda _: True, "look it up")
    assert (looked, asked, server.asked) == (["here"], [], [])


@pytest.mark.parametrize(("logprob", "below", "asks"), [(-2.0, 0.3, 1), (-0.5, 0.3, 0), (-0.5, 0.7, 1)])
async def test_a_model_without_a_calibration_is_doubted_by_its_tokens(
    logprob: float, below: float, asks: int
) -> None:
    with running_openai(THERE) as server:
        looked, asked, _ = await serve(
            server, None, lambda _: True, "look it up", logprob=logprob, below=below
        )
    assert (looked, len(asked)) == (["there"] if asks else ["here"], asks)


async def test_forced_tokens_and_thoughts_say_nothing_of_a_plan() -> None:
    async def here() -> AsyncGenerator[Chunk, None]:
        yield Chunk("", tokens=50, forced=0, logprob=0.0, thought="well", thought_logprob=-0.1)
        yield Chunk(HERE, tokens=20, forced=18, logprob=-3.0)

    asked: list[ConsentAsked] = []

    async def ask(question: ConsentAsked) -> bool:
        asked.append(question)
        return False

    async with OpenAIEngine(RemoteSettings(url="http://127.0.0.1:9/v1", model="big")) as there:
        asking = Asking("look", [], [], "", "r", "s")
        chunks = [c async for c in HandOver(there).plan(asking, here(), None, ask, lambda: None)]
    assert "".join(chunk.text for chunk in chunks) == HERE
    assert len(asked) == 1


async def test_a_no_keeps_everything_here() -> None:
    with running_openai(THERE) as server:
        looked, asked, _ = await serve(server, 0.05, lambda _: False, "look it up")
    assert looked == ["here"]
    assert [question.tool for question in asked] == [HAND_OVER]
    assert server.asked == []


async def test_a_yes_takes_the_plan_from_there_and_nothing_of_the_one_made_here() -> None:
    with running_openai(THERE) as server:
        looked, asked, answer = await serve(server, 0.05, lambda _: True, "look it up")
    assert looked == ["there"]
    assert answer.text == "about there"
    assert "big on 127.0.0.1" in asked[0].question


async def test_the_question_holds_every_word_that_leaves_of_the_person_and_of_results() -> None:
    with running_openai(THERE) as server:
        _, asked, _ = await serve(server, 0.05, lambda q: q.args["request"] != "first", "first", "the second")
    question = asked[-1]
    assert "this request, your last request with its plan and results, time and language" in question.question
    sent = "\n".join(message["content"] for message in server.asked[-1]["messages"][1:])
    shown: Any = question.args
    (earlier,) = shown["earlier"]
    told = [shown["request"], shown["facts"], *earlier]
    own = sent[sent.index("first") :]
    for text in sorted(map(str, told), key=len, reverse=True):
        assert text.strip() in own
        own = own.replace(text.strip(), "")
    assert own.replace("Results:", "").replace("Now:", "").replace("$1:", "").strip() == ""


@pytest.mark.parametrize("trouble", ["503", "404", "html"])
async def test_where_the_machine_fails_the_plan_made_here_is_taken(trouble: str) -> None:
    with running_openai(THERE, trouble=trouble) as server:
        looked, _, _ = await serve(server, 0.05, lambda _: True, "look it up")
    assert looked == ["here"]


async def test_neither_question_nor_log_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    with running_openai(THERE, trouble="401", says="no such key: sk-s3cret") as server:
        looked, asked, _ = await serve(server, 0.05, lambda _: True, "look it up", key="sk-s3cret\n")
    assert looked == ["here"]
    assert server.keys == ["Bearer sk-s3cret"]
    assert "the plan is the one made here" in caplog.text
    assert "s3cret" not in caplog.text + str(asked)


@pytest.mark.parametrize("kept", ["sk-s3cret-\u00e4", "sk-s3\ncret"])
def test_a_key_of_the_keyring_that_cannot_be_sent_is_told_without_it(kept: str, tmp_path: Path) -> None:
    remote = '[models.remote]\nurl = "http://127.0.0.1:9/v1"\nmodel = "big"\nkey = "big machine"\n'
    (tmp_path / "settings.toml").write_text(remote)
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    try:
        store_secret("big machine", kept)
        with pytest.raises(ClickException, match="the key holds characters") as raised:
            open_hand_over(tmp_path)
    finally:
        keyring.set_keyring(before)
    assert "s3" not in raised.value.message
