"""One peer on one workload: `python peers.py SYSTEM`, in the peers' own environment.

Reads {"url", "tools", "tasks"} as JSON and prints one JSON line a task: seconds to the first start of a
tool, to the end, and the tokens so far; the last line tells the memory of the process.
"""

import asyncio
import json
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
from workloads import Call, Task, from_json, latency

TOLD = json.load(sys.stdin)
URL, TOOLS = TOLD["url"], TOLD["tools"]
FUNCTIONS = [
    {"type": "function", "function": {key: tool[key] for key in ("name", "description", "parameters")}}
    for tool in TOOLS
]


class Clock:
    """When the first tool of a task started, and what each call gives."""

    def __init__(self, task: Task) -> None:
        self.started = time.perf_counter()
        self.first: float | None = None
        self._results = {
            (c.tool, json.dumps(c.args, sort_keys=True)): c.result for w in task.waves() for c in w
        }

    def start(self, tool: str, args: dict[str, Any]) -> Any:
        if self.first is None:
            self.first = time.perf_counter() - self.started
        return self._results[tool, json.dumps(args, sort_keys=True)]


def ask(path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{URL}{path}", data), timeout=600) as response:
        return json.load(response)


def call(clock: Clock, tool: str, args: dict[str, Any]) -> str:
    """Run a tool: it waits and tells."""
    result = clock.start(tool, args)
    time.sleep(latency(tool))
    return json.dumps(result) if not isinstance(result, str) else result


def react(task: Task, clock: Clock) -> None:
    """A loop of thought, action and observation, after Yao and others (2022)."""
    lines = [f"{t['name']}: {t['description']} {json.dumps(t['parameters'])}" for t in TOOLS]
    system = (
        "Answer the question with these tools:\n\n" + "\n".join(lines) + "\n\nUse this format:\n\n"
        "Thought: what to do\nAction: a tool's name\nAction Input: its arguments as JSON\n"
        "Observation: the result\n... (this can repeat)\n"
        "Thought: I now know the final answer\nFinal Answer: ..."
    )
    log = f"Question: {task.request}\n"
    while True:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": log}]
        text = ask("/v1/chat/completions", {"messages": messages})["choices"][0]["message"]["content"]
        log += text
        if "Final Answer:" in text:
            return
        action = text.split("Action: ")[1].split("\n")[0]
        args = json.loads(text.split("Action Input: ")[1])
        log += f"Observation: {call(clock, action, args)}\n"


def chat_completion(task: Task, clock: Clock) -> None:
    """llama-cpp-python's own chat completion with tools (`chatml-function-calling`), calls of one answer at
    once. What it asks of the model goes to the server, text and all."""
    from llama_cpp.llama_chat_format import chatml_function_calling

    class Model:
        verbose = False

        def __init__(self) -> None:
            self.texts: list[str] = []

        def create_completion(self, prompt: str, **_: Any) -> Any:
            text = self.texts.pop(0)
            ask("/raw", {"prompt": prompt, "text": text})
            choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": "stop"}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            return {
                "id": "c1",
                "object": "t",
                "created": 1,
                "model": "m",
                "choices": [choice],
                "usage": usage,
            }

    clock.started = time.perf_counter()
    model = Model()
    # Its template names the tools in the system message, and nowhere when there is none.
    messages: list[Any] = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": task.request},
    ]
    waves: list[list[Call]] = [*task.waves(), []]
    for wave in waves:
        model.texts = [text for c in wave for text in (f"functions.{c.tool}", json.dumps(c.args))]
        model.texts += ["<|im_end|>"] if wave else ["message", task.answer]
        answer = chatml_function_calling(
            model, messages=messages, tools=FUNCTIONS, tool_choice="auto", temperature=0
        )
        message = answer["choices"][0]["message"]
        calls = message.get("tool_calls") or []
        messages.append(message)
        with ThreadPoolExecutor() as pool:
            jobs = [
                pool.submit(call, clock, c["function"]["name"], json.loads(c["function"]["arguments"]))
                for c in calls
            ]
            for c, job in zip(calls, jobs, strict=True):
                messages.append({"role": "tool", "tool_call_id": c["id"], "content": job.result()})


def smol(task: Task, clock: Clock) -> None:
    from smolagents import LogLevel, OpenAIServerModel, Tool, ToolCallingAgent

    def make(schema: dict[str, Any]) -> Tool:
        properties, required = schema["parameters"]["properties"], schema["parameters"].get("required", [])

        class Made(Tool):  # type: ignore[misc]
            skip_forward_signature_validation = True
            name, description, output_type = schema["name"], schema["description"] or "-", "any"
            inputs = {  # noqa: RUF012  # smolagents' own declaration
                key: {
                    "type": "any",
                    **({"type": spec["type"]} if isinstance(spec.get("type"), str) else {}),
                    "description": spec.get("description", "-"),
                    **({} if key in required else {"nullable": True}),
                }
                for key, spec in properties.items()
            }

            def forward(self, **args: Any) -> Any:
                return call(clock, schema["name"], args)

        return Made()

    model = OpenAIServerModel("scripted", api_base=f"{URL}/v1", api_key="none")
    agent = ToolCallingAgent([make(tool) for tool in TOOLS], model, verbosity_level=LogLevel.OFF)
    clock.started = time.perf_counter()
    agent.run(task.request)


def pydantic(task: Task, clock: Clock) -> None:
    from pydantic_ai import Agent, Tool
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    def make(schema: dict[str, Any]) -> Any:
        async def run(**args: Any) -> str:
            result = clock.start(schema["name"], args)
            await asyncio.sleep(latency(schema["name"]))
            return json.dumps(result) if not isinstance(result, str) else result

        return Tool.from_schema(run, schema["name"], schema["description"], schema["parameters"])

    model = OpenAIChatModel("scripted", provider=OpenAIProvider(base_url=f"{URL}/v1", api_key="none"))
    agent = Agent(model, tools=[make(tool) for tool in TOOLS])
    clock.started = time.perf_counter()
    agent.run_sync(task.request)


SYSTEMS: dict[str, tuple[Callable[[Task, Clock], None], str, str]] = {
    "react": (react, "react", ""),
    "chat completion": (chat_completion, "waves", ""),
    "smolagents": (smol, "waves", "final_answer"),
    "pydantic-ai": (pydantic, "waves", ""),
}


def main() -> None:
    run, way, last = SYSTEMS[sys.argv[1]]
    for task, told in zip(from_json(TOLD["tasks"]), TOLD["tasks"], strict=True):
        ask("/task", {"task": told, "way": way, "last": last})
        clock = Clock(task)
        run(task, clock)
        ended = time.perf_counter() - clock.started
        print(json.dumps({"first": clock.first, "end": ended, **ask("/counts")}), flush=True)
    print(json.dumps({"rss": psutil.Process().memory_info().rss}), flush=True)


if __name__ == "__main__":
    main()
