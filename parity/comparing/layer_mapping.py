"""Owns the correspondence of two or three models: which layers correspond, and where each of their weights lies.

It refuses to guess if shapes do not fit: it raises one message with the names and shapes of both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any

from parity.comparing import broadcast_weights, connections, flattened_rows, layouts
from parity.comparing.channel_axes import SIGNAL
from parity.comparing.layouts import Placement
from parity.comparing.model_structure import QUIET, Structure
from parity.execution.own_model.layers import OwnLayer, Weight

PARTNERS = {"bias": 0.0, "recurrent_bias": 0.0, "shift": 0.0, "mean": 0.0, "scale": 1.0, "variance": 1.0}
"""Roles that a model may lack -> the number that changes nothing, with which the other model's tensor is then filled."""


class Unmappable(Exception):
    """Raised for layers without a counterpart. The message names both sides and what to do. found: the map of the others."""

    def __init__(self, message: str, layer_map: LayerMap) -> None:
        super().__init__(message)
        self.found = layer_map


@dataclass(frozen=True)
class Match:
    """One layer in every model. leaves: label -> name of the leaf; weights: role -> label -> placement. A role has no label of
    a model that lacks the weight."""

    leaves: Mapping[str, str]
    weights: Mapping[str, Mapping[str, Placement]]


@dataclass(frozen=True)
class LayerMap:
    """All matched layers with weights. channels: label -> where that model's images have their channels."""

    channels: Mapping[str, str]
    matches: tuple[Match, ...]

    @cached_property
    def named(self) -> Mapping[tuple[str, str], Match]:
        return {(label, leaf): match for match in reversed(self.matches) for label, leaf in match.leaves.items()}

    def of(self, label: str, leaf: str) -> Match | None:
        return self.named.get((label, leaf))


def automatic(structures: Sequence[Structure]) -> LayerMap:
    """The map found by kind, names, shapes and order. The first model is the base. Raises Unmappable."""
    base, *others = structures
    paired = {other.label: _paired(base, other) for other in others}
    ends = {label: set(pairs.values()) for label, pairs in paired.items()}
    matches, left = [], []
    for leaf in base.weighted():
        names = {base.label: leaf.name, **{label: pairs[leaf.name] for label, pairs in paired.items() if leaf.name in pairs}}
        if len(names) == len(structures):
            matches.append(Match(names, _weights(structures, names)))
        else:
            left.append(leaf)
    layer_map = LayerMap({structure.label: structure.channels for structure in structures}, tuple(matches))
    left = _untied(left, base, layer_map)
    over = {
        other.label: _untied([leaf for leaf in other.weighted() if leaf.name not in ends[other.label]], other, layer_map)
        for other in others
    }
    if left or any(over.values()):
        raise Unmappable(_message({base.label: left, **over}), layer_map)
    return layer_map


def _untied(leaves: Sequence[OwnLayer], structure: Structure, layer_map: LayerMap) -> list[OwnLayer]:
    """The leaves that have a weight which is not mapped yet. A head that is tied to an embedding has none, and the other model
    may compute it without a layer."""
    mapped = {
        weight[structure.label].native
        for match in layer_map.matches
        for weight in match.weights.values()
        if structure.label in weight
    }
    return [leaf for leaf in leaves if not {weight.native for weight in leaf.weights} <= mapped]


def _paired(base: Structure, other: Structure) -> dict[str, str]:
    """Leaf of the base -> leaf of the other model. Leaves of the same kind and shapes are paired first, then leaves that agree
    apart from biases and the other roles of PARTNERS, then leaves by shapes alone."""
    pairs: dict[str, str] = {}
    for signature in (_exact, _without_partners):
        ours, theirs = _left(base, set(pairs), signature), _left(other, set(pairs.values()), signature)
        groups = [(ours[key], theirs[key]) for key in ours if len(ours[key]) == len(theirs.get(key, ()))]
        connections.pair(groups, connections.Links.of(base), connections.Links.of(other), pairs)
    ends = set(pairs.values())
    rest = [leaf for leaf in other.weighted() if leaf.name not in ends]
    for leaf in base.weighted():
        if leaf.name not in pairs:
            fitting = next((layer for layer in rest if _roles(leaf, layer) is not None), None)
            fitting = fitting or next((layer for layer in rest if broadcast_weights.roles(leaf, layer)), None)
            if fitting is not None:
                rest.remove(fitting)
                pairs[leaf.name] = fitting.name
    return pairs


