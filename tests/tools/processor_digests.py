"""Prints a digest of every kind of number in a key or a committed file, one per line; test_streams.py runs it twice."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from parity.formulas.formula import SCALARS, Formula
from parity.judgement.timing_statistics import geometric_mean, median_interval
from parity.spec import specs
from parity.spec.expansion import expand
from parity.trials import datasets, draws, probes, streams

FITTING = {
    "characters": "gpt2_small",
    "digit_pairs": "siamese",
    "digits": "resnet18_small_images",
    "digits_and_noise": "gan",
    "exclusive_or": "perceptron",
    "masked_characters": "bert_small",
    "noisy_sine": "autoregressive_mlp",
    "photograph_domains": "cyclegan",
    "photograph_patches": "dcgan",
    "photograph_styles": "style_transfer",
    "reversed_letters": "seq2seq",
    "sorted_letters": "transformer",
}
"""Data set -> a network that takes its data."""
ONE_ARGUMENT = ("exp", "log", "sigmoid", "tanh", "cos", "sqrt")


def tell(name: str, arrays: dict[str, Any]) -> None:
    known = {key: np.asarray(array) for key, array in arrays.items()}
    print(name, draws.Draws(known).digest())  # noqa: T201


def drawn() -> None:
    for dtype in ("float64", "float32"):
        tell(f"optimizer {dtype}", dict(probes.optimizer_draws(probes.optimizer_probe(), dtype, 0, 20).arrays))
        tell(f"fingerprint {dtype}", probes.fingerprint_draws(dtype))
        tell(f"ordinary {dtype}", probes.ordinary_draws(dtype))
    network = specs.load("architectures/lenet")
    assert isinstance(network, specs.Architecture)
    graph = expand(network, "small")
    for name in specs.names("initializers"):
        spec = specs.load(f"initializers/{name}")
        assert isinstance(spec, specs.Initializer)
        if spec.distribution != "identity":
            tell(f"draws {name}", dict(draws.draw(graph, spec, "float64", batches=3).arrays))
            tell(f"begin {name}", draws.initial_values(graph, spec, "float64", seed=0, batch_size=3))
    tell("directions", draws.directions(graph, "float64", 0, 1)[0])


def data() -> None:
    for name in datasets.DATASETS:
        network = specs.load(f"architectures/{FITTING[name]}")
        assert isinstance(network, specs.Architecture)
        found = datasets.load(name, expand(network, "lesson" if "lesson" in network.size_names() else "small"))
        tell(f"data {name}", {**{f"train/{key}": one for key, one in found.train.items()}, **found.test})
        tell(f"order {name}", {"order": datasets.order(found, 20, 1, 0)})


def graphs() -> None:
    for name in specs.names("architectures"):
        network = specs.load(f"architectures/{name}")
        assert isinstance(network, specs.Architecture)
        print(name, expand(network, "small").digest())  # noqa: T201


def numbers() -> None:
    x = streams.stream("numbers").uniform(0.01, 9, 500).tolist()
    found = {name: [SCALARS[name](one) for one in x] for name in ONE_ARGUMENT}
    power = Formula("a**b")
    found["power"] = [power.evaluate({"a": one, "b": other}, {}) for one, other in zip(x, reversed(x), strict=True)]
    found["geometric mean"] = [geometric_mean(x)]
    interval = median_interval([x[:100], x[100:200], x[200:300]])
    found["interval"] = [interval.value, interval.low, interval.high]
    print("numbers", hashlib.sha256(json.dumps(found).encode()).hexdigest())  # noqa: T201


drawn()
data()
graphs()
numbers()
