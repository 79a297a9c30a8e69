"""The agent: a request goes in, tools run while the plan is being written, and an answer comes out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..retrieval.retriever import Retriever
from ..tools.background import BackgroundLoop, refuse_in_loop
from ..tools.mcp.server import McpServer
from ..tools.mcp.servers import McpServers, named_servers
from ..tools.registry import ToolRegistry
from ..tools.tool import Tool
from .ahead import ToolsAhead
from .calls import Calls
from .events import (
    ConsentAsked,
    Event,
    Remember,
    RequestCancelled,
    RequestFailed,
    RequestStarted,
    Status,
)
from .hand_over import HandOver
from .model_loader import ModelLoader, ReadyModel
from .plan import Plan
from .plannable import check_plannable
from .planner import Engine, current_facts
from .policy import Policy
from .request import Answer, Request
from .serving import Serving, Settings
from .sub_agent import sub_agent
from .thinker import MAX_THINK_TOKENS, Think
from .turns import Conversation, Turns
from .undo import Undo, Undone
from .votes import Strategy
from .within import ASK

if TYPE_CHECKING:
    from .session import Session


__all__ = ["Agent", "Answer"]

_log = logging.getLogger(__name__)


class Agent:
    """Serves requests with tools, any number at once. Use it with `async with`, or call `aclose`.

    tools: a registry, which may change between requests, or any tools.
    model: what plans: an engine, which several agents may share, or the path of a GGUF file; None is the
    bundled planner. What is no engine yet is loaded when it is needed first, and closed in the end.
    session: where turns and effects are kept: a `Session`, or the name of a conversation in the user's data,
    which is opened when it is needed first; None: turns in memory, no journal.
    mcp: servers whose tools are there, too: command lines, URLs, or `McpServer`s by name. See docs/mcp.md.
    policy: what asks for consent, and how; by default everything but reading asks by a ConsentAsked event.
    facts: the facts for a request (see `models.dialects.facts_text`), for models that read them.
    rounds: how often at most a plan is made for one request.
    max_tools: how many tools the model gets to see.
    retriever: makes what picks them, for a registry: one that keeps its index, learns from use, or takes
    another embedding model (see docs/retrieval.md); by default one that keeps nothing.
    hand_over: a bigger machine that may be asked where the plan made here is doubtful, after a yes each
    time; then no step starts before the plan is complete.
    adapters: files of LoRA adapters for the model; one of the kind "reasoning" is used for thinking.
    think: which requests are thought about before they are planned: "never", "auto" or "always".
    samples: how many thoughts are written side by side, and vote; `strategy` chooses among their plans, by
    default the majority (see `agent.votes`).
    max_think_tokens: how long a thought may get.
    short_answers: answer with the part of a record that was asked for, where no `say` template tells it.
    """

    def __init__(
        self,
        tools: ToolRegistry | Iterable[Tool],
        model: Engine | Path | str | None = None,
        *,
        session: Conversation | str | None = None,
        mcp: Iterable[str | McpServer] | Mapping[str, McpServer] = (),
        policy: Policy | None = None,
        facts: Callable[[], str] = current_facts,
        rounds: int = 2,
        max_tools: int = 16,
        retriever: Callable[[ToolRegistry], Retriever] = Retriever,
        hand_over: HandOver | None = None,
        adapters: Iterable[Path | str] = (),
        think: Think | str = Think.AUTO,
        samples: int = 1,
        strategy: Strategy | None = None,
        max_think_tokens: int = MAX_THINK_TOKENS,
        short_answers: bool = False,
    ) -> None:
        self.tools = tools if isinstance(tools, ToolRegistry) else ToolRegistry(tools)
        self._model = ModelLoader(
            model,
            adapters=adapters,
            think=think,
            samples=samples,
            strategy=strategy,
            max_think_tokens=max_think_tokens,
            short_answers=short_answers,
        )
        self._settings = Settings(facts, rounds, max_tools, hand_over)
        self._policy = policy or Policy()
        self._session: Conversation = Turns() if session is None or isinstance(session, str) else session
        self._session_name = session if isinstance(session, str) else None
        self._keeps = session is not None
        self._retriever = retriever(self.tools)
        self._calls = Calls()
        self._mcp = McpServers(named_servers(mcp), check_plannable) if mcp else None
        self._undo = Undo(self.tools, self._calls, self._session)
        self._opening = asyncio.Lock()
        self.tools_ahead = ToolsAhead()
        """How many tools the model has read ahead of any request for them."""
        self._opened: Session | None = None
        self._background: BackgroundLoop | None = None
        self._running: dict[str, tuple[Request, asyncio.Task[Answer]]] = {}

    async def run(self, text: str) -> Answer:
        """Serve a request to its end. Without a consent callback nobody can answer, and no answer means no;
        inside a tool of another agent, whoever answers for that one is asked.

        Raises RequestTooLongError and what else the engine raises; what tools raise is told in the answer.
        """
        request = Request(text)
        async with aclosing(self._stream(request)) as events:
            async for event in events:
                if isinstance(event, ConsentAsked) and not self._policy.has_consent_callback:
                    ask = ASK.get()
                    self.answer_consent(event, ask is not None and await ask(event))
        assert request.answer is not None
        return request.answer

    def run_sync(self, text: str) -> Answer:
        """`run`, for programs that are not async. Raises LoopRunningError where an event loop runs."""
        refuse_in_loop("run_sync", "await agent.run(...)")
        return self._in_background().run(self.run(text))

    def events_sync(self, text: str) -> Iterator[Event]:
        """`events`, for programs that are not async; leaving the loop early cancels the request.

        Raises LoopRunningError where an event loop runs.
        """
        refuse_in_loop("events_sync", "async for event in agent.events(...)")
        return self._in_background().iterate(self.events(text))

    async def events(self, text: str) -> AsyncGenerator[Event, None]:
        """Serve a request; what happens comes out as it happens. Raises as `run` does, after RequestFailed.

        Leaving the loop early, or cancelling the task it runs in, cancels the request and cleans up.
        """
        async with aclosing(self._stream(Request(text))) as events:
            async for event in events:
                yield event

    def answer_consent(
        self, step: ConsentAsked | int, allowed: bool, remember: Remember = Remember.ONCE
    ) -> bool:
        """Answer a question, named by its event or its step's id. False: it was no longer open.

        remember: how far a yes goes beyond this step, one of those that the event offers.

        Raises ValueError when several requests ask about a step of that id: then it takes the event.
        """
        if self._background is not None and not self._background.is_here:
            return self._background.call(lambda: self.answer_consent(step, allowed, remember))
        if isinstance(step, ConsentAsked):
            return self._policy.answer(step.request_id, step.step_id, allowed, remember)
        requests = self._policy.open_requests(step)
        if len(requests) > 1:
            raise ValueError(
                f"{len(requests)} requests ask about a step {step}; answer with the ConsentAsked event"
            )
        return bool(requests) and self._policy.answer(requests[0], step, allowed, remember)

    @property
    def mcp_problems(self) -> tuple[str, ...]:
        """What cannot be used of the MCP servers, one sentence each: servers, or single tools of theirs."""
        return self._mcp.problems if self._mcp is not None else ()

    def mcp_news(self) -> tuple[str, ...]:
        """What of `mcp_problems` this has not returned before."""
        return self._mcp.news() if self._mcp is not None else ()

    async def undo(self, request_id: str | None = None) -> Undone:
        """Take back what a request has done, by default the latest one that has done something.

        Called again, it takes back what was done before that. What tools cannot take back is told. Raises
        StorageError when the session cannot be read.
        """
        await self._open_session()
        return await self._undo.take_back(request_id)

    def undo_sync(self, request_id: str | None = None) -> Undone:
        """`undo`, for programs that are not async. Raises LoopRunningError where an event loop runs."""
        refuse_in_loop("undo_sync", "await agent.undo(...)")
        return self._in_background().run(self.undo(request_id))

    async def undoable(self, request_id: str | None = None) -> tuple[str, ...]:
        """What `undo` would take back, in words: "create a note (title: Shopping)". Raises as `undo`."""
        await self._open_session()
        return await self._undo.offered(request_id)

    def cancel(self, request_id: str) -> bool:
        """Stop a request; its stream ends with RequestCancelled after cleaning up. False: it had ended."""
        if self._background is not None and not self._background.is_here:
            return self._background.call(lambda: self.cancel(request_id))
        request, task = self._running.get(request_id, (None, None))
        if request is None or task is None:
            return False
        request.cancelled = True
        return task.cancel()

    def as_tool(
        self, name: str, description: str, *, timeout_s: float = 600.0, examples: Sequence[str] = ()
    ) -> Tool:
        """This agent as a tool of another one: it takes a request and returns its answer.

        Its effect is the strongest of its tools'. Each of its steps asks for consent where the other agent's
        steps would, and is journaled there if this agent has no session. timeout_s: for a whole request,
        questions included. Closing this agent stays the caller's task.
        """
        return sub_agent(self, name, description, timeout_s=timeout_s, examples=examples)

    def close(self) -> None:
        """`aclose`, for programs that are not async."""
        background = self._in_background()
        background.run(self.aclose())
        self._background = None
        background.close()

    async def aclose(self) -> None:
        """Cancel what runs, and close the engine and the session if they were opened here."""
        tasks = [task for _, task in self._running.values()]
        for request_id in list(self._running):
            self.cancel(request_id)
        if tasks:
            await asyncio.wait(tasks)
        await self.tools_ahead.aclose()
        self._calls.close()
        if self._mcp is not None:
            self._mcp.withdraw(self.tools)
            await self._mcp.aclose()
        await self._model.aclose()
        if self._opened is not None:
            await self._opened.aclose()

    def __enter__(self) -> Self:
        refuse_in_loop("with Agent(...)", "async with Agent(...)")
        self._in_background().run(self._ready_model())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await self._ready_model()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _serve(self, request: Request) -> Answer:
        """The way of a request, from its text to its answer."""
        await self._open_session()
        if self._mcp is not None:
            await self._mcp.settle()
            self._mcp.update(self.tools)
        request.emit(RequestStarted(request.text, self._session.id, request.id))
        model = await self._ready_model()
        self.tools_ahead.give_way()
        serving = Serving(
            self.tools,
            self._policy,
            self._session,
            self._retriever,
            self._calls,
            self._undo,
            self._settings,
            keeps=self._keeps,
        )
        return await serving.serve(request, model)

    async def _stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """Serve the request in a task of its own, so that nobody who reads slowly or stops holds it up."""
        task = asyncio.create_task(self._serve_to_the_end(request))
        if any(other.get_loop() is not task.get_loop() for _, other in self._running.values()):
            task.cancel()
            raise RuntimeError(
                "this agent is serving a request in another event loop; make an agent for each loop, "
                "they may share an engine"
            )
        task.add_done_callback(lambda _: request.events.put_nowait(None))
        self._running[request.id] = request, task
        try:
            while (event := await request.events.get()) is not None:
                yield event
            request.answer = await task
        finally:
            task.cancel()
            await asyncio.wait([task])
            del self._running[request.id]

    async def _serve_to_the_end(self, request: Request) -> Answer:
        """`_serve`, with an event for every way in which it can end."""
        try:
            return await self._serve(request)
        except asyncio.CancelledError:
            if not request.cancelled:
                raise
            request.emit(RequestCancelled())
            return Answer(Status.CANCELLED, "Cancelled.", Plan(), (), request.whole_timings())
        except Exception as error:
            request.emit(RequestFailed(str(error) or type(error).__name__))
            raise

    async def _ready_model(self) -> ReadyModel:
        model = await self._model.ready()
        self.tools_ahead.update(model.engine, self.tools, self._settings.max_tools)
        return model

    async def _open_session(self) -> None:
        async with self._opening:
            if self._session_name is not None and self._opened is None:
                from .session import Session

                self._session = self._opened = await Session.open(id=self._session_name)
                self._undo = Undo(self.tools, self._calls, self._session)

    def _in_background(self) -> BackgroundLoop:
        if self._background is None:
            self._background = BackgroundLoop()
        return self._background
