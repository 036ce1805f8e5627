"""rnn, lstm, gru, gru_cell against the equations written out with Python numbers, one unit at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from parity.ops import gru, gru_cell, lstm, rnn
from parity.ops.definition import Array, Run

BATCH, TIME, FEATURES, UNITS = 3, 5, 2, 7


def sigma(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def drawn(gates: int, layers: int, recurrent_bias: bool, seed: int = 0) -> dict[str, Array]:
    random = np.random.RandomState(seed)
    values = {"x": random.standard_normal((BATCH, TIME, FEATURES))}
    for layer in range(layers):
        size = FEATURES if layer == 0 else UNITS
        shapes = {"kernel": (gates * UNITS, size), "recurrent_kernel": (gates * UNITS, UNITS), "bias": (gates * UNITS,)}
        if recurrent_bias:
            shapes["recurrent_bias"] = (gates * UNITS,)
        values |= {f"layer{layer}.{role}": random.standard_normal(shape) for role, shape in shapes.items()}
    return values


def affine(kernel: Array, row: int, x: list[float], bias: float) -> float:
    return sum(float(kernel[row, place]) * x[place] for place in range(len(x))) + bias


def rnn_unit(part: Mapping[str, Array], unit: int, x: list[float], h: list[float], _: float) -> tuple[float, float]:
    second = float(part["recurrent_bias"][unit]) if "recurrent_bias" in part else 0.0
    seen = affine(part["kernel"], unit, x, float(part["bias"][unit]))
    return math.tanh(seen + affine(part["recurrent_kernel"], unit, h, second)), 0.0


def lstm_unit(part: Mapping[str, Array], unit: int, x: list[float], h: list[float], c: float) -> tuple[float, float]:
    def gate(place: int) -> float:
        row = place * UNITS + unit
        second = float(part["recurrent_bias"][row]) if "recurrent_bias" in part else 0.0
        return affine(part["kernel"], row, x, float(part["bias"][row])) + affine(part["recurrent_kernel"], row, h, second)

    new = sigma(gate(1)) * c + sigma(gate(0)) * math.tanh(gate(2))
    return sigma(gate(3)) * math.tanh(new), new


def gru_unit(part: Mapping[str, Array], unit: int, x: list[float], h: list[float], reset: str) -> float:
    def seen(place: int, of: int) -> float:
        return affine(part["kernel"], place * UNITS + of, x, float(part["bias"][place * UNITS + of]))

    def remembered(place: int, of: int, state: list[float]) -> float:
        row = place * UNITS + of
        bias = float(part["recurrent_bias"][row]) if reset == "after" else 0.0
        return affine(part["recurrent_kernel"], row, state, bias)

    r = [sigma(seen(0, of) + remembered(0, of, h)) for of in range(UNITS)]
    z = sigma(seen(1, unit) + remembered(1, unit, h))
    if reset == "after":
        n = math.tanh(seen(2, unit) + r[unit] * remembered(2, unit, h))
    else:
        n = math.tanh(seen(2, unit) + remembered(2, unit, [r[of] * h[of] for of in range(UNITS)]))
    return (1 - z) * n + z * h[unit]


def stack(values: Mapping[str, Array], layers: int, length: int, example: int, cell: Any, starts: dict[str, Array]) -> Any:
    """Outputs, last h and last c of one example, layer by layer; `mask` scales what goes into layers after the first."""
    inputs = [list(map(float, row)) for row in values["x"][example]]
    states, cells = [], []
    for layer in range(layers):
        part = {role.split(".", 1)[1]: array for role, array in values.items() if role.startswith(f"layer{layer}.")}
        if layer and "mask" in values:
            scales = values["mask"][example, layer - 1]
            inputs = [
                [v * float(s) for v, s in zip(row, scale, strict=True)] for row, scale in zip(inputs, scales, strict=True)
            ]
        h = list(map(float, starts["h"][example, layer])) if "h" in starts else [0.0] * UNITS
        c = list(map(float, starts["c"][example, layer])) if "c" in starts else [0.0] * UNITS
        outputs = []
        for time, row in enumerate(inputs):
            if time < length:
                pairs = [cell(part, unit, row, h, c[unit]) for unit in range(UNITS)]
                h, c = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
            outputs.append(h if time < length else [0.0] * UNITS)
        inputs = outputs
        states.append(h)
        cells.append(c)
    return inputs, states, cells


def by_hand(values: Mapping[str, Array], layers: int, cell: Any, starts: dict[str, Array] | None = None) -> dict[str, Array]:
    lengths = values.get("lengths", np.full(BATCH, TIME))
    each = [stack(values, layers, int(lengths[one]), one, cell, starts or {}) for one in range(BATCH)]
    return {name: np.array([one[place] for one in each]) for place, name in enumerate(("", "state", "cell"))}


def assert_equal(found: Mapping[str, Array], expected: Mapping[str, Array]) -> None:
    for suffix, array in found.items():
        np.testing.assert_allclose(array, expected[suffix], rtol=1e-12, atol=1e-14, err_msg=suffix)


@pytest.mark.parametrize("recurrent_bias", [False, True], ids=["one_bias", "two_biases"])
@pytest.mark.parametrize("layers", [1, 2], ids=["one_layer", "two_layers"])
def test_rnn(layers: int, recurrent_bias: bool) -> None:
    values = drawn(1, layers, recurrent_bias)
    attributes = {"units": UNITS, "layers": layers, "dropout": 0.0, "recurrent_bias": recurrent_bias}
    outputs, _ = rnn.forward(Run(), **values, **attributes)
    assert_equal(outputs, by_hand(values, layers, rnn_unit))


def test_rnn_with_a_state_lengths_and_a_mask() -> None:
    values = drawn(1, 2, False, seed=1)
    random = np.random.RandomState(2)
    start = random.standard_normal((BATCH, 2, UNITS))
    values |= {"lengths": np.array([5, 2, 3]), "mask": 2.0 * random.randint(0, 2, (BATCH, 1, TIME, UNITS))}
    attributes = {"units": UNITS, "layers": 2, "dropout": 0.5, "recurrent_bias": False}
    outputs, _ = rnn.forward(Run(), **values, **attributes, initial_state=start)
    assert_equal(outputs, by_hand(values, 2, rnn_unit, {"h": start}))


@pytest.mark.parametrize("recurrent_bias", [False, True], ids=["one_bias", "two_biases"])
@pytest.mark.parametrize("layers", [1, 2], ids=["one_layer", "two_layers"])
def test_lstm(layers: int, recurrent_bias: bool) -> None:
    values = drawn(4, layers, recurrent_bias)
    attributes = {"units": UNITS, "layers": layers, "dropout": 0.0, "recurrent_bias": recurrent_bias}
    outputs, _ = lstm.forward(Run(), **values, **attributes)
    assert_equal(outputs, by_hand(values, layers, lstm_unit))


def test_lstm_with_states_lengths_and_a_mask() -> None:
    values = drawn(4, 2, False, seed=1)
    random = np.random.RandomState(2)
    starts = {"h": random.standard_normal((BATCH, 2, UNITS)), "c": random.standard_normal((BATCH, 2, UNITS))}
    values |= {"lengths": np.array([5, 2, 3]), "mask": 2.0 * random.randint(0, 2, (BATCH, 1, TIME, UNITS))}
    attributes = {"units": UNITS, "layers": 2, "dropout": 0.5, "recurrent_bias": False}
    outputs, _ = lstm.forward(Run(), **values, **attributes, initial_state=starts["h"], initial_cell=starts["c"])
    assert_equal(outputs, by_hand(values, 2, lstm_unit, starts))
    assert not np.any(outputs[""][1, 2:])


def test_lstm_gates_stand_in_the_order_input_forget_cell_output() -> None:
    """One unit, all weights zero, each gate by its bias alone: c = σ(1)·tanh(3), h = σ(4)·tanh(c), after one step."""
    zeros = {"layer0.kernel": np.zeros((4, 1)), "layer0.recurrent_kernel": np.zeros((4, 1))}
    bias = np.array([1.0, 2.0, 3.0, 4.0])
    outputs, _ = lstm.forward(Run(), np.zeros((1, 2, 1)), **zeros, **{"layer0.bias": bias}, units=1, layers=1, dropout=0.0)
    first = sigma(1) * math.tanh(3)
    second = sigma(2) * first + sigma(1) * math.tanh(3)
    np.testing.assert_allclose(outputs[""][0, :, 0], [sigma(4) * math.tanh(first), sigma(4) * math.tanh(second)], rtol=1e-14)
    np.testing.assert_allclose(outputs["cell"], [[[second]]], rtol=1e-14)


@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("layers", [1, 2], ids=["one_layer", "two_layers"])
def test_gru(layers: int, reset: str) -> None:
    values = drawn(3, layers, reset == "after")
    outputs, _ = gru.forward(Run(), **values, units=UNITS, layers=layers, dropout=0.0, reset=reset)
    cell = lambda part, unit, x, h, _: (gru_unit(part, unit, x, h, reset), 0.0)  # noqa: E731
    assert_equal(outputs, by_hand(values, layers, cell))


@pytest.mark.parametrize("reset", ["after", "before"])
def test_gru_with_a_state_lengths_and_a_mask(reset: str) -> None:
    values = drawn(3, 2, reset == "after", seed=1)
    random = np.random.RandomState(2)
    start = random.standard_normal((BATCH, 2, UNITS))
    values |= {"lengths": np.array([1, 5, 3]), "mask": 2.0 * random.randint(0, 2, (BATCH, 1, TIME, UNITS))}
    outputs, _ = gru.forward(Run(), **values, initial_state=start, units=UNITS, layers=2, dropout=0.5, reset=reset)
    cell = lambda part, unit, x, h, _: (gru_unit(part, unit, x, h, reset), 0.0)  # noqa: E731
    assert_equal(outputs, by_hand(values, 2, cell, {"h": start}))


@pytest.mark.parametrize("reset", ["after", "before"])
def test_a_gru_cell_is_one_step_of_a_gru(reset: str) -> None:
    values = drawn(3, 2, reset == "after")
    sequence = values.pop("x")
    mask = 2.0 * np.random.RandomState(3).randint(0, 2, (BATCH, 1, TIME, UNITS))
    attributes = {"units": UNITS, "layers": 2, "dropout": 0.5, "reset": reset}
    whole, _ = gru.forward(Run(), sequence, **values, mask=mask, **attributes)
    state = np.zeros((BATCH, 2, UNITS))
    for time in range(TIME):
        step, _ = gru_cell.forward(Run(), sequence[:, time], state, **values, mask=mask[:, :, time], **attributes)
        state = step["state"]
        np.testing.assert_allclose(step[""], whole[""][:, time], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(state, whole["state"], rtol=1e-13, atol=1e-15)


def test_beyond_the_length_nothing_flows() -> None:
    values = drawn(3, 2, True)
    values["lengths"] = np.array([2, 5, 1])
    run = Run()
    outputs, saved = gru.forward(run, **values, units=UNITS, layers=2, dropout=0.0, reset="after")
    gradients = gru.vjp(run, saved, {suffix: np.ones_like(array) for suffix, array in outputs.items()})
    reached = np.any(gradients["x"] != 0, axis=2)
    np.testing.assert_array_equal(reached, np.arange(TIME) < values["lengths"][:, None])


def test_a_length_of_zero_leaves_the_initial_state() -> None:
    values = drawn(4, 1, False)
    values |= {"lengths": np.array([0, 1, 5]), "initial_state": np.ones((BATCH, 1, UNITS))}
    outputs, _ = lstm.forward(Run(), **values, units=UNITS, layers=1, dropout=0.0)
    np.testing.assert_array_equal(outputs["state"][0], np.ones((1, UNITS)))
    assert not np.any(outputs[""][0])


@pytest.mark.parametrize("op,gates", [(rnn, 1), (lstm, 4), (gru, 3)], ids=["rnn", "lstm", "gru"])
def test_training_with_dropout_needs_a_mask(op: Any, gates: int) -> None:
    values = drawn(gates, 2, True)
    attributes = {"units": UNITS, "layers": 2, "dropout": 0.5, "reset": "after"}
    with pytest.raises(ValueError, match="needs a mask"):
        op.forward(Run(), **values, **attributes)
    evaluated, _ = op.forward(Run(training=False), **values, **attributes)
    without, _ = op.forward(Run(), **values, **{**attributes, "dropout": 0.0})
    np.testing.assert_array_equal(evaluated[""], without[""])


def test_gates_saturate_without_overflow() -> None:
    values = {role: 1000 * array for role, array in drawn(4, 1, False).items()}
    run = Run()
    outputs, saved = lstm.forward(run, **values, units=UNITS, layers=1, dropout=0.0)
    assert all(np.isfinite(array).all() for array in outputs.values())
    gradients = lstm.vjp(run, saved, {"": np.ones_like(outputs[""])})
    assert all(np.isfinite(array).all() for array in gradients.values())
