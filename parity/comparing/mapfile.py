"""Owns the map of weights as text: written for the user to correct, read back with every mistake named.

It refuses to open files and to know YAML: it gives text, and takes the table that a reader made of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from parity.comparing import layouts
from parity.comparing.layouts import Placement
from parity.comparing.mapping import Map, Match
from parity.comparing.structures import Structure

HEAD = """# Which layer is which, and where each weight lies. Written by `parity compare`; correct it and pass it back:
#     parity compare … --weights-map THIS_FILE
# layout: the native axes -> the neutral ones, such as `h w i o -> o i h w`; rows: a range of the native tensor's first axis;
# gates: the blocks of a recurrent layer's first neutral axis, in the native order; image: the native image that a dense
# kernel's inputs flatten; reshaped: the native image that its outputs are reshaped into; spread: axes along which one number
# of the other model stands for each element; channels: where images have their channels, `first` or `last`. A weight that one
# model lacks is left out there: the other model's is then held where it changes nothing.
"""


def text(found: Map, sides: Mapping[str, str]) -> str:
    """The map as YAML. sides: label -> what stood on the command line."""
    lines = [HEAD + "models:", *(f"  {label}: {json.dumps(side)}" for label, side in sides.items())]
    lines += [f"channels: {json.dumps(dict(found.channels))}", "layers:"]
    for match in found.matches:
        lines.append(f"  - layer: {json.dumps(dict(match.leaves))}")
        lines.append("    weights:")
        for role, placements in match.weights.items():
            lines.append(f"      {json.dumps(role)}:")
            lines += [f"        {label}: {json.dumps(_fields(one))}" for label, one in placements.items()]
    return "\n".join(lines) + "\n"


def _fields(placement: Placement) -> dict[str, Any]:
    fields: dict[str, Any] = {"native": placement.native}
    for name in ("layout", "rows", "gates", "image", "reshaped", "spread"):
        value = getattr(placement, name)
        if value:
            fields[name] = list(value) if isinstance(value, tuple) else value
    return fields


def parsed(table: Mapping[str, Any], structures: Sequence[Structure]) -> Map:
    """The map that a table says. Raises ValueError naming the layer and what is wrong with it."""
    labels = {one.label: one for one in structures}
    channels = {**{one.label: one.channels for one in structures}, **table.get("channels", {})}
    matches = []
    for entry in table.get("layers", []):
        names = entry.get("layer", {})
        if set(names) != set(labels):
            raise ValueError(f"layer {dict(names)}: name one layer of each of {', '.join(labels)}")
        for label, name in names.items():
            if name not in [leaf.name for leaf in labels[label].leaves]:
                raise ValueError(
                    f"{label} has no layer {name!r}; it has {', '.join(leaf.name for leaf in labels[label].weighted())}"
                )
        weights = {role: _placements(role, given, names, labels) for role, given in entry.get("weights", {}).items()}
        matches.append(Match(dict(names), weights))
    if not matches:
        raise ValueError("no `layers`: the file maps nothing")
    return Map(channels, tuple(matches))


def _placements(
    role: str, given: Mapping[str, Mapping[str, Any]], names: Mapping[str, str], labels: Mapping[str, Structure]
) -> dict[str, Placement]:
    found = {}
    for label, fields in given.items():
        if label not in labels:
            raise ValueError(f"{role} of {names}: there is no model {label!r}; there are {', '.join(labels)}")
        weights = labels[label].leaf(names[label]).weights
        shape = next((weight.shape for weight in weights if weight.native == fields.get("native")), None)
        if shape is None:
            known = ", ".join(weight.native for weight in weights)
            raise ValueError(f"{label}: {names[label]} has no weight {fields.get('native')!r}; it has {known}")
        rows, image, reshaped, spread = (fields.get(name) or () for name in ("rows", "image", "reshaped", "spread"))
        found[label] = Placement(
            fields["native"],
            shape,
            fields.get("layout", ""),
            (rows[0], rows[1]) if rows else None,
            fields.get("gates", ""),
            tuple(image),
            tuple(reshaped),
            tuple(spread),
        )
    shapes = {label: one.neutral for label, one in found.items()}
    if len(set(shapes.values())) > 1:
        told = "; ".join(f"{label} {found[label].native} {shape}" for label, shape in shapes.items())
        raise ValueError(f"{role}: the neutral shapes differ: {told}: correct `layout` or `rows`")
    for one in found.values():
        if one.gates and one.neutral[0] % len(one.gates.split()):
            raise ValueError(f"{role}: {one.native} has {one.neutral[0]} rows, which {one.gates!r} does not divide")
    if len({layouts.in_order(one.gates) for one in found.values()}) > 1:
        raise ValueError(f"{role}: the models name different gates: {', '.join(one.gates or 'none' for one in found.values())}")
    return found
