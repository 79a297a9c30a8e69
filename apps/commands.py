"""The list of commands. Each has a file of its own, loaded when it is used."""

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click


class Home(NamedTuple):
    """Where a command is: a function in apps/`module`.py that is called like it. short_help: for `--help`."""

    module: str
    short_help: str


COMMANDS: Mapping[str, Home] = {
    "ask": Home("ask", "Serve one request and show what happens."),
    "chat": Home("chat", "Ask one thing after another."),
    "voice": Home("voice", "Speak to Scrubjay, and hear its answers."),
    "plan": Home("plan", "Write a plan and run nothing."),
    "tools": Home("tools", "List the tools; `tools show NAME` shows one."),
    "mcp": Home("mcp", "Offer the tools to other programs, as an MCP server."),
    "models": Home("models", "List, pull, add and measure models."),
    "tune": Home("tune", "Find how a model runs fastest here, and remember it."),
    "adapters": Home("adapters", "List the LoRA adapters; `add`, `remove` and `info` for one of them."),
    "eval": Home("evaluate", "Compare plans with the wanted ones."),
    "config": Home("config", "Open the settings."),
    "remind": Home("remind", "Ring reminders, alarms and timers."),
    "undo": Home("undo", "Take back what was done last."),
    "verify-cache": Home("verify_cache", "Show that what is reused changes no plan."),
    "doctor": Home("doctor", "Say what works on this machine, and what the rest needs."),
}


class LazyCommands(click.Group):
    """A group that imports a command's file only when that command is used: `--help` needs no engine."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = COMMANDS[cmd_name].module
        command = getattr(import_module(f".{module}", __package__), module)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, home.short_help) for name, home in COMMANDS.items()])


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scrubjay")
def scrubjay() -> None:
    """Scrubjay plans tool calls on your own machine and runs each as soon as it can.

    Exit codes: 0 done, 1 the request could not be served, 2 wrong use.
    """
