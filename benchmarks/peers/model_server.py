"""A model whose text is told and whose time is real: that of a measured pace.

A server of OpenAI's chat completions as llama-cpp-python's is: one request at a time, the prompt written by
the model's own chat template, and what it has in common with the request before it is not read again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scrubjay.benchmarks.peers.pace import Pace
from scrubjay.benchmarks.peers.workloads import Call, Task
from scrubjay.models.chat_template import ChatTemplate
from scrubjay.models.vocabulary import Vocabulary


class RatedModel:
    """Keeps the time, the counts, and the tokens that are in the context."""

    def __init__(self, vocabulary: Vocabulary, template: str, pace: Pace) -> None:
        self.vocabulary, self.pace = vocabulary, pace
        self.template = ChatTemplate(template)
        self.computed = self.decoded = 0
        self._known: list[int] = []  # llama-cpp-python keeps the last sequence

    def complete(self, prompt: str, text: str) -> None:
        """Take the time that a completion takes."""
        tokens, written = self.vocabulary.tokenize(prompt), self.vocabulary.tokenize(text)
        new = max(1, len(tokens) - _common(self._known, tokens))
        self.computed += new
        self.decoded += len(written)
        self._known = [*tokens, *written]
        time.sleep(self.pace.read(new) + len(written) * self.pace.token)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


class Oracle:
    """What the model writes next for the task at hand.

    way: "waves": all calls that can run at once, in one message; "react": one call at a time, as text.
    """

    def __init__(self, task: Task, way: str, last: str) -> None:
        self._way, self._last, self._answer = way, last, task.answer
        waves = task.waves()
        self._left: list[list[Call]] = [[c] for wave in waves for c in wave] if way == "react" else waves

    def message(self) -> dict[str, Any]:
        """The next message."""
        if self._way == "react":
            return {"role": "assistant", "content": self._thought()}
        if self._left:
            return _calling([(call.tool, call.args) for call in self._left.pop(0)])
        if self._last:
            return _calling([(self._last, {"answer": self._answer})])
        return {"role": "assistant", "content": self._answer}

    def _thought(self) -> str:
        if not self._left:
            return f"Thought: I now know the final answer\nFinal Answer: {self._answer}"
        (call,) = self._left.pop(0)
        args = json.dumps(call.args)
        return f"Thought: I should use {call.tool}.\nAction: {call.tool}\nAction Input: {args}\n"


def _calling(calls: list[tuple[str, Any]]) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": f"call{number:05d}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(args)},
            }
            for number, (name, args) in enumerate(calls)
        ],
    }


def _written(message: dict[str, Any]) -> str:
    """What the model writes for a message, in Qwen's own format."""
    calls = []
    for call in message.get("tool_calls") or []:
        name, arguments = json.dumps(call["function"]["name"]), call["function"]["arguments"]
        calls.append(f'<tool_call>\n{{"name": {name}, "arguments": {arguments}}}\n</tool_call>')
    return (message["content"] or "\n".join(calls)) + "<|im_end|>"


def serve(model: RatedModel) -> ThreadingHTTPServer:
    """A running server. POST /task sets what the model will write, POST /raw completes a prompt with a text
    that is sent along, GET /counts tells the tokens."""
    lock = threading.Lock()
    oracle: list[Oracle] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self._send({"computed": model.computed, "decoded": model.decoded})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                if self.path == "/task":
                    task = body["task"]
                    calls = tuple(Call(**call) for call in task["calls"])
                    oracle[:] = [
                        Oracle(Task(task["request"], calls, task["answer"]), body["way"], body["last"])
                    ]
                    self._send({})
                elif self.path == "/raw":
                    model.complete(body["prompt"], body["text"])
                    self._send({})
                else:
                    self._chat(body)

        def _chat(self, body: dict[str, Any]) -> None:
            message = oracle[0].message()
            prompt = model.template.render([_plain(m) for m in body["messages"]], body.get("tools") or None)
            model.complete(prompt, _written(message))
            reason = "tool_calls" if message.get("tool_calls") else "stop"
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
            self._send(
                {
                    "id": "chat1",
                    "object": "chat.completion",
                    "created": int(time.time()),
                    "model": "scripted",
                    "choices": [choice],
                    "usage": usage,
                }
            )

        def _send(self, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """A message as chat templates read it."""
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    plain = {**message, "content": content}
    if calls := message.get("tool_calls"):
        plain["tool_calls"] = [
            {**call, "function": {**call["function"], "arguments": json.loads(call["function"]["arguments"])}}
            for call in calls
        ]
    return plain
