"""The random streams are frozen: a change of any number changes every record's key, so it must be meant."""

from __future__ import annotations

import numpy as np
import pytest

from parity.spec.graph import Graph, Input, Node, Parameter
from parity.spec.specs import Initializer, load
from parity.trials import draws, probes


def graph() -> Graph:
    """One dense layer with a label, a length and a mask."""
    node = Node(
        "dense", "dense", {"x": "x"}, {"units": 5, "bias": True}, {"kernel": "dense.kernel", "bias": "dense.bias"}, {"": (5,)}
    )
    return Graph(
        name="drawn",
        inputs=(Input("x", (7,)), Input("length", (), "integer", range=(1, 7)), Input("mask", (11,))),
        nodes=(node,),
        outputs=("dense",),
        parameters=(Parameter("dense.kernel", (5, 7), "kernel", 7, 5), Parameter("dense.bias", (5,), "bias", 1, 1)),
        training_inputs=(Input("label", (), "integer", below=13),),
    )


def initializer(name: str) -> Initializer:
    spec = load(f"initializers/{name}")
    assert isinstance(spec, Initializer)
    return spec


def drawn(dtype: str = "float64", **more: int) -> draws.Draws:
    return draws.draw(graph(), initializer("glorot_uniform"), dtype, rates={"mask": 0.5}, batches=2, batch_size=5, **more)


def test_digest_is_frozen() -> None:
    assert drawn().digest() == "5e059173420fa1d25b1608e644ee87f77d5bba8c7853ef0b0e19231f698f69c4"
    assert (
        probes.optimizer_draws(probes.optimizer_probe(), "float64", 0, 3).digest()
        == "99de1ec2bcfe8dfac6416ac5c6b5e2b66160182d5282a50ba34d2406e6848496"
    )


def test_every_coordinate_moves_the_numbers() -> None:
    digests = {drawn().digest(), drawn(seed=1).digest(), drawn(attempt=1).digest(), drawn("float32").digest()}
    assert len(digests) == 4


def test_a_further_array_moves_no_other() -> None:
    more, less = drawn(), draws.draw(graph(), initializer("glorot_uniform"), "float64", batches=1, batch_size=5)
    for name in ("parameter/dense.kernel", "batch/0/x", "batch/0/label"):
        np.testing.assert_array_equal(more.arrays[name], less.arrays[name])


def test_rounded_once_to_the_tested_precision() -> None:
    for name, array in drawn("float32").arrays.items():
        assert array.dtype == (np.int64 if array.dtype.kind == "i" else np.float32), name


def test_biases_are_drawn_where_a_fault_shows() -> None:
    assert np.all(drawn().arrays["parameter/dense.bias"] != 0)


def test_ranges_hold_and_reach_both_ends() -> None:
    lengths, labels = drawn().arrays["batch/0/length"], drawn().arrays["batch/0/label"]
    assert lengths.min() == 1 and lengths.max() == 7
    assert labels.min() >= 0 and labels.max() < 13


def test_a_mask_drops_and_keeps() -> None:
    assert set(np.unique(drawn().arrays["batch/0/mask"])) == {0.0, 2.0}


@pytest.mark.parametrize("name", ["glorot_uniform", "he_normal", "orthogonal", "constant"])
def test_training_starts_where_frameworks_start(name: str) -> None:
    values = draws.initial_values(graph(), initializer(name), "float32", seed=0, batch_size=5)
    assert not values["parameter/dense.bias"].any()
    assert values["parameter/dense.kernel"].any()


def test_orthogonal_rows_are_orthogonal() -> None:
    kernel = draws.initial_values(graph(), initializer("orthogonal"), "float64", seed=0, batch_size=5)["parameter/dense.kernel"]
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(5), atol=1e-14)


def test_the_gradients_of_the_optimizer_probe_span_seven_decades() -> None:
    found = probes.optimizer_draws(probes.optimizer_probe(), "float64", 0, 20).arrays
    sizes = np.concatenate([np.abs(array).reshape(-1) for name, array in found.items() if name.startswith("batch/")])
    assert sizes.min() < 1e-6 and sizes.max() > 0.1
