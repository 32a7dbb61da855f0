"""What the simulated models say: made up from the question, the same for the same."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from myriad.scale.ai.simulator.world import Fault, World, count_tokens

_ITEM = re.compile(r"^(\d{1,3}) <data>(.*)</data>$", re.MULTILINE)
_CODE_LINE = re.compile(r"^([A-Za-z0-9_.-]{1,24}): ", re.MULTILINE)
_LONGEST_ECHO = 120
_CUT_SHARE = 2


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, whichever provider's form it came in."""

    model: str
    system: str
    text: str
    schema: dict[str, Any] | None
    tool: str
    max_tokens: int
    stream: bool

    @property
    def input_tokens(self) -> int:
        """The tokens that are billed for the question."""
        schema = json.dumps(self.schema) if self.schema else ""
        return count_tokens(self.system + self.text + schema)

    @property
    def items(self) -> list[str]:
        """The numbered items, if it is a question of that kind."""
        return [text for _, text in _ITEM.findall(self.text)]


@dataclass(frozen=True, slots=True)
class Speech:
    """What is answered; a structured answer is JSON."""

    text: str
    is_cut: bool

    @property
    def output_tokens(self) -> int:
        """The tokens that are billed for the answer."""
        return count_tokens(self.text)


def speak(world: World, question: Question, fault: Fault | None) -> Speech:
    """Return the answer to a question, spoiled as the fault wants."""
    text = _say(world, question)
    kind = fault.kind if fault else ""
    if kind == "invalid":
        text = '{"unexpected": true}' if question.schema else ""
    elif kind == "partial":
        lines = text.splitlines()
        text = "\n".join(lines[: max(1, len(lines) // 2)])
    is_cut = kind == "cut"
    if is_cut:
        text = text[: max(1, len(text) // _CUT_SHARE)]
    most = question.max_tokens * 4
    if len(text) > most and not question.schema:
        return Speech(text[:most], is_cut=True)
    return Speech(text, is_cut)


def seconds_of(world: World, question: Question, speech: Speech) -> float:
    """Return how long the model thinks."""
    items = len(question.items) * world.seconds_an_item
    return world.base_seconds + speech.output_tokens * world.seconds_a_token + items


def _say(world: World, question: Question) -> str:
    for key, answer in world.answers.items():
        if key in question.text or key in question.system:
            return answer
    if question.schema is not None:
        return json.dumps(_example(question.schema, question.schema.get("$defs", {})))
    if question.items:
        return _code_items(question)
    said = question.text.strip()[:_LONGEST_ECHO]
    return f"A simulated model read {len(question.text)} characters: {said}"


def _code_items(question: Question) -> str:
    listed = question.system.partition("\nCodes:\n")[2].partition("\n\n")[0]
    codes = _CODE_LINE.findall(listed) or ["A"]
    lines = []
    for number, item in _ITEM.findall(question.text):
        digest = hashlib.blake2b(item.encode(), digest_size=4).digest()
        lines.append(f"{number}={codes[int.from_bytes(digest) % len(codes)]}")
    return "\n".join(lines)


def _example(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    """Return the plainest value that fits a JSON schema."""
    if "$ref" in schema:
        return _example(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    for chosen in ("const", "default"):
        if chosen in schema:
            return schema[chosen]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], definitions)
    return _plain(schema, definitions)


def _plain(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required", list(schema.get("properties", {})))
        return {name: _example(schema["properties"][name], definitions) for name in wanted}
    if kind == "array":
        return [_example(schema["items"], definitions)] * int(schema.get("minItems", 1))
    simple: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "null": None}
    return simple.get(str(kind), "simulated")
