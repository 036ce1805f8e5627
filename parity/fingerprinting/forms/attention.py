"""Owns the closed forms of attention: how a query is compared with a key, and the effect of masks and biases.

It refuses to know which framework does what. Projections of layers are the identity, and their biases are 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from parity.fingerprinting.forms.form import TOLERANCES, Array, Arrays, Form, explains

NUMBERS = np.random.RandomState(23)
INPUTS: Arrays = {
    "query": NUMBERS.standard_normal((2, 3, 4)),
    "key": NUMBERS.standard_normal((2, 5, 4)),
    "value": NUMBERS.standard_normal((2, 5, 4)),
    "weights": np.array([0.5, -1.25, 2.0, 0.75]),
    "kept": np.array(
        [[[1.0, 0, 1, 1, 0], [0, 1, 1, 0, 1], [1, 1, 0, 0, 1]], [[0, 0, 1, 1, 1], [1, 0, 0, 1, 0], [1, 1, 1, 0, 0]]]
    ),
    "keys_kept": np.array([[1.0, 0, 1, 0, 1], [0, 1, 1, 1, 0]]),
    "bias": NUMBERS.standard_normal((2, 3, 5)) * (NUMBERS.uniform(size=(2, 3, 5)) < 0.6),
}
"""Queries, keys and values (batch, time, features); weights of an additive score; a mask per query; a mask of keys alone;
numbers in place of a mask, some of which are 0."""

FEATURES = 4
Scores = Callable[[Array, Array], Array]
Masks = Callable[[Scores, Arrays], Iterator[Form]]
PRODUCTS: Mapping[str, Callable[[int], float]] = {
    "products as they are": lambda size: 1.0,
    "products divided by √features": lambda size: size**-0.5,
    "products divided by features": lambda size: 1 / size,
    "products times √features": lambda size: size**0.5,
}


SINGLE = "its scale is held in float32"


def _scores() -> Iterator[tuple[str, Scores, str]]:
    """Name, function from (…, queries, features) and (…, keys, features) to scores (…, queries, keys), and note: how the object
    departs from the name."""
    for name, scale in PRODUCTS.items():
        yield name, partial(_product, scale, None), ""
        if "divided by √features" in name:
            yield name, partial(_product, lambda size: float(np.float32(size**-0.5)), None), SINGLE
        if name != "products as they are":
            yield f"{name} of all heads together", partial(_product, scale, FEATURES), ""
    yield "cosines", lambda q, k: _unit(q) @ _unit(k).swapaxes(-1, -2), ""
    yield "additive: the weighted sum of tanh(query + key)", lambda q, k: _added(q, k) @ INPUTS["weights"][: q.shape[-1]], ""
    yield "additive: the sum of tanh(query + key)", lambda q, k: _added(q, k).sum(-1), ""
    yield "minus the squared distances", lambda q, k: -((q[..., :, None, :] - k[..., None, :, :]) ** 2).sum(-1), ""


def _product(scale: Callable[[int], float], features: int | None, q: Array, k: Array) -> Array:
    return np.asarray(q @ k.swapaxes(-1, -2) * scale(features or q.shape[-1]))


def _unit(x: Array) -> Array:
    return np.asarray(x / np.sqrt((x**2).sum(-1, keepdims=True)))


def _added(q: Array, k: Array) -> Array:
    return np.asarray(np.tanh(q[..., :, None, :] + k[..., None, :, :]))


def softmax(scores: Array) -> Array:
    """The softmax over the keys; a score of -inf gets the weight 0."""
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(shares / shares.sum(-1, keepdims=True))


def library(arrays: Arrays, inputs: Arrays = INPUTS) -> Mapping[str, list[Form]]:
    """The forms of each facet. Forms of masks and biases use the scores that explain the object."""
    scored = list(scores(arrays, inputs))
    own = [make for near in TOLERANCES.values() for form, make in scored if explains(form, arrays, near)][:1]
    masked = {"a boolean mask": "boolean mask", "a mask of keys": "key mask", "numbers as a mask": "float mask"}
    facets = {"scores are": [form for form, _ in scored]}
    for about, setting in {**masked, "a bias": "bias", "causal": "causal"}.items():
        if any(name.startswith(f"{setting}/") for name in arrays):
            facets[about] = [form for make in own for form in MASKS[setting](make, inputs)]
    return facets


def scores(arrays: Arrays, inputs: Arrays = INPUTS) -> Iterator[tuple[Form, Scores]]:
    """Forms for one head, and for two heads if the object can have them. `scores`: for an object that returns scores alone."""
    heads = any(name.startswith("two heads/") for name in arrays)
    q, k, v = inputs["query"], inputs["key"], inputs["value"]
    for name, make, note in _scores():
        if "all heads" in name and not heads:
            continue
        parts = [_heads(array) for array in (q, k, v)]
        split = make(parts[0], parts[1])
        both = (softmax(split) @ parts[2]).transpose(0, 2, 1, 3).reshape(*q.shape[:2], -1)
        expected = {
            "plain/out": softmax(make(q, k)) @ v,
            "plain/scores": make(q, k),
            "plain/scores of three": make(q, k[:, :3]),
            "two heads/out": both,
            "two heads/scores": split,
            "two heads/scores of three": make(parts[0], parts[1][:, :, :3]),
        }
        yield Form(name, expected, note), make


def _heads(x: Array) -> Array:
    """Splits x into (batch, 2 heads, time, features of a head)."""
    return x.reshape(*x.shape[:2], 2, -1).transpose(0, 2, 1, 3)


def _kept(make: Scores, inputs: Arrays, kept: Array) -> Array:
    """The output where only these keys take part."""
    return softmax(np.where(kept, make(inputs["query"], inputs["key"]), -np.inf)) @ inputs["value"]


def _boolean(setting: str, mask: str) -> Masks:
    def forms(make: Scores, inputs: Arrays) -> Iterator[Form]:
        kept = inputs[mask] != 0 if inputs[mask].ndim == 3 else np.broadcast_to(inputs[mask][:, None] != 0, (2, 3, 5))
        held, value = make(inputs["query"], inputs["key"]), inputs["value"]
        weights = softmax(held)
        every = {
            "True takes part": _kept(make, inputs, kept),
            "True is masked": _kept(make, inputs, ~kept),
            "True adds 1 to the score": softmax(held + kept) @ value,
            "the score is multiplied by it": softmax(held * kept) @ value,
            "the weight is multiplied by it": weights * kept @ value,
            "the weight is multiplied by its opposite": weights * ~kept @ value,
            "ignored": weights @ value,
        }
        for name, out in every.items():
            yield Form(name, {f"{setting}/out": out})

    return forms


def _numbers(setting: str) -> Masks:
    def forms(make: Scores, inputs: Arrays) -> Iterator[Form]:
        held, value, bias = make(inputs["query"], inputs["key"]), inputs["value"], inputs["bias"]
        weights = softmax(held)
        every = {
            "added to the score": softmax(held + bias) @ value,
            "subtracted from the score": softmax(held - bias) @ value,
            "the score is multiplied by it": softmax(held * bias) @ value,
            "the weight is multiplied by it": weights * bias @ value,
            "what is not 0 takes part": _kept(make, inputs, bias != 0),
            "what is not 0 is masked": _kept(make, inputs, bias == 0),
            "ignored": weights @ value,
        }
        for name, out in every.items():
            yield Form(name, {f"{setting}/out": out})

    return forms


def _causal(make: Scores, inputs: Arrays) -> Iterator[Form]:
    """Causal masks of 3 queries and 5 keys."""
    for name, reach in {
        "query i sees the keys up to i": 0,
        "query i sees the keys before i, and all where there are none": -1,
        "the last query sees all keys": 2,
    }.items():
        kept = np.tri(3, 5, reach) > 0
        kept = kept | ~kept.any(-1, keepdims=True)
        yield Form(name, {"causal/out": _kept(make, inputs, kept)})
    yield Form("ignored", {"causal/out": _kept(make, inputs, np.ones((3, 5), bool))})


MASKS: Mapping[str, Masks] = {
    "boolean mask": _boolean("boolean mask", "kept"),
    "key mask": _boolean("key mask", "keys_kept"),
    "float mask": _numbers("float mask"),
    "bias": _numbers("bias"),
    "causal": _causal,
}
