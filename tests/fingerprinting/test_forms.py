"""Fingerprints of native objects: each closed form is told from every other, foreign ones have no name, kinds are guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from parity.execution.protocol import ProbeRequest, Unsupported
from parity.execution.worker import native_objects
from parity.fingerprinting.forms import convolutions, draws, gates, normalizations, reductions, resizing, windows
from parity.fingerprinting.forms.form import TOLERANCES, Facet, Form, identify
from parity.fingerprinting.forms.kinds import KINDS, kind_of
from parity.spec.cases import Case
from parity.verbs.fingerprint import objects

Array = np.ndarray
Seen = Mapping[str, Array]


def context(**known: float) -> dict[str, Array]:
    return {name.replace("_", "/", 1): np.asarray(value) for name, value in known.items()}


SETTINGS = {f"{setting}/{row}": np.zeros(1) for setting in windows.POOLINGS for row in windows.POOLED}
SAME = {f"{setting}/{row}": np.zeros(1) for setting in convolutions.SETTINGS for row in ("seven", "eight")}
TRAINED = context(known_epsilon=0.25, known_momentum=0.25, run_gains=4, run_shifts=4, run_mean=0)
LIBRARIES: Mapping[str, tuple[Callable[[], Iterator[Form]], Seen]] = {
    "batch normalization": (lambda: normalizations.forms(TRAINED), TRAINED),
    "normalization": (lambda: normalizations.forms(context(known_epsilon=0.25, run_gains=4, run_shifts=4)), {}),
    "normalization without a gain": (lambda: normalizations.forms(context(known_epsilon=0.25, run_gains=0, run_shifts=0)), {}),
    "normalization of groups, a gain each": (
        lambda: normalizations.forms(context(known_epsilon=0.25, run_gains=2, run_shifts=2)),
        {},
    ),
    "normalization without epsilon": (lambda: normalizations.forms(context(run_gains=4, run_shifts=0)), {}),
    "pooling": (lambda: windows.pools(SETTINGS), {}),
    "convolution": (lambda: convolutions.plain(SAME), {}),
    **{
        f"{blocks} blocks, {biases} biases": (
            lambda blocks=blocks, biases=biases: gates.forms(context(run_blocks=blocks, run_biases=biases)),  # type: ignore[misc]
            {},
        )
        for blocks in (1, 3, 4)
        for biases in (1, 2)
    },
    "nearest": (resizing.nearest, {}),
    "bilinear": (resizing.linear, {}),
    "bicubic": (resizing.cubic, {}),
    "losses": (reductions.forms, {}),
}


def test_there_are_forms_enough() -> None:
    """The sum, and no name twice in a library."""
    names = {library: [(form.name, form.note) for form in make()] for library, (make, _) in LIBRARIES.items()}
    assert all(len(found) == len(set(found)) for found in names.values())
    assert sum(map(len, names.values())) >= 500


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_form_is_told_from_every_other(library: str, dtype: str) -> None:
    """An object that follows it, with rounding as large as a tenth of the tolerance, gets its name alone."""
    forms = list(LIBRARIES[library][0]())
    numbers = np.random.RandomState(3)
    for form in forms:
        seen = {
            name: array + np.max(np.abs(array)) * TOLERANCES[dtype] / 10 * numbers.uniform(-1, 1, array.shape)
            for name, array in form.expected.items()
        }
        assert identify("is", forms, seen, dtype).names == (form.name,)


def _normalized(scale: float) -> Seen:
    x = normalizations.INPUTS["x"]
    out = (x - x.mean((0, 2, 3), keepdims=True)) / (abs(x).mean((0, 2, 3), keepdims=True) * scale + 0.25)
    return {"run/training": out, "run/evaluation": out, **context(known_epsilon=0.25, run_gains=0, run_shifts=0)}


def _rows(change: Callable[[Array], Array], forms: Iterator[Form]) -> Seen:
    return {name: change(array) for name, array in next(forms).expected.items()}


ERROR = reductions.INPUTS["real"] - reductions.P
FOREIGN: Mapping[str, tuple[str, Seen]] = {
    "a norm by absolute values": ("normalization", _normalized(1.0)),
    "a norm by other absolute values": ("normalization", _normalized(2.0)),
    "NaN": ("normalization", {**_normalized(1.0), "run/training": np.full((6, 4, 3, 2), np.nan)}),
    "a pool divided by one too many": ("pooling", _rows(lambda row: row * 0.75, windows.pools({}))),
    "a pool of medians": (
        "pooling",
        {
            f"plain/{name}": np.median([row[i : i + 3] for i in range(0, len(row) - 2, 2)], 1)
            for name, row in windows.POOLED.items()
        },
    ),
    "a convolution with a bias": ("convolution", _rows(lambda row: row + 1, convolutions.plain({}))),
    "a convolution of another length": ("convolution", _rows(lambda row: row[:-1], convolutions.plain({}))),
    "a leaky lstm": (
        "recurrent",
        {"run/steps": 0.9 * next(gates.forms(context(run_blocks=4, run_biases=2))).expected["run/steps"]}
        | context(run_blocks=4, run_biases=2),
    ),
    "five blocks": ("recurrent", {"run/steps": np.zeros((2, 5, 3)), **context(run_blocks=5, run_biases=2)}),
    "a resize that adds something": ("resizing", {"bilinear 3/row": resizing.ROW.reshape(3, 2).mean(1) + 0.1}),
    "a resize of the row reversed": ("resizing", {"nearest 12/row": np.repeat(resizing.ROW[::-1], 2)}),
    "a pinball loss": (
        "loss",
        {"real/loss": np.maximum(0.3 * ERROR, -0.7 * ERROR).mean()},
    ),
    "a squared error, its mean over one too few": (
        "loss",
        {"real/loss": (ERROR**2).sum() / 11},
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_object_has_no_match(name: str) -> None:
    kind, seen = FOREIGN[name]
    facets = KINDS[kind][1]({key: np.asarray(array) for key, array in seen.items()}, "float64")
    assert facets and all(facet.names == () for facet in facets)


def drawn(family: str, deviations: Mapping[str, float], seed: int) -> dict[str, Array]:
    numbers = np.random.RandomState(seed)
    found = {}
    for name, shape in draws.SHAPES.items():
        size = int(np.prod(shape))
        plain = numbers.standard_normal(2 * size)
        cut = plain[abs(plain) <= 2][:size]
        values = {
            "uniform": numbers.uniform(-np.sqrt(3), np.sqrt(3), size),
            "normal": plain[:size],
            "cut": cut,
            "widened": cut / np.sqrt(draws.CUT_VARIANCE),
            "laplace": numbers.laplace(size=size) / np.sqrt(2),
            "two values": numbers.choice([-1.0, 1.0], size),
            "two normals": numbers.standard_normal(size) * np.where(numbers.uniform(size=size) < 0.5, 0.5, np.sqrt(1.75)),
            "cut at 1": np.resize(plain[abs(plain) <= 1], size),
        }[family]
        found[f"draw/{name}"] = (values * deviations[name]).reshape(shape)
    return found


WORDS = {
    "uniform": ("uniform", ""),
    "normal": ("normal", ""),
    "cut": ("normal cut at 2σ", ", the variance before the cut"),
    "widened": ("normal cut at 2σ", ", widened so that the variance holds after the cut"),
}


@pytest.mark.parametrize("family", WORDS)
@pytest.mark.parametrize("fan", [fan or "no fan" for fan in draws.FANS])
@pytest.mark.parametrize("gain", ["1", "2", "1/3", "0.02²"])
def test_a_seeded_initializer_is_named(family: str, fan: str, gain: str) -> None:
    fan = fan.removeprefix("no fan")
    deviations = {name: np.sqrt(draws.GAINS[gain] / draws.FANS[fan](shape)) for name, shape in draws.SHAPES.items()}
    before, after = WORDS[family]
    (facet,) = draws.named(drawn(family, deviations, seed=len(fan)), "float64")
    assert facet.names == (f"{before}, variance {gain}{'/' if fan else ''}{fan}{after}",)


@pytest.mark.parametrize("family", ["laplace", "two values", "two normals", "cut at 1"])
def test_a_foreign_initializer_has_no_match(family: str) -> None:
    for seed in range(3):
        (facet,) = draws.named(drawn(family, {"dense": 0.1, "conv": 0.05}, seed), "float64")
        assert facet.names == ()


def test_fans_that_do_not_go_together_have_no_match() -> None:
    (facet,) = draws.named(drawn("normal", {"dense": 0.1, "conv": 0.07}, 0), "float64")
    assert facet.names == ()


def test_what_is_no_draw_is_told() -> None:
    def told(make: Callable[[tuple[int, ...]], Array]) -> str:
        (facet,) = draws.named({f"draw/{name}": make(shape) for name, shape in draws.SHAPES.items()}, "float64")
        return " = ".join(facet.names)

    numbers = np.random.RandomState(0)

    def orthogonal(shape: tuple[int, ...]) -> Array:
        tall = np.linalg.qr(numbers.standard_normal((max(shape[0], np.prod(shape[1:])), min(shape[0], np.prod(shape[1:])))))[0]
        return (1.5 * (tall if len(tall) == shape[0] else tall.T)).reshape(shape)

    assert told(np.zeros) == "0 everywhere"
    assert told(orthogonal) == "orthogonal, gain 1.5"
    assert told(lambda shape: numbers.uniform(0, 1, shape)) == "uniform between 0 and 1"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("torch.optim.Adam", "optimizer"),
        ("mine.rules:Rule", "optimizer"),
        ("torch.nn.init.kaiming_uniform_", "initializer"),
        ("keras.initializers.HeNormal", "initializer"),
        ("mxnet.gluon.nn.BatchNorm", "normalization"),
        ("torch.nn.AvgPool2d", "pooling"),
        ("keras.layers.Conv2D", "convolution"),
        ("keras.layers.Conv2DTranspose", "transposed_convolution"),
        ("torch.nn.ConvTranspose1d", "transposed_convolution"),
        ("torch.nn.functional.scaled_dot_product_attention", "attention"),
        ("mxnet.nd.contrib.interleaved_matmul_encdec_qk", "attention"),
        ("mxnet.gluon.loss.CTCLoss", "ctc"),
        ("keras.layers.SimpleRNN", "recurrent"),
        ("torch.nn.functional.interpolate", "resizing"),
        ("torch.nn.functional.cross_entropy", "loss"),
    ],
)
def test_the_kind_is_read_off_the_path(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def _asked(path: str, kind: str, **arguments: Any) -> Case:
    return Case(path, "native", "float64", initializer=kind, optimizer=path, arguments=arguments)


def test_settings_are_tried_by_the_object_s_own_names() -> None:
    """What refuses one setting is driven in the others; a setting that needs an absent argument is left out."""
    tried = []

    def driver(asked: ProbeRequest) -> dict[str, Array]:
        tried.append((asked.setting, dict(asked.keywords)))
        if "padded" in asked.setting:
            raise ValueError("no padding here")
        return {"seven": np.zeros(1)}

    found = native_objects.probe(_asked("textwrap.TextWrapper", "pooling", width=3), {"pooling": driver}, {})
    assert [setting for setting, _ in tried] == ["plain", "padded", "same"]
    assert tried[0][1] == {"width": 3}
    assert set(found) == {"plain/seven", "same/seven"}


def test_an_object_that_refuses_everything_says_why() -> None:
    def driver(asked: ProbeRequest) -> dict[str, Array]:
        raise TypeError("not like this")

    with pytest.raises(TypeError, match="not like this"):
        native_objects.probe(_asked("json.JSONDecoder", "loss"), {"loss": driver}, {})
    with pytest.raises(Unsupported, match="has no argument `nothing`"):
        native_objects.probe(_asked("textwrap.TextWrapper", "loss", nothing=1), {"loss": driver}, {})
    with pytest.raises(Unsupported, match="nothing of the kind"):
        native_objects.probe(_asked("json.JSONDecoder", "loss"), {}, {})


def test_arguments_go_by_their_spelling() -> None:
    keywords, known = native_objects.chosen(
        native_objects.SETTINGS["normalization"]["run"], frozenset({"eps", "num_features"}), {"eps": 0.5}
    )
    assert keywords == {"eps": 0.5, "num_features": 4}
    assert known == {"epsilon": 0.5, "features": 4}


@pytest.mark.parametrize(
    ("kind", "names", "told"),
    [
        ("initializer", ("uniform, variance 1/fan_in",), "draws: chance explains every draw"),
        ("initializer", (), "draws: none of the closed forms explains what was seen"),
        ("pooling", ("the sum",), "draws: everything seen within float64 rounding"),
        ("pooling", (), "draws: none of the closed forms explains what was seen"),
    ],
)
def test_what_is_shown_is_what_was_found(
    kind: str, names: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = objects.NativeFingerprint("mine", kind, "torch", "1", "float64", ("draw",), (Facet("draws", names, "float64"),))
    objects.show(answer)
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == f"mine (torch 1), {kind}: {names[0] if names else 'no match'}"
    assert shown[1].strip() == told
    found = objects.as_json(answer)
    assert (found["object"], found["name"], found["framework_version"]) == ("mine", answer.name, "1")
