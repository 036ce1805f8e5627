"""Transposed and dilated convolutions, attention and alignment losses in NumPy as choices, each with the names that a
fingerprint must give it; and objects that it must not name.

It refuses to share code with the library of closed forms: matrices, loops and enumerations instead of its formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from parity.fingerprinting.forms import alignments, attention, convolutions, transposed

Array = np.ndarray
Seen = dict[str, Array]
Names = Mapping[str, str]
FLIPPED = {False: "", True: ", the kernel flipped"}


def matrix(count: int, taps: Array, stride: int = 1, gap: int = 1, more: int = 0) -> Array:
    """The linear map of a cross-correlation to `count` positions. more: positions that it never reads."""
    found = np.zeros((count, (count - 1) * stride + (len(taps) - 1) * gap + 1 + more))
    for place, (j, tap) in product(range(count), enumerate(taps)):
        found[place, place * stride + j * gap] = tap
    return found


def transpose(row: str, taps: int, flipped: bool, stride: int = 1, gap: int = 1, more: int = 0) -> Array:
    kernel = transposed.INPUTS["kernel"][:taps]
    x = transposed.INPUTS[row]
    return x @ matrix(len(x), kernel[::-1] if flipped else kernel, stride, gap, more)


def deconvolutions() -> Iterator[tuple[str, str, Seen, Names]]:
    """Kind, description, results, and facet -> name."""
    for flipped, short, late, gap in product((False, True), (False, True), (False, True), (2, 3)):
        seen: Seen = {}
        for row in ("four", "five"):
            n = len(transposed.INPUTS[row])
            seen[f"plain/{row}"] = transpose(row, 3, flipped)
            seen[f"strided/{row}"] = transpose(row, 3, flipped, 2)
            seen[f"short kernel/{row}"] = transpose(row, 2, flipped, 3, more=int(short))
            longer = transpose(row, 3, flipped, 2, more=2)
            seen[f"padded/{row}"] = longer[1 : 2 * n]
            seen[f"padded and extended/{row}"] = longer[: 2 * n] if late else longer[1 : 2 * n + 1]
            whole = transpose(row, 4, flipped, 2)
            seen[f"same/{row}"] = longer[1 : 2 * n + 1] if late else longer[: 2 * n]
            seen[f"same, extended/{row}"] = longer[: 2 * n] if short else longer[1 : 2 * n + 1]
            seen[f"same, even kernel/{row}"] = whole[1:-1]
            seen[f"same, short kernel/{row}"] = transpose(row, 2, flipped, 3, more=1)
            seen[f"dilated/{row}"] = transpose(row, 3, flipped, gap=gap)
        flip = FLIPPED[flipped]
        size = "n·stride + max(kernel - stride, 0), zeros at the end" if short else "(n - 1)·stride + kernel"
        spacing = {2: "taps lie as far apart as it says", 3: "as many elements as it says are left out between taps"}[gap]
        names = {
            "computes": f"spreads the kernel{flip or ' as it stands'}; size {size}",
            "`padding`": f"cut off both ends{flip}",
            "`output_padding`": f"one more is kept at the {'start' if late else 'end'}{flip}",
            "`output_padding` with `same`": f"one more is kept at the {'start' if short else 'end'}{flip}",
            "`same`": f"size n·stride, the odd one cut off the {'start' if late else 'end'}, zeros at the end{flip}",
            "dilates": f"{spacing}{flip}",
        }
        yield "transposed_convolution", f"transposed {flipped} {short} {late} {gap}", seen, names


def dilations() -> Iterator[tuple[str, str, Seen, Names]]:
    for flipped, gap, wide in product((False, True), (2, 3), (False, True)):
        seen: Seen = {}
        for row in ("seven", "eight"):
            x, kernel = convolutions.INPUTS[row], convolutions.INPUTS["kernel"][:3]
            taps = kernel[::-1] if flipped else kernel
            reach = gap if wide else 1
            padded = np.concatenate([np.zeros(reach), x, np.zeros(reach)])
            seen[f"plain/{row}"] = matrix(len(x) - 2, taps) @ x
            seen[f"dilated/{row}"] = matrix(len(x) - 2 * gap, taps, gap=gap) @ x
            seen[f"dilated, same/{row}"] = matrix(len(padded) - 2 * gap, taps, gap=gap) @ padded
        spacing = {2: "taps lie as far apart as it says", 3: "as many elements as it says are left out between taps"}[gap]
        about = "the dilated kernel" if wide else "the kernel as if it were not dilated"
        names = {
            "computes": "convolution, the kernel flipped" if flipped else "cross-correlation",
            "dilates": f"{spacing}{FLIPPED[flipped]}; `same` pads for {about}",
        }
        yield "convolution", f"dilated {flipped} {gap} {wide}", seen, names


def attend(
    q: Array, k: Array, v: Array, score: Callable[[Array, Array], float], weigh: Callable[[Array, int, int], Array]
) -> Array:
    """Attention, query by query. weigh: function from the scores of one query, its example and its position to its weights."""
    found = np.zeros((*q.shape[:2], v.shape[2]))
    for b, i in np.ndindex(*q.shape[:2]):
        found[b, i] = weigh(np.array([score(q[b, i], one) for one in k[b]]), b, i) @ v[b]
    return found


def shares(scores: Array) -> Array:
    return np.asarray(np.exp(scores) / np.exp(scores).sum())


SCORES: Mapping[str, Callable[[Array, Array], float]] = {
    "products as they are": lambda q, k: float(q @ k),
    "products divided by √features": lambda q, k: float(q @ k) / len(q) ** 0.5,
    "products divided by features": lambda q, k: float(q @ k) / len(q),
    "cosines": lambda q, k: float(q @ k / np.linalg.norm(q) / np.linalg.norm(k)),
    "additive: the weighted sum of tanh(query + key)": lambda q, k: float(np.tanh(q + k) @ attention.INPUTS["weights"]),
    "additive: the sum of tanh(query + key)": lambda q, k: float(np.tanh(q + k).sum()),
}


def attentions() -> Iterator[tuple[str, str, Seen, Names]]:
    q, k, v = (attention.INPUTS[name] for name in ("query", "key", "value"))
    kept, keys, bias = (attention.INPUTS[name] for name in ("kept", "keys_kept", "bias"))
    for (name, score), keeps, added, shift in product(SCORES.items(), (True, False), (True, False), (0, 2)):
        multiplied = "the score is multiplied by it"

        def only(scores: Array, chosen: Array) -> Array:
            weights = np.zeros(len(scores))
            weights[chosen] = shares(scores[chosen])
            return weights

        ways: Mapping[str, Callable[[Array, int, int], Array]] = {
            "plain": lambda s, b, i: shares(s),
            "boolean mask": lambda s, b, i, keeps=keeps: only(s, np.flatnonzero(kept[b, i] == float(keeps))),
            "key mask": lambda s, b, i, keeps=keeps: only(s, np.flatnonzero(keys[b] == float(keeps))),
            "float mask": lambda s, b, i, added=added: shares(s + bias[b, i] if added else s * bias[b, i]),
            "causal": lambda s, b, i, shift=shift: only(s, np.arange(i + 1 + shift)),
        }
        seen = {f"{setting}/out": attend(q, k, v, score, weigh) for setting, weigh in ways.items()}
        about = "True takes part" if keeps else "True is masked"
        names = {
            "scores are": name,
            "a boolean mask": about,
            "a mask of keys": about,
            "numbers as a mask": "added to the score" if added else multiplied,
            "causal": "the last query sees all keys" if shift else "query i sees the keys up to i",
        }
        yield "attention", f"{name} {keeps} {added} {shift}", seen, names


def spelled(path: tuple[int, ...], blank: int, collapse: bool = True) -> list[int]:
    """The labels of a path: repeats are removed first, then blanks."""
    kept = [one for place, one in enumerate(path) if not collapse or place == 0 or path[place - 1] != one]
    return [one for one in kept if one != blank]


def path_losses(
    logarithms: Array, blank: int, frames: Array, join: Callable[[Array], float] = np.sum, collapse: bool = True
) -> Array:
    """The loss of each example, by enumeration of every path."""
    losses = []
    for scores, labels, count, length in zip(
        logarithms, alignments.INPUTS["labels"], alignments.INPUTS["lengths"], frames, strict=True
    ):
        found = [
            float(np.exp(sum(scores[t, one] for t, one in enumerate(path))))
            for path in product(range(scores.shape[1]), repeat=int(length))
            if spelled(path, blank, collapse) == labels[:count].tolist()
        ]
        losses.append(-np.log(join(np.array(found))))
    return np.array(losses)


REDUCED: Mapping[str, Callable[[Array], Any]] = {
    "one per example": lambda e: e,
    "the sum over the batch": np.add.reduce,
    "the mean over the batch": lambda e: np.add.reduce(e) / 3,
    "the mean over the batch, each divided by its number of labels": lambda e: (e[0] / 3 + e[1] / 2 + e[2]) / 3,
    "the sum over the batch, divided by the number of all labels": lambda e: np.add.reduce(e) / 6,
}
READ: Mapping[str, Callable[[Array], Array]] = {
    "logits": lambda x: np.log(np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    "logarithms of probabilities": lambda x: x,
    "probabilities": np.log,
}


def alignment_losses() -> Iterator[tuple[str, str, Seen, Names]]:
    x, frames = alignments.INPUTS["scores"], {"plain": np.full(3, 6), "frames": alignments.INPUTS["frames"]}
    for (read, logarithms), (where, blank) in product(READ.items(), {"the first class": 0, "the last class": 4}.items()):
        each = {setting: path_losses(logarithms(x), blank, count) for setting, count in frames.items()}
        for reduced, reduction in REDUCED.items():
            seen = {f"{setting}/loss": np.asarray(reduction(one)) for setting, one in each.items()}
            yield "ctc", f"{read} {where} {reduced}", seen, {"computes": f"of {read}, the blank is {where}, {reduced}"}


def variants() -> Iterator[tuple[str, str, Seen, Names]]:
    yield from deconvolutions()
    yield from dilations()
    yield from attentions()
    yield from alignment_losses()


def foreign() -> Iterator[tuple[str, str, Seen, str]]:
    """Kind, description, results, and the facet that must have no name."""
    base = next(iter(deconvolutions()))[2]
    for name, setting, about, change in (
        ("a bias", "strided", "computes", lambda row: row + 1),
        ("one element too many", "strided", "computes", lambda row: np.append(row, 0.0)),
        ("half of it", "plain", "computes", lambda row: row / 2),
        ("two cut off the start", "padded", "`padding`", lambda row: row[1:]),
        (
            "what is kept is doubled",
            "padded and extended",
            "`output_padding`",
            lambda row: row * np.append(np.ones(len(row) - 1), 2),
        ),
        ("cut off both ends", "same", "`same`", lambda row: row[1:]),
        ("a wave", "dilated", "dilates", lambda row: row + np.sin(np.arange(len(row)))),
    ):
        seen = {key: change(row) if key.startswith(f"{setting}/") else row for key, row in base.items()}
        yield "transposed_convolution", name, seen, about
    row = convolutions.INPUTS["eight"]
    yield "convolution", "taps with a hole", {"dilated/eight": matrix(4, np.array([1.0, 0, 100])) @ row[:6]}, "dilates"
    yield (
        "convolution",
        "a spread row",
        {"dilated/eight": matrix(13, np.array([1.0, 10, 100])) @ np.kron(row, [1, 0])[:15]},
        "dilates",
    )
    yield from foreign_attentions()
    yield from foreign_alignments()


def foreign_attentions() -> Iterator[tuple[str, str, Seen, str]]:
    q, k, v = (attention.INPUTS[name] for name in ("query", "key", "value"))
    product_of, kept = SCORES["products divided by √features"], attention.INPUTS["kept"]
    plain = attend(q, k, v, product_of, lambda s, b, i: shares(s))
    for name, weigh in {
        "a temperature of 3": lambda s, b, i: shares(s / 3),
        "logistic weights": lambda s, b, i: 1 / (1 + np.exp(-s)),
        "weights that are squared": lambda s, b, i: shares(s) ** 2,
        "no exponential": lambda s, b, i: s / s.sum(),
    }.items():
        yield "attention", name, {"plain/out": attend(q, k, v, product_of, weigh)}, "scores are"
    for name, weigh in {
        "a weak mask": lambda s, b, i: shares(s - 3 * (1 - kept[b, i])),
        "a mask of the next key": lambda s, b, i: shares(np.where(np.roll(kept[b, i], 1) > 0, s, -1e9)),
        "weights of the others, not made to add up to 1, twice": lambda s, b, i: 2 * shares(s) * kept[b, i],
    }.items():
        seen = {"plain/out": plain, "boolean mask/out": attend(q, k, v, product_of, weigh)}
        yield "attention", name, seen, "a boolean mask"


def foreign_alignments() -> Iterator[tuple[str, str, Seen, str]]:
    logarithms, frames = READ["logits"](alignments.INPUTS["scores"]), np.full(3, 6)
    right = path_losses(logarithms, 0, frames)
    for name, losses in {
        "the best path alone": path_losses(logarithms, 0, frames, np.max),
        "the mean of the paths": path_losses(logarithms, 0, frames, np.mean),
        "repeats that are not collapsed": path_losses(logarithms, 0, frames, collapse=False),
        "a blank in the middle": path_losses(logarithms[..., [4, 1, 2, 3, 0]] * 1.5, 0, frames),
        "the probability": np.exp(-right),
        "in bits": right / np.log(2),
        "the mean over one too few": np.asarray(right.sum() / 2),
        "the median": np.asarray(np.median(right)),
    }.items():
        yield "ctc", name, {"plain/loss": np.asarray(losses)}, "computes"
