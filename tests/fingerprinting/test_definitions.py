"""What gaps of layers and initializers are measured against: the definitions are the specs' own ops and distributions, and a
planted difference has the size that it was planted with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from parity.atlas.canonical import CONVOLUTION, GRU, INITIALIZERS, LSTM, NATIVES, RESIZE, RNN, TRANSPOSED
from parity.fingerprinting import gaps
from parity.fingerprinting.forms import convolutions, draws, gates, resizing, transposed
from parity.fingerprinting.forms.draws import FAMILIES, SHAPES, ExplainedDraws
from parity.fingerprinting.forms.form import Arrays
from parity.fingerprinting.forms.kinds import LIBRARIES, kind_of
from parity.ops import TABLE
from parity.ops.definition import Run, evaluate
from parity.reference_impl.distributions import Claim
from parity.verbs.fingerprint.default_gaps import claimed

Array = np.ndarray


def op(name: str, arrays: Mapping[str, Array], **attributes: Any) -> Array:
    """The reference function of an op, in float64."""
    found, _ = evaluate(TABLE[name], Run(np.dtype("float64"), training=False), arrays, attributes)
    return np.asarray(found[""] if isinstance(found, dict) else found)


def canonical(kind: str, seen: Arrays, about: str, meant: str) -> Arrays:
    form = gaps.named(LIBRARIES[kind][1](seen, LIBRARIES[kind][0])[about], meant)
    assert form is not None
    return form.expected


def seen_of(*names: str) -> Arrays:
    return {name: np.zeros(1) for name in names}


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_the_definition_of_a_convolution_is_the_op(axes: int) -> None:
    """Rows, several axes, dilation, groups and one group a channel."""

    def row(x: Array, kernel: Array, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1) -> Array:
        """Along the last of so many axes; x (channels, places), kernel (out, in, taps)."""
        flat = (1,) * (axes - 1)
        sizes = {"stride": (*flat, stride), "dilation": (*flat, dilation)}
        around = [*[(0, 0)] * (axes - 1), (padding, padding)]
        arguments: dict[str, Any] = {"padding": around, **sizes}
        if axes == 1:
            arguments = {"padding": (padding, padding), "stride": stride, "dilation": dilation}
        arrays = {"x": x.reshape(1, len(x), *flat, -1), "kernel": kernel.reshape(*kernel.shape[:2], *flat, -1)}
        if axes == 1:  # a sequence: its features come last
            return op("conv1d", {**arrays, "x": x.T[None]}, **arguments, groups=groups, bias=False)[0].T
        out = op(f"conv{axes}d", arrays, **arguments, groups=groups, bias=False)[0]
        return out.reshape(len(out), -1)

    given, seen = convolutions.INPUTS, seen_of("plain/", "dilated/", "grouped/", "depthwise/")
    meant = {about: canonical("convolution", seen, about, name) for about, name in CONVOLUTION.items()}
    taps = given["kernel"][:3][None, None]
    for name in ("seven", "eight"):
        x = given[name][None]
        assert row(x, taps)[0] == pytest.approx(meant["computes"][f"plain/{name}"], rel=1e-12)
        assert row(x, taps, stride=2, padding=1)[0] == pytest.approx(meant["computes"][f"padded/{name}"], rel=1e-12)
        assert row(x, taps, dilation=2)[0] == pytest.approx(meant["dilates"][f"dilated/{name}"], rel=1e-12)
    found = row(given["channels"], given["grouped"], groups=2)
    assert found == pytest.approx(meant["groups"]["grouped/rows"], rel=1e-12)
    found = row(given["channels"], given["depthwise"].reshape(8, 1, 3), groups=4)
    assert found == pytest.approx(meant["multiplies channels"]["depthwise/rows"], rel=1e-12)


@pytest.mark.parametrize("axes", [2, 3])
def test_the_definition_over_several_axes_is_the_op(axes: int) -> None:
    given = convolutions.INPUTS
    x, kernel = (given["volume"], given["block"]) if axes == 3 else (given["volume"][0], given["block"][0])
    ones = (1,) * axes
    attributes = {"stride": ones, "dilation": ones, "padding": ((0, 0),) * axes, "groups": 1, "bias": False}
    found = op(f"conv{axes}d", {"x": x[None, None], "kernel": kernel[None, None]}, **attributes)[0, 0]
    meant = canonical("convolution", seen_of("plain/"), "computes", CONVOLUTION["computes"])
    assert found == pytest.approx(meant[f"several axes/{axes}"], rel=1e-12)


@pytest.mark.parametrize(
    ("about", "setting", "taps", "stride", "padding", "dilation"),
    [
        ("computes", "plain", 3, 1, 0, 1),
        ("computes", "strided", 3, 2, 0, 1),
        ("computes", "short kernel", 2, 3, 0, 1),
        ("`padding`", "padded", 3, 2, 1, 1),
        ("dilates", "dilated", 3, 1, 0, 2),
    ],
)
def test_the_definition_of_a_transposed_convolution_is_the_op(
    about: str, setting: str, taps: int, stride: int, padding: int, dilation: int
) -> None:
    meant = canonical("transposed_convolution", seen_of("plain/", "padded/", "dilated/"), about, TRANSPOSED[about])
    for row in transposed.ROWS:
        arrays = {"x": transposed.INPUTS[row][None, None, None], "kernel": transposed.INPUTS["kernel"][:taps][None, None, None]}
        attributes = {"stride": (1, stride), "dilation": (1, dilation), "padding": ((0, 0), (padding, padding)), "bias": False}
        found = op("conv_transpose2d", arrays, **attributes)
        assert found.ravel() == pytest.approx(meant[f"{setting}/{row}"], rel=1e-12)


def test_the_definition_over_both_axes_of_a_transposed_convolution_is_the_op() -> None:
    arrays = {"x": transposed.INPUTS["volume"][0][None, None], "kernel": transposed.INPUTS["block"][0][None, None]}
    attributes = {"stride": (1, 1), "dilation": (1, 1), "padding": ((0, 0), (0, 0)), "bias": False}
    meant = canonical("transposed_convolution", seen_of("plain/"), "computes", TRANSPOSED["computes"])
    assert op("conv_transpose2d", arrays, **attributes)[0, 0] == pytest.approx(meant["several axes/2"], rel=1e-12)


@pytest.mark.parametrize(("name", "blocks", "meant"), [("rnn", 1, RNN), ("gru", 3, GRU), ("lstm", 4, LSTM)])
def test_the_definition_of_a_recurrent_layer_is_the_op(name: str, blocks: int, meant: str) -> None:
    rows = blocks * gates.UNITS
    given, recurrent_bias = gates.INPUTS, name == "gru"
    arrays = {"x": given["x"]}
    names = {"kernel": "kernel", "recurrent": "recurrent_kernel", "bias": "bias"}
    names |= {"recurrent_bias": "recurrent_bias"} if recurrent_bias else {}
    arrays |= {f"layer0.{role}": given[array][:rows] for array, role in names.items()}
    attributes = {"units": gates.UNITS, "layers": 1, "dropout": 0.0, "recurrent_bias": recurrent_bias}
    attributes |= {"reset": "after"} if name == "gru" else {}
    attributes |= {"activation": "tanh"} if name == "rnn" else {}
    seen = {"run/blocks": np.asarray(blocks), "run/biases": np.asarray(1 + recurrent_bias)}
    expected = canonical("recurrent", seen, "goes on", meant)["run/steps"]
    assert op(name, arrays, **attributes) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_the_definition_of_resizing_is_the_op(mode: str) -> None:
    meant = canonical("resizing", seen_of("nearest /", "bilinear /"), mode, RESIZE[mode])
    for length in resizing.LENGTHS:
        scale, rest = divmod(length, len(resizing.ROW))
        if scale and not rest:
            x = {"x": resizing.ROW[None, None, None]}
            found = op("upsample2d", x, scale=(1, scale), mode=mode, corners="half_pixel")
            assert found.ravel() == pytest.approx(meant[f"{mode} {length}/row"], rel=1e-12)


def test_another_layout_of_the_gates_is_no_other_recurrence() -> None:
    keras = "gru, gates update, reset, new; reset after the product, update weighs the old state"
    assert gates.in_order_of(GRU, keras) == keras
    assert gates.in_order_of(GRU, keras.replace("after", "before")) == keras
    assert gates.in_order_of(LSTM, "lstm, gates cell, input, forget, output, hard gates clip(x/6 + 1/2)") == (
        "lstm, gates cell, input, forget, output"
    )
    assert gates.in_order_of(RNN, "relu") == RNN


def test_every_definition_is_a_form() -> None:
    for table in NATIVES.values():
        for path, definition in table.items():
            if isinstance(definition, str):
                continue
            settings = {
                "convolution": ("plain/", "dilated/", "grouped/", "depthwise/"),
                "transposed_convolution": ("plain/", "padded/", "dilated/"),
                "resizing": ("nearest /", "bilinear /", "bicubic /"),
            }.get(kind_of(path), ())
            library = LIBRARIES[kind_of(path)][1](seen_of(*settings), LIBRARIES[kind_of(path)][0])
            told = {about: name for about, name in definition.items() if about in library}
            assert told and all(gaps.named(library[about], name) for about, name in told.items()), path


SHARES = np.linspace(0.001, 0.999, 999)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_quantiles_undo_the_distribution_function(family: draws.Family) -> None:
    assert family.below(family.quantiles(SHARES)) == pytest.approx(SHARES, abs=1e-9)


@pytest.mark.parametrize("kind", ["normal", "uniform", "truncated_normal"])
def test_quantiles_undo_the_claim(kind: str) -> None:
    claim = Claim(kind, 0.25)
    assert claim.below(claim.scale * gaps.CLAIMED[kind](SHARES)) == pytest.approx(SHARES, abs=1e-9)


NAMED = {
    "he_normal": "normal, variance 2/fan_in",
    "glorot_uniform": "uniform, variance 1/the mean of both fans",
    "truncated_normal": "normal cut at 2σ, variance 0.02², the variance before the cut",
}


def drawn(name: str, factor: float = 1.0) -> ExplainedDraws:
    """What explains draws of a spec, off by a factor."""
    family = {"he_normal": 1, "glorot_uniform": 0, "truncated_normal": 2}[name]
    numbers, found = np.random.RandomState(5), {}
    for shape, sizes in SHAPES.items():
        deviation = claimed(name, shape).standard_deviation * factor
        found[f"draw/{shape}"] = FAMILIES[family].quantiles(numbers.uniform(size=sizes)) * deviation
    (told,) = draws.explained(found)
    return told


@pytest.mark.parametrize("name", NAMED)
def test_a_spec_s_own_draws_have_no_gap(name: str) -> None:
    found = drawn(name)
    assert found.name == NAMED[name]
    assert gaps.of_draw(found, {shape: claimed(name, shape) for shape in SHAPES}) < 1e-12


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize(("factor", "gap"), [(0.5**0.5, 1 - 0.5**0.5), (2.0, 1.0)])
def test_another_spread_shows_by_its_factor(name: str, factor: float, gap: float) -> None:
    """As exactly as its name is known; of what has no name as well as the draw shows it."""
    found = drawn(name, factor)
    assert gaps.of_draw(found, {shape: claimed(name, shape) for shape in SHAPES}) == pytest.approx(gap, rel=0.02)


def test_another_fan_shows_at_one_of_the_shapes() -> None:
    """fan_out for fan_in: 101 to 307, where the roots differ by 74 %."""
    normal = FAMILIES[1].quantiles
    fan_out = {shape: float(np.sqrt(2 / draws.FANS["fan_out"](sizes))) for shape, sizes in SHAPES.items()}
    claims = {shape: claimed("he_normal", shape) for shape in SHAPES}
    found = gaps.of_draw(ExplainedDraws("normal, variance 2/fan_out", "normal", normal, fan_out), claims)
    assert found == pytest.approx(max(abs(np.sqrt(into / out) - 1) for into, out in ((101, 307), (29, 61))), rel=1e-9)


def test_truncation_shows_although_the_deviation_holds() -> None:
    """0.0916: the root mean square difference of the quantiles of a normal and of one cut at 2σ of the same variance."""
    claims = {shape: claimed("he_normal", shape) for shape in SHAPES}
    cut = {shape: one.standard_deviation for shape, one in claims.items()}
    found = gaps.of_draw(ExplainedDraws("cut", FAMILIES[2].name, FAMILIES[2].quantiles, cut), claims)
    shares = (np.arange(200_000) + 0.5) / 200_000
    exact = float(np.sqrt(2 - 2 * np.mean(FAMILIES[1].quantiles(shares) * FAMILIES[2].quantiles(shares))))
    assert found == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize(
    ("name", "seen", "gap"),
    [
        ("ones", np.ones, 0.0),
        ("zeros", np.zeros, 0.0),
        ("constant", np.zeros, 1.0),
        ("ones", lambda sizes: np.full(sizes, 1.5), 0.5),
        ("identity", lambda sizes: np.eye(*sizes), 0.0),
        ("orthogonal", lambda sizes: 2 * np.eye(*sizes)[::-1], 1.0),
        ("orthogonal", lambda sizes: np.eye(*sizes), float("inf")),
    ],
)
def test_what_is_no_draw_has_a_gap_too(name: str, seen: Any, gap: float) -> None:
    (found,) = draws.explained({"matrix/dense": seen(SHAPES["dense"])})
    assert gaps.of_draw(found, {"dense": claimed(name, "dense")}) == pytest.approx(gap)


def test_the_parameters_are_told_of_both() -> None:
    normal, cut = FAMILIES[1], FAMILIES[2]
    assert gaps.parameters_of_draw(ExplainedDraws("n", normal.name, normal.quantiles, {"dense": 0.5}), "dense") == {
        "standard deviation": 0.5
    }
    told = gaps.parameters_of_draw(ExplainedDraws("c", cut.name, cut.quantiles, {"dense": 0.5}), "dense")
    assert told["bound"] == pytest.approx(
        gaps.parameters_of_claim(Claim("truncated_normal", 0.5 / 0.8796256610342398))["bound"]
    )
    between = ExplainedDraws("u", "uniform", draws.uniform_quantiles, {"dense": 12**-0.5}, 0.5)
    assert gaps.parameters_of_draw(between, "dense") == pytest.approx({"standard deviation": 12**-0.5, "bound": 1, "mean": 0.5})
    assert gaps.parameters_of_claim(claimed("orthogonal", "dense")) == {"gain": 1.0}


def test_every_initializer_is_held_against_a_spec() -> None:
    for table in INITIALIZERS.values():
        for name in table.values():
            assert claimed(name, "dense").kind
