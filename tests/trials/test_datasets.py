"""Real images reach the graph whole: enlarged, padded, split without overlap, in an order that every framework shares."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from parity.spec.expansion import expand
from parity.spec.graph import Graph, Input
from parity.spec.specs import Architecture, load
from parity.trials import datasets
from parity.trials.datasets import DatasetError, shipped, text
from parity.trials.datasets.photographs import shrunk


def graph(*shape: int) -> Graph:
    label = Input("label", (), "integer", below=10)
    return Graph("net", (Input("image", shape),), (), (), (), training_inputs=(label,))


def lesson(name: str, size: str = "lesson") -> Graph:
    spec = load(f"architectures/{name}")
    assert isinstance(spec, Architecture)
    return expand(spec, size)


FITTING = [
    ("characters", "gpt2_small", "lesson"),
    ("characters", "lstm_language_model", "lesson"),
    ("digit_pairs", "siamese", "full"),
    ("digits", "resnet18_small_images", "lesson"),
    ("digits_and_noise", "gan", "lesson"),
    ("exclusive_or", "mlp_xor", "full"),
    ("exclusive_or", "perceptron", "full"),
    ("masked_characters", "bert_small", "lesson"),
    ("noisy_sine", "autoregressive_mlp", "full"),
    ("photograph_domains", "cyclegan", "lesson"),
    ("photograph_patches", "dcgan", "lesson"),
    ("photograph_styles", "style_transfer", "small"),
    ("reversed_letters", "seq2seq", "lesson"),
    ("sorted_letters", "transformer", "lesson"),
]


@pytest.mark.parametrize(("name", "architecture", "size"), FITTING)
def test_a_data_set_fills_every_input_of_a_graph(name: str, architecture: str, size: str) -> None:
    """Shapes, kinds, bounds; as many examples of each input; the same numbers each time."""
    wanted = lesson(architecture, size)
    data, again = datasets.load(name, wanted), datasets.load(name, wanted)
    for half, other in ((data.train, again.train), (data.test, again.test)):
        if not half:
            assert name == "photograph_styles"
            continue
        assert set(half) == {given.name for given in wanted.batch_inputs()}
        assert len({len(array) for array in half.values()}) == 1
        for given in wanted.batch_inputs():
            array = half[given.name]
            assert array.shape[1:] == given.shape and array.dtype.kind == ("i" if given.dtype == "integer" else "f")
            low, high = (0, given.below - 1) if given.below is not None else given.range or (-np.inf, np.inf)
            assert low <= np.min(array) <= np.max(array) <= high
            np.testing.assert_array_equal(array, other[given.name])


def test_every_data_set_is_filled_here() -> None:
    assert {name for name, _, _ in FITTING} == set(datasets.DATASETS)


@pytest.mark.parametrize("name", sorted(datasets.DATASETS))
def test_a_graph_that_a_data_set_cannot_fill_is_refused(name: str) -> None:
    inputs = (Input("strange", (5,)), Input("other", (5,)))
    with pytest.raises(DatasetError, match="net"):
        datasets.load(name, Graph("net", inputs, (), (), ()))


def test_the_text_is_the_same_on_every_machine() -> None:
    """A Python that words it otherwise makes other cases, with another digest in the report: this test tells."""
    found = text.text()
    assert set(found) == set(text.SYMBOLS) and "  " not in found
    assert datasets.load("characters", lesson("gpt2_small")).source.endswith("sha256 2064d08f022c")


def test_the_next_token_is_the_next_character() -> None:
    data = datasets.load("characters", lesson("gpt2_small"))
    np.testing.assert_array_equal(data.train["tokens"][:, 1:], data.train["next_tokens"][:, :-1])
    spelled = "".join(text.SYMBOLS[number - text.FIRST] for number in data.train["tokens"][0])
    assert text.text().startswith(spelled)


def test_tapes_go_on_where_they_stopped() -> None:
    """With a carried state, each row of a batch continues the same row of the batch before."""
    data = datasets.load("characters", lesson("lstm_language_model"))
    rows = datasets.order(data, 3, 5, seed=0)
    first, second = data.train["next_tokens"][rows[0]], data.train["tokens"][rows[1]]
    np.testing.assert_array_equal(first[:, -1], second[:, 0])
    assert len(np.unique(rows)) == 15


def test_what_is_masked_is_hidden_and_counted() -> None:
    data = datasets.load("masked_characters", lesson("bert_small"))
    assert data.counted is not None
    tokens, labels = data.test["tokens"], data.test["labels"]
    np.testing.assert_array_equal(tokens[~data.counted], labels[~data.counted])
    assert (tokens[data.counted] == text.MASK).all() and (labels[data.counted] < text.CLASSIFY).all()
    letters = (labels >= text.FIRST) & (labels < text.CLASSIFY)
    assert abs(np.mean(data.counted[letters]) - text.MASKED) < 0.02
    assert 0.4 < np.mean(data.test["is_next"]) < 0.6
    beyond = np.arange(labels.shape[1]) >= data.test["length"][:, None]
    assert not labels[beyond].any() and beyond.any()


@pytest.mark.parametrize(("name", "architecture"), [("reversed_letters", "seq2seq"), ("sorted_letters", "transformer")])
def test_a_decoder_is_fed_what_it_should_have_said(name: str, architecture: str) -> None:
    data = datasets.load(name, lesson(architecture))
    for half in (data.train, data.test):
        for row in range(50):
            source = half["source"][row, : half["source_length"][row]].tolist()
            changed = source[::-1] if name == "reversed_letters" else sorted(source)
            length = half["target_length"][row]
            assert half["target"][row, :length].tolist() == [1, *changed]
            assert half["labels"][row, :length].tolist() == [*changed, 2]
    learned, tested = ({array.tobytes() for array in half["source"]} for half in (data.train, data.test))
    assert not learned & tested


def test_no_image_of_a_test_pair_is_learned_from() -> None:
    data = datasets.load("digit_pairs", lesson("siamese", "full"))
    learned, tested = ({image.tobytes() for image in half["left"]} for half in (data.train, data.test))
    assert not learned & tested
    assert np.mean(data.test["same"]) == 0.5


def test_the_sine_is_tested_behind_what_is_learned() -> None:
    data = datasets.load("noisy_sine", lesson("autoregressive_mlp", "full"))
    series = np.sin(0.01 * np.arange(1, 1601))
    assert abs(np.var(data.test["next"][:, 0] - series[1200:]) / data.noise - 1) < 0.2
    np.testing.assert_array_equal(data.test["window"][1:, -1], data.test["next"][:-1, 0])
    assert len(data.train["next"]) + 4 == 1200


def test_a_smaller_image_is_a_mean_of_pixels() -> None:
    image = np.arange(2 * 4 * 6, dtype=float).reshape(2, 4, 6)
    np.testing.assert_array_equal(shrunk(image, 2, 3), image.reshape(2, 2, 2, 3, 2).mean(axis=(2, 4)))
    assert shrunk(image, 3, 5)[0, 0].tolist() == [0, 1, 2, 3, 4.5]


def test_every_digit_is_used_once() -> None:
    """178 zeros, 182 ones …: the counts of the data set's own description."""
    data = datasets.digits(graph(1, 28, 28))
    counts = np.bincount(np.concatenate([data.train["label"], data.test["label"]]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_first_digit_is_the_published_zero() -> None:
    """The first line of the published file, and its label."""
    stored = shipped.arrays("digits")
    rows = ["0 0 5 13 9 1 0 0", "0 0 13 15 10 15 5 0", "0 3 15 2 0 11 8 0", "0 4 12 0 0 8 8 0"]
    rows += ["0 5 8 0 0 9 8 0", "0 4 11 0 1 12 7 0", "0 2 14 5 10 12 0 0", "0 0 6 13 10 0 0 0"]
    assert [" ".join(map(str, row)) for row in stored["images"][0]] == rows and stored["labels"][0] == 0


@pytest.mark.parametrize("damage", ["missing", "a bit", "cut"])
@pytest.mark.parametrize("name", sorted(shipped.SHA256))
def test_other_bytes_are_refused(name: str, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / f"{name}.npz"
    content = bytearray((shipped.FOLDER / file.name).read_bytes())
    content[len(content) // 2] ^= 1
    if damage != "missing":
        file.write_bytes(content if damage == "a bit" else content[:-1])
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(DatasetError, match=f"{name}.npz.*install parity again"):
        shipped.arrays(name)
    shutil.copy(Path(shipped.__file__).parent / "data" / file.name, file)
    assert shipped.arrays(name)


def test_an_image_is_enlarged_and_padded() -> None:
    data = datasets.digits(graph(1, 28, 28))
    image = data.train["image"][0, 0]
    assert image.shape == (28, 28) and not image[:2].any() and not image[-2:].any()
    small = image[2:26:3, 2:26:3]
    np.testing.assert_array_equal(image[2:26, 2:26], np.kron(small, np.ones((3, 3))))
    assert any(np.array_equal(small * 16, original) for original in shipped.arrays("digits")["images"])


def test_a_vector_is_the_flattened_image() -> None:
    square, flat = datasets.digits(graph(1, 28, 28)), datasets.digits(graph(784))
    np.testing.assert_array_equal(square.train["image"].reshape(-1, 784), flat.train["image"])


@pytest.mark.parametrize("shape", [(2, 28, 28), (1, 28, 27), (1, 7, 7), (783,)])
def test_an_image_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DatasetError, match="digits need one image"):
        datasets.digits(graph(*shape))


def test_unknown_names_are_told() -> None:
    with pytest.raises(DatasetError, match="no data set `mnist`; there are: characters, digit_pairs, digits,"):
        datasets.load("mnist", graph(784))


def test_the_order_visits_every_example_before_one_comes_again() -> None:
    data = datasets.digits(graph(784))
    rows = datasets.order(data, 60, 32, seed=0)
    count = len(data.train["label"]) // 32
    assert len(np.unique(rows[:count])) == count * 32
    assert not np.array_equal(rows, datasets.order(data, 60, 32, seed=1))


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(DatasetError, match="more than the"):
        datasets.order(datasets.digits(graph(784)), 1, 10_000, seed=0)