Signature = Callable[[OwnLayer], Any]


def _exact(leaf: OwnLayer) -> Any:
    return leaf.kind, tuple(sorted((weight.role, layouts.of(weight).neutral) for weight in leaf.weights))


def _without_partners(leaf: OwnLayer) -> Any:
    kind, weights = _exact(leaf)
    return kind, tuple((role, shape) for role, shape in weights if role.split(".")[-1] not in PARTNERS or len(weights) == 1)


def _left(structure: Structure, taken: Any, signature: Signature) -> dict[Any, list[str]]:
    unmapped: dict[Any, list[str]] = {}
    for leaf in structure.weighted():
        if leaf.name not in taken:
            unmapped.setdefault(signature(leaf), []).append(leaf.name)
    return unmapped


def _weights(structures: Sequence[Structure], names: Mapping[str, str]) -> dict[str, dict[str, Placement]]:
    base, *others = structures
    leaf = base.leaf(names[base.label])
    weights = {weight.role: {base.label: _placed(base, leaf, weight, structures)} for weight in leaf.weights}
    for other in others:
        theirs = other.leaf(names[other.label])
        roles = _roles(leaf, theirs) or {}
        for weight in theirs.weights:
            role, turned = roles.get(weight.role, (weight.role, False))
            placement = _placed(other, theirs, weight, structures)
            gates = next((weight.gates for weight in leaf.weights if weight.role == role), "")
            if gates and not placement.gates and theirs.kind != leaf.kind:
                placement = replace(placement, gates=gates)
            weights.setdefault(role, {})[other.label] = layouts.transposed(placement) if turned else placement
    for role, placements in weights.items():  # a base of its own class learns the order of gates from its counterpart
        gates = next((placement.gates for placement in placements.values() if placement.gates), "")
        own = placements.get(base.label)
        if own is not None and gates and not own.gates:
            placements[base.label] = replace(own, gates=gates)
        weights[role] = broadcast_weights.fitted(placements)
    return weights


def _placed(structure: Structure, leaf: OwnLayer, weight: Weight, structures: Sequence[Structure]) -> Placement:
    """Where a weight lies. If the models hold channels differently, the placement of a dense layer's kernel names the image
    whose flattening the layer takes, and any placement names the image into which the layer's output is reshaped."""
    placement = layouts.of(weight)
    place = next(iter(structure.places.get(leaf.name, ())), None)
    if place is None or len({structure.lies for structure in structures}) == 1:
        return placement
    image, reshaped = structure.taken(place), structure.reshaped(place)
    if image is not None and leaf.kind == "dense" and len(placement.neutral) == 2:
        placement = replace(placement, image=image)
    if reshaped is None and flattened_rows.by_feature(structure, place):
        reshaped = image  # a norm of every feature of a row
    return replace(placement, reshaped=reshaped) if reshaped is not None and len(placement.neutral) < SIGNAL else placement


