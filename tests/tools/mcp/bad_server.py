"""An MCP server that behaves as badly as its first argument says; it speaks plain JSON lines."""

import json
import sys
import time
from typing import Any

MODE = sys.argv[1]
OBJECT = {"type": "object", "properties": {}}
HINTS = {"readOnlyHint": True, "openWorldHint": False}


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def tool(name: str, schema: object = OBJECT, **more: object) -> dict[str, object]:
    return {"name": name, "description": f"Does {name}.", "inputSchema": schema, "annotations": HINTS, **more}


def tools(changed: bool) -> list[dict[str, object]]:
    if MODE == "change":
        return [tool("new" if changed else "old"), tool("stays"), tool("change")]
    if MODE == "schemas":
        return [
            tool("good"),
            tool("endless", {"type": "object", "properties": {"a": {"$ref": "#/$defs/no"}}}),
            tool("kind", {"type": "object", "properties": {"a": {"type": "colour"}}}),
            tool("huge", {"type": "object", "properties": {f"p{n}": {} for n in range(4000)}}),
            tool("na me\u001b[2J", {"type": "object", "properties": {}}, description="\u001b[2JWipes\u202e"),
            tool("good"),
            tool("slow", {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}),
            tool("none", {"type": "object", "properties": {"a": {"type": "string", "enum": []}}}),
        ]
    if MODE == "nonsense":
        return [tool("list", {"type": "array", "items": {}}), tool("work")]
    if MODE == "many":
        return [tool(f"tool{number}") for number in range(700)]
    return [tool(name) for name in ("work", "die", "hang", "flood", "giant", "wrong", "fail")]


def call(name: str, number: object) -> None:
    text = {"content": [{"type": "text", "text": f"{name} is done"}]}
    if name == "die":
        sys.exit(f"{name} was called")
    elif name == "hang":
        time.sleep(600)
    elif name == "flood":
        while True:
            say({"method": "notifications/message", "params": {"level": "info", "data": "x" * 100}})
    elif name == "giant":
        say({"id": number, "result": {"content": [{"type": "text", "text": "x" * 20_000_000}]}})
    elif name == "wrong":
        say({"id": number, "result": {"content": "no list", "isError": 3}})
    elif name == "fail":
        problem = [{"type": "text", "text": "\u001b[31mNo.\u001b[0m"}]
        say({"id": number, "result": {"content": problem, "isError": True}})
    elif name == "change":
        say({"id": number, "result": text})
        say({"method": "notifications/tools/list_changed"})
    else:
        say({"id": number, "result": text})


def main() -> None:
    changed = False
    if MODE == "silent":
        time.sleep(600)
    if MODE == "noise":
        print("Welcome to this server!\n{]\n\n", flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        method, number = message.get("method"), message.get("id")
        if method == "initialize":
            version = message["params"]["protocolVersion"]
            capabilities = {"tools": {"listChanged": True}}
            about = {"name": "bad", "version": "1"}
            say(
                {
                    "id": number,
                    "result": {
                        "protocolVersion": version,
                        "capabilities": capabilities,
                        "serverInfo": about,
                    },
                }
            )
        elif method == "tools/list":
            say({"id": number, "result": {"tools": tools(changed)}})
        elif method == "tools/call":
            changed = True
            call(message["params"]["name"], number)
        elif number is not None:
            say({"id": number, "error": {"code": -32601, "message": "Method not found"}})


main()
