"""A model's own chat template, read from its file and rendered as its makers' tools render it.

Templates are programs in Jinja that come from strangers: they run in a sandbox, on plain data alone, within
limits (`template_limits.py`). The environment is that of Hugging Face's `apply_chat_template`, which
templates are written against (https://huggingface.co/docs/transformers/chat_templating_writing).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.utils import Namespace

from .errors import TemplateError
from .template_limits import LimitedSandbox

Message = Mapping[str, Any]

# What a template's own mistakes raise while it runs.
_WRONG = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError)


class ChatTemplate:
    """One template, compiled. Raises `TemplateError` when it is not Jinja, or nested too deeply."""

    def __init__(self, source: str, bos: str = "", eos: str = "") -> None:
        """`bos` and `eos` are the texts of the model's tokens for the beginning and the end."""
        self._names = {"bos_token": bos, "eos_token": eos}
        self._environment = _environment()
        try:
            self._template = self._environment.from_string(source)
        except jinja2.TemplateError as error:
            raise TemplateError(f"the model's chat template is not valid Jinja: {error}") from error
        except (SyntaxError, *_WRONG) as error:  # Python's own, of what Jinja has made of it
            wrong = str(error) or type(error).__name__
            raise TemplateError(f"the model's chat template cannot be compiled: {wrong[:200]}") from error

    def render(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]] | None = None,
        add_generation_prompt: bool = True,
        **names: Any,
    ) -> str:
        """The text of a conversation, up to where the model goes on.

        messages: `{"role", "content", "tool_calls"?, ...}`. tools: `{"type": "function", "function": {...}}`.
        names: what else this template reads (`enable_thinking`). Raises `TemplateError` when the template
        refuses the conversation, or takes too long.
        """
        try:
            with self._environment.limited():
                return self._template.render(
                    messages=_plain(messages),
                    tools=_plain(tools),
                    documents=None,
                    add_generation_prompt=add_generation_prompt,
                    **self._names,
                    **names,
                )
        except (jinja2.TemplateError, *_WRONG) as error:
            wrong = str(error) or type(error).__name__
            raise TemplateError(f"the model's chat template refuses this conversation: {wrong}") from error


class _GenerationTag(Extension):
    """`{% generation %}` marks what the model wrote; nothing is done with that here."""

    tags = {"generation"}  # noqa: RUF012  # Jinja's own declaration

    def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Namespace(Namespace):
    """Jinja's `namespace()` without names that lead to Python's insides."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        self, *rest = args
        values = dict(*rest, **kwargs)
        for name in values:
            _check_name(name)
        Namespace.__init__(self, values)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        super().__setitem__(name, value)


def _check_name(name: str) -> None:
    if name.startswith("_"):
        raise jinja2.TemplateError(f"a namespace cannot have the name {name!r}")


def _environment() -> LimitedSandbox:
    environment = LimitedSandbox(
        trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationTag, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals.update(
        raise_exception=_raise, strftime_now=_now, namespace=_Namespace, dict=lambda *a, **k: dict(*a, **k)
    )
    return environment


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Jinja's own `tojson` escapes for HTML."""
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)


def _now(layout: str) -> str:
    return datetime.now().strftime(layout)


def _plain(value: Any) -> Any:
    """The same value in plain types alone, so that no object of ours gets into a template's hands."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    raise TypeError(f"a conversation cannot hold {type(value).__name__}")
