"""Owns the JSON Schema of architectures for editors. It is generated from the signatures of
the ops and the models of the regular part.

It refuses to know a file's own blocks, names and shapes; expansion checks those. `python -m parity.spec.schema` writes it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from parity.ops import TABLE
from parity.spec.architectures import Architecture
from parity.spec.models import NAME, WORD
from parity.spec.signatures import AXES, REQUIRED, AttributeRule, Signature, signature_of

_NAME = NAME.pattern
_NUMBER = {"$ref": "#/$defs/number"}
_STEPS = {"$ref": "#/$defs/steps"}
_VALUE = {"$ref": "#/$defs/value"}
_INPUTS = {"$ref": "#/$defs/inputs"}


def schema() -> dict[str, Any]:
    """The schema of a file of kind architecture."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "parity architecture",
        **_closed(_file(), ["name", "source"]),
        "$defs": {
            "name": {"type": "string", "pattern": f"^{_NAME}$"},
            "number": {"type": ["integer", "number", "string"], "description": "a number or a formula"},
            "value": {"type": ["string", "integer"], "description": "the name of a value; x is the one that arrives"},
            "inputs": _mapping(_closed(_input(), ["shape"])),
            "updates": {"anyOf": [_list({"type": "string"}), _mapping(_NUMBER, "")]},
            "optimizer": {
                **_mapping({"type": ["object", "null"], "additionalProperties": {"type": "number"}}),
                "maxProperties": 1,
            },
            "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
            "branches": {"type": "array", "minItems": 2, "items": {"anyOf": [_VALUE, {"$ref": "#/$defs/step"}, _STEPS]}},
            "step": _step(),
        },
    }


