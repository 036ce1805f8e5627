"""Owns the map of weights as text. The user corrects the text, and every mistake in it is named when it is read back.

It refuses to open files and to parse YAML: it gives text, and takes the table that a parser made of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from parity.comparing import layouts
from parity.comparing.layer_mapping import LayerMap, Match
from parity.comparing.layouts import Placement
from parity.comparing.model_structure import Structure
from parity.execution.own_model.layers import OwnLayer

HEAD = """# Which layer is which, and where each weight lies. Written by `parity compare`; correct it and pass it back:
#     parity compare … --weights-map THIS_FILE
# layout: the native axes -> the neutral ones, such as `h w i o -> o i h w`; rows: a range of the native tensor's first axis;
# gates: the blocks of a recurrent layer's first neutral axis, in the native order; image: the native image that a dense
# kernel's inputs flatten; reshaped: the native image that its outputs are reshaped into; spread: axes along which one number
# of the other model stands for each element; channels: where images have their channels, `first` or `last`; count: how many
# layers are mapped, so that a file that was cut off is noticed. A weight that one
# model lacks is left out there: the other model's is then held where it changes nothing.
"""


def text(layer_map: LayerMap, sides: Mapping[str, str]) -> str:
    """The map as YAML. sides: label -> the model as it was named on the command line."""
    lines = [HEAD + "models:", *(f"  {label}: {json.dumps(side)}" for label, side in sides.items())]
    lines += [f"channels: {json.dumps(dict(layer_map.channels))}", f"count: {len(layer_map.matches)}", "layers:"]
    for match in layer_map.matches:
        lines.append(f"  - layer: {json.dumps(dict(match.leaves))}")
        lines.append("    weights:")
        for role, placements in match.weights.items():
            lines.append(f"      {json.dumps(role)}:")
            lines += [f"        {label}: {json.dumps(_fields(placement))}" for label, placement in placements.items()]
    return "\n".join(lines) + "\n"


def _fields(placement: Placement) -> dict[str, Any]:
    fields: dict[str, Any] = {"native": placement.native}
    for name in ("layout", "rows", "gates", "image", "reshaped", "spread"):
        value = getattr(placement, name)
        if value:
            fields[name] = list(value) if isinstance(value, tuple) else value
    return fields


def parsed(table: Mapping[str, Any], structures: Sequence[Structure]) -> LayerMap:
    """The map that a parsed table states. Raises ValueError, which names the layer and the mistake."""
    labels = {structure.label: structure for structure in structures}
    channels_stated = _kind(table.get("channels", {}), dict, "`channels` is a table, such as {torch: first}")
    if strange := [
        f"{label}: {side}" for label, side in channels_stated.items() if label not in labels or side not in ("first", "last")
    ]:
        raise ValueError(f"`channels` has `{strange[0]}`: each of {', '.join(labels)} has them `first` or `last`")
    channels = {**{structure.label: structure.channels for structure in structures}, **channels_stated}
    entries = _kind(table.get("layers", []), list, "`layers` is a list")
    if "count" in table and table["count"] != len(entries):
        raise ValueError(f"`count` says {table['count']} layers, and {len(entries)} are here: a part is missing, or correct it")
    matches: list[Match] = []
    for entry in entries:
        match = _match(_kind(entry, dict, "an entry of `layers` is a table with `layer` and `weights`"), labels)
        if any(match.leaves == other.leaves for other in matches):
            raise ValueError(f"layer {dict(match.leaves)} is mapped twice")
        matches.append(match)
    if not matches:
        raise ValueError("no `layers`: the file maps nothing")
    return LayerMap(channels, tuple(matches))


def _match(entry: Mapping[str, Any], labels: Mapping[str, Structure]) -> Match:
    names = _kind(entry.get("layer", {}), dict, "`layer` names one layer of each model")
    if strange := set(entry) - {"layer", "weights"}:
        raise ValueError(f"layer {dict(names)}: there is no key {min(map(str, strange))!r}")
    if set(names) != set(labels):
        raise ValueError(f"layer {dict(names)}: name one layer of each of {', '.join(labels)}")
    for label, name in names.items():
        if name not in [leaf.name for leaf in labels[label].leaves]:
            raise ValueError(
                f"{label} has no layer {name!r}; it has {', '.join(leaf.name for leaf in labels[label].weighted())}"
            )
    weights = _kind(entry.get("weights", {}), dict, f"layer {dict(names)}: `weights` is a table")
    return Match(dict(names), {role: _placements(role, weight, names, labels) for role, weight in weights.items()})


def _kind(value: Any, kind: type, message: str) -> Any:
    """The value itself. Raises ValueError if it is not of this kind."""
    if not isinstance(value, kind):
        raise ValueError(message)
    return value


def _numbers(fields: Mapping[str, Any], name: str, where: str) -> tuple[int, ...]:
    """The whole numbers of a field; () if the field is missing. Raises ValueError for anything else."""
    value = fields.get(name) or []
    if not isinstance(value, list) or any(type(number) is not int or number < 0 for number in value):
        raise ValueError(f"{where}: `{name}` is a list of whole numbers")
    return tuple(value)


def _placements(
    role: str, stated: Mapping[str, Mapping[str, Any]], names: Mapping[str, str], labels: Mapping[str, Structure]
) -> dict[str, Placement]:
    placements = {}
    for label, fields in _kind(stated, dict, f"{role} of {dict(names)} is a table of models").items():
        if label not in labels:
            raise ValueError(f"{role} of {names}: there is no model {label!r}; there are {', '.join(labels)}")
        leaf = labels[label].leaf(names[label])
        placements[label] = _placement(f"{role} of {label} {leaf.name}", fields, label, leaf)
    shapes = {label: placement.neutral for label, placement in placements.items()}
    if len(set(shapes.values())) > 1:
        shape_text = "; ".join(f"{label} {placements[label].native} {shape}" for label, shape in shapes.items())
        raise ValueError(f"{role}: the neutral shapes differ: {shape_text}: correct `layout` or `rows`")
    for placement in placements.values():
        if placement.gates and placement.neutral[0] % len(placement.gates.split()):
            raise ValueError(
                f"{role}: {placement.native} has {placement.neutral[0]} rows, which {placement.gates!r} does not divide"
            )
    if len({layouts.in_order(placement.gates) for placement in placements.values()}) > 1:
        named = ", ".join(placement.gates or "none" for placement in placements.values())
        raise ValueError(f"{role}: the models name different gates: {named}")
    return placements


def _placement(where: str, fields: Any, label: str, leaf: OwnLayer) -> Placement:
    """Where a weight lies in one model. Raises ValueError if that layer has no tensor there."""
    _kind(fields, dict, f"{where} is a table with `native`")
    if strange := set(fields) - {"native", "layout", "rows", "gates", "image", "reshaped", "spread"}:
        raise ValueError(f"{where}: there is no key {min(map(str, strange))!r}")
    shape = next((weight.shape for weight in leaf.weights if weight.native == fields.get("native")), None)
    if shape is None:
        weight_names = ", ".join(weight.native for weight in leaf.weights)
        raise ValueError(f"{label}: {leaf.name} has no weight {fields.get('native')!r}; it has {weight_names}")
    layout, gates = (_kind(fields.get(name, ""), str, f"{where}: `{name}` is a text") for name in ("layout", "gates"))
    rows = _numbers(fields, "rows", where)
    if rows and not (shape and len(rows) == 2 and rows[0] < rows[1] <= shape[0]):
        raise ValueError(f"{where}: {leaf.name} has no rows {list(rows)}; its shape is {shape}")
    image, reshaped, spread = (_numbers(fields, name, where) for name in ("image", "reshaped", "spread"))
    placement = Placement(fields["native"], shape, layout, (rows[0], rows[1]) if rows else None, gates, image, reshaped, spread)
    if len(set(gates.split())) != len(gates.split()):
        raise ValueError(f"{where}: {gates!r} names a gate twice")
    for name, axis, sizes in (("image", 1, image), ("reshaped", 0, reshaped)):
        if sizes and (len(placement.neutral) <= axis or prod(sizes) != placement.neutral[axis]):
            raise ValueError(f"{where}: `{name}` {list(sizes)} does not give axis {axis} of {placement.neutral}")
    return placement