def _roles(ours: OwnLayer, theirs: OwnLayer) -> dict[str, tuple[str, bool]] | None:
    """Role of theirs -> role of ours, and whether the matrix is transposed. None if the shapes do not fit."""
    if {weight.role for weight in theirs.weights} == {weight.role for weight in ours.weights} and ours.kind == theirs.kind:
        fits = all(broadcast_weights.same(a, _role(theirs, a.role)) for a in ours.weights)
        return {weight.role: (weight.role, False) for weight in theirs.weights} if fits else None
    free = list(ours.weights)
    roles: dict[str, tuple[str, bool]] = {}
    for weight in theirs.weights:
        shape = broadcast_weights.shape(weight)
        same = [weight for weight in free if broadcast_weights.shape(weight) == shape]
        named = [item for item in same if item.role == weight.role]
        turned = [weight for weight in free if len(shape) == 2 and broadcast_weights.shape(weight) == shape[::-1]]
        if not same and not turned:
            if weight.role.split(".")[-1] in PARTNERS:
                continue
            return None
        chosen = (named or same or turned)[0]
        roles[weight.role] = (chosen.role, not same)
        free.remove(chosen)
    return roles if roles and all(weight.role.split(".")[-1] in PARTNERS for weight in free) else None


def _role(leaf: OwnLayer, role: str) -> Weight:
    return next(weight for weight in leaf.weights if weight.role == role)


def _message(left: Mapping[str, Sequence[OwnLayer]]) -> str:
    lines = ["these layers have no counterpart of the same shape (neutral order: outputs first):"]
    for label, leaves in left.items():
        lines += [f"    {label}: {_told(leaf)}" for leaf in leaves[:3]] or [f"    {label}: nothing left"]
        lines += [f"    {label}: … and {len(leaves) - 3} more"] if len(leaves) > 3 else []
    return "\n".join(lines)


def _told(leaf: OwnLayer) -> str:
    weights = ", ".join(f"{weight.role} {layouts.of(weight).neutral}" for weight in leaf.weights)
    return f"{leaf.name} ({leaf.written}): {weights}"


def calls(base: Structure, other: Structure, layer_map: LayerMap) -> list[tuple[int, int]]:
    """The pairs of calls that correspond, in the base's order. Calls of mapped layers are paired by layer, the calls between
    them by kind and shape.

    A layer that one model calls more often than the other has no corresponding calls: a cell that is called for each time step,
    where the other model has a layer that runs over time.
    """
    ours, theirs = _keys(base, layer_map, base.label), _keys(other, layer_map, base.label)
    often = {key[1] for key in {*ours} ^ {*theirs} if key[0] == "mapped"}
    for match in layer_map.matches:  # a layer that holds others gives what these made of its output
        mine, its = match.leaves[base.label], match.leaves[other.label]
        often |= {mine} if base.leaf(mine).holds != other.leaf(its).holds else set()
    ours, theirs = _alone(base.label, ours, often), _alone(other.label, theirs, often)
    at = {key: place for place, key in reversed(list(enumerate(theirs)))}
    pairs = {place: at[key] for place, key in enumerate(ours) if key[0] == "mapped" and key in at}
    taken = set(pairs.values())
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    for block in blocks:
        for step in range(block.size):
            if ours[block.a + step][0] != "quiet" and block.b + step not in taken:
                taken.add(pairs.setdefault(block.a + step, block.b + step))
    return sorted(pairs.items())


def _alone(label: str, keys: Sequence[tuple[Any, ...]], often: Container[str]) -> list[tuple[Any, ...]]:
    return [("alone", label) if key[0] == "mapped" and key[1] in often else key for key in keys]


def _keys(structure: Structure, layer_map: LayerMap, base: str) -> list[tuple[Any, ...]]:
    """The key of each call: the base's layer and the number of the call; if unmapped, its kind and the sizes of its output."""
    counts: dict[str, int] = {}
    keys: list[tuple[Any, ...]] = []
    for place, call in enumerate(structure.calls):
        leaf, match = structure.leaf(call.leaf), layer_map.of(structure.label, call.leaf)
        counts[call.leaf] = counts.get(call.leaf, 0) + 1
        if match is not None:
            keys.append(("mapped", match.leaves[base], counts[call.leaf]))
        elif leaf.kind in QUIET:
            keys.append(("quiet", leaf.kind))
        else:
            keys.append(("between", leaf.kind, tuple(sorted(call.outputs[0])) if call.outputs else place))
    return keys