def text() -> str:
    """The schema as the text of specs/architecture.schema.json."""
    return json.dumps(schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _closed(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _mapping(value: dict[str, Any], names: str = f"^{WORD.pattern}$") -> dict[str, Any]:
    if not names:
        return {"type": "object", "additionalProperties": value}
    return {"type": "object", "patternProperties": {names: value}, "additionalProperties": False}


def _list(value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": value}


def _input() -> dict[str, Any]:
    return {
        "shape": _list(_NUMBER),
        "dtype": {"enum": ["float", "integer"]},
        "below": _NUMBER,
        "range": {**_list(_NUMBER), "minItems": 2, "maxItems": 2},
    }


def _file() -> dict[str, Any]:
    word = {"type": "string"}
    training = {"updates": {"$ref": "#/$defs/updates"}, "optimizer": {"$ref": "#/$defs/optimizer"}, "loss": _STEPS}
    argument = {"type": ["integer", "number", "string", "boolean", "null"]}
    names = {"type": "array", "items": {"$ref": "#/$defs/name"}, "minItems": 1}
    parts: dict[str, Any] = {
        "name": {"$ref": "#/$defs/name"},
        "source": word,
        "note": word,
        "family": word,
        "inputs": _INPUTS,
        "constants": _mapping(_NUMBER),
        "sizes": _mapping(_mapping(_NUMBER)),
        "parameters": {"anyOf": [{"type": "integer"}, _mapping({"type": "integer"})]},
        "blocks": _mapping(_closed({"inputs": names, "arguments": _mapping(argument), "layers": _STEPS}, ["layers"])),
        "networks": _mapping(_closed({"inputs": _INPUTS, "layers": _STEPS}, ["inputs", "layers"])),
        "carried": _mapping(_closed({"shape": _list(_NUMBER), "next": word}, ["shape", "next"])),
        "layers": _STEPS,
        "outputs": _list(_VALUE),
        "training": _closed(
            {"inputs": _INPUTS, **training, "evaluate": _list(word), "steps": _list(_closed(training, ["loss"]))}, []
        ),
        "decoding": _closed(
            {"feed": word, "from": word, "begin": _NUMBER, "end": _NUMBER, "steps": _NUMBER},
            ["feed", "from", "begin", "end", "steps"],
        ),
    }
    return {key: parts[key] for key in Architecture.model_fields}


def _step() -> dict[str, Any]:
    """The schema of a step: a word, or one key `OP NAME` with its settings. An unknown
    word may be one of the file's own blocks."""
    words = [*TABLE, "repeat", "scan"]
    patterns = {f"^{op}( {_NAME})?$": _op_settings(signature_of(op)) for op in TABLE}
    patterns[f"^repeat( {_NAME})?$"] = _repeat()
    patterns[f"^scan( {_NAME})?$"] = _scan()
    patterns[f"^(?!({'|'.join(words)})( |$))[a-z0-9_]+( {_NAME})?$"] = {"type": ["object", "null"]}
    return {
        "if": {"type": "string"},
        "then": {"pattern": f"^[a-z0-9_]+( {_NAME})?$"},
        "else": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "patternProperties": patterns,
            "additionalProperties": False,
        },
    }


def _op_settings(signature: Signature) -> dict[str, Any]:
    if signature.takes_text:
        return {"type": ["string", "integer", "number"]}
    properties: dict[str, Any] = {rule.name: _attribute(rule) for rule in signature.attributes.values()}
    required = [rule.name for rule in signature.attributes.values() if rule.default is REQUIRED]
    properties |= {"from": _VALUE, "repeat": _NUMBER, "first": _NUMBER}
    if signature.joins:
        properties["branches"] = {"$ref": "#/$defs/branches"}
        return {"anyOf": [{"$ref": "#/$defs/branches"}, _closed(properties, [*required, "branches"])]}
    properties["share"] = _mapping({"type": "string"}, "")
    for rule in signature.inputs[1:]:
        properties[rule.name] = _VALUE
        if not rule.optional and rule.source is None:
            required.append(rule.name)
    schema = _closed(properties, sorted(required))
    return schema if required else {**schema, "type": ["object", "null"]}


def _attribute(rule: AttributeRule) -> dict[str, Any]:
    pair = {**_list(_NUMBER), "minItems": 2, "maxItems": 2}
    kinds: dict[str, dict[str, Any]] = {
        "flag": {"type": ["boolean", "string"]},
        "word": {"enum": list(rule.words)},
        "axis": {"anyOf": [{"enum": sorted({word for words in AXES.values() for word in words})}, _NUMBER]},
        "pair": {"anyOf": [_NUMBER, pair]},
        "padding": {"anyOf": [_NUMBER, {"type": "array", "items": {"anyOf": [_NUMBER, pair]}, "minItems": 2, "maxItems": 2}]},
        "sizes": _list(_NUMBER),
        "triple": {"anyOf": [_NUMBER, {**_list(_NUMBER), "minItems": 3, "maxItems": 3}]},
        "ends": {"anyOf": [_NUMBER, pair]},
        "borders": {"anyOf": [_NUMBER, {**_list({"anyOf": [_NUMBER, pair]}), "minItems": 3, "maxItems": 3}]},
    }
    schema = kinds.get(rule.kind, _NUMBER)
    return schema if rule.default is REQUIRED else {"anyOf": [schema], "default": _plain(rule.default)}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _repeat() -> dict[str, Any]:
    table = {"type": "array", "minItems": 1, "items": _mapping({"type": ["integer", "number", "string", "boolean"]})}
    properties = {
        "table": table,
        "times": _NUMBER,
        "first": _NUMBER,
        "index": {"type": "string"},
        "from": _VALUE,
        "layers": _STEPS,
    }
    return {**_closed(properties, ["layers"]), "oneOf": [{"required": ["table"]}, {"required": ["times"]}]}


def _scan() -> dict[str, Any]:
    values = _mapping(_VALUE)
    properties = {"from": _VALUE, "state": values, "next": values, "layers": _STEPS, "repeat": _NUMBER, "first": _NUMBER}
    return _closed(properties, ["layers"])


if __name__ == "__main__":
    sys.stdout.write(text())
