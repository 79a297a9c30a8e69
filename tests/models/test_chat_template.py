"""Chat templates render as Hugging Face's own tools render them, and cannot reach out of their sandbox."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast
from transformers.utils.chat_template_utils import render_jinja_template

from scrubjay.models import template_limits
from scrubjay.models.chat import ChatLayout
from scrubjay.models.chat_template import ChatTemplate
from scrubjay.models.errors import TemplateError
from scrubjay.models.foreign import NATIVE, dialect_of
from scrubjay.models.library import load_model
from scrubjay.models.vocabulary import Vocabulary

from ..foreign_model import SHAPES, make_foreign_model, slim
from ..vocabularies import templates

CONVERSATIONS = 50
TEMPLATES = templates()
NAMED = [
    *(
        name
        for name, source in TEMPLATES.items()
        if dialect_of(Path(name), {"tokenizer.chat_template": source}) in NATIVE
    ),
    "microsoft-Phi-3.5-mini-instruct",
]
"""Those of the families that have a native dialect, and that of a model that is tested whole."""
TEXTS = (
    "text Sid that I'm late",
    "  spaces, tabs\tand\n\nlines  ",
    'quotes " and \\ and {braces} {$1}',
    "Größe 10 µm, 東京は晴れ 👩‍🚀 ½",
    "x = [1, 2.50, -3e9]; # code",
    "",
)
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in <a place> & more: 'now'",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "Where"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}


def conversation(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]] | None]:
    """Messages, with tool calls and results in some, and the tools or None."""
    chance = random.Random(seed)
    messages: list[dict[str, Any]] = []
    if chance.random() < 0.6:
        messages.append({"role": "system", "content": chance.choice(TEXTS)})
    for _ in range(chance.randrange(3)):
        messages.append({"role": "user", "content": chance.choice(TEXTS)})
        if chance.random() < 0.5:
            call = {"name": "get_weather", "arguments": {"city": chance.choice(TEXTS), "days": 2}}
            called = {"id": "call00001", "type": "function", "function": call}
            messages.append({"role": "assistant", "content": "", "tool_calls": [called]})
            result = json.dumps({"sky": chance.choice(TEXTS)}, ensure_ascii=False)
            messages.append(
                {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": result}
            )
        messages.append({"role": "assistant", "content": chance.choice(TEXTS)})
    messages.append({"role": "user", "content": chance.choice(TEXTS)})
    return messages, [TOOL] if chance.random() < 0.6 else None


def theirs(source: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str | None:
    """What transformers renders; None when the template refuses."""
    try:
        rendered = render_jinja_template(
            [messages],
            tools=list(tools) if tools else None,
            chat_template=source,
            add_generation_prompt=True,
            bos_token="<s>",
            eos_token="</s>",
        )
    except Exception:
        return None
    return str(rendered[0][0])


@cache
def compiled(source: str) -> ChatTemplate:
    return ChatTemplate(source, "<s>", "</s>")


def ours(source: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str | None:
    try:
        return compiled(source).render(messages, tools)
    except TemplateError:
        return None


@pytest.mark.parametrize("name", NAMED)
def test_a_template_renders_as_transformers_renders_it(name: str) -> None:
    rendered = 0
    for seed in range(CONVERSATIONS):
        messages, tools = conversation(seed)
        wanted = theirs(TEMPLATES[name], messages, tools)
        assert ours(TEMPLATES[name], messages, tools) == wanted
        rendered += wanted is not None
    assert rendered


def test_the_templates_named_are_those_of_the_families_we_name() -> None:
    families = {dialect_of(Path(name), {"tokenizer.chat_template": TEMPLATES[name]}) for name in NAMED}
    assert families >= {"hermes", "llama-3", "mistral", "lfm-2", "gemma"}


@pytest.mark.parametrize("model", SHAPES)
def test_a_conversation_has_the_tokens_that_transformers_gives_it(model: str, tmp_path: Path) -> None:
    shape = SHAPES[model]
    path = tmp_path / "model.gguf"
    make_foreign_model(path, slim(shape))
    loaded = load_model(path)
    vocabulary = Vocabulary(loaded)
    layout = ChatLayout(loaded.metadata, vocabulary, loaded.dialect)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(tmp_path, gguf_file=path.name)
    source = TEMPLATES[shape.template]
    for seed in range(CONVERSATIONS):
        messages, tools = conversation(seed)
        text = theirs(source, messages, tools)
        if text is not None:
            wanted = tokenizer(text, add_special_tokens=False)["input_ids"]
            assert list(layout.tokenize(text)) == wanted, text


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{% set ns = namespace(__class__=1) %}",
        "{% set ns = namespace() %}{% set ns.__class__ = 1 %}",
        "{{ raise_exception.__globals__.json }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{{ messages[0].content.format_map({}).__class__ }}",
        "{{ messages[0].content['__class__'] }}",
        "{{ '{0.__class__}'.format(messages) }}",
        "{{ messages | map(attribute='__class__') | list }}",
        "{{ messages[0] | attr('__class__') }}",
        "{{ messages.append is defined }}",
        "{% include 'other' %}",
        "{{ raise_exception('no') }}",
        "{{ 'a' * 10**9 }}",
        "{{ [0] * 10**9 }}",
        "{{ 9**9**9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'a'.center(10**10) }}",
        "{{ 'a'|center(1000000000) }}",
        "{{ '%1000000000d'|format(1) }}",
        "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 30,
        "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a + a %}" * 30,
        "{% set a = 'aaaaaaaaaa' %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 30,
    ],
)
def test_a_hostile_template_is_refused(attack: str) -> None:
    with pytest.raises(TemplateError, match="chat template refuses this conversation"):
        ChatTemplate(attack).render([{"role": "user", "content": "x"}])


@pytest.mark.parametrize(
    "endless",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(90) }}",
        "{% for i in [90] recursive %}{% if i %}{{ loop([i - 1]) ~ loop([i - 1]) }}{% endif %}{% endfor %}",
    ],
)
def test_a_template_without_end_is_stopped(endless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_limits, "SECONDS", 0.2)
    template = ChatTemplate(endless)
    with pytest.raises(TemplateError, match="takes longer than"):
        template.render([{"role": "user", "content": "x"}])


def test_limits_leave_loops_as_they_are() -> None:
    source = "{% for a, b in [(1, 2), (3, 4)] %}{{ a ~ b }}{{ loop.length }}{{ loop.last }} {% endfor %}"
    assert ChatTemplate(source).render([]) == "122False 342True "
    assert ChatTemplate("{% for m in messages %}{{ m }}{% else %}none{% endfor %}").render([]) == "none"
    said = "half, 50% * 1234567, is enough"
    source = "{% macro tell(m) %}{{ m | trim }}{% endmacro %}{{ tell(messages[0].content) }}"
    assert ChatTemplate(source).render([{"role": "user", "content": said}]) == said


def test_what_is_no_jinja_is_told() -> None:
    with pytest.raises(TemplateError, match="not valid Jinja"):
        ChatTemplate("{% for %}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
        "{{ " + "not " * 5000 + "1 }}",
        "{% if x %}" * 200 + "{% endif %}" * 200,
        "{{ " + "-" * 20_000 + "1 }}",
    ],
)
def test_a_template_that_is_nested_too_deeply_is_told(source: str) -> None:
    with pytest.raises(TemplateError, match="the model's chat template"):
        ChatTemplate(source)


def test_a_template_that_takes_all_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(value: object) -> None:
        raise MemoryError

    template = ChatTemplate("{{ messages | tojson }}")
    monkeypatch.setattr("scrubjay.models.chat_template._plain", full)
    with pytest.raises(TemplateError, match="refuses this conversation: MemoryError"):
        template.render([])
