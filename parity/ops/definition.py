"""Owns the parts of an op's file: the types of its signature, and the run that its reference functions compute in.

It refuses to know any op.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import Parameter, signature
from math import prod
from types import ModuleType
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

# Types of a signature's inputs: positional-or-keyword, each receives a shape without batch.
Floats = Annotated[Shape, "float"]
Integers = Annotated[Shape, "integer"]

# Types of its attributes: keyword-only, written out in full in the node.
Count = Annotated[int, "count"]  # a whole number of at least 1
Whole = Annotated[int, "whole"]  # any whole number
Real = Annotated[float, "real"]
Rate = Annotated[float, "rate"]  # 0 <= rate < 1
Flag = Annotated[bool, "flag"]
Word = Annotated[str, "word"]  # one of the words in the op's WORDS[attribute]; the first is the default
Axis = Annotated[int, "axis"]  # word or number in YAML; a number not counting the batch in the node
Pair = Annotated[tuple[int, int], "pair"]  # 3 or [3, 5] -> [3, 5]
Padding = Annotated[tuple[tuple[int, int], tuple[int, int]], "padding"]  # 1, [1, 2], [[0, 1], [0, 1]] -> the last form
Triple = Annotated[tuple[int, int, int], "triple"]  # 3 or [3, 5, 3] -> [3, 5, 3]
Ends = Annotated[tuple[int, int], "ends"]  # padding of a sequence: 1 or [1, 2] (before, after) -> the last form
Borders = Annotated[tuple[tuple[int, int], tuple[int, int], tuple[int, int]], "borders"]  # padding of a volume
Sizes = Annotated[tuple[int, ...], "sizes"]
Text = Annotated[str, "text"]


class ShapeError(Exception):
    """An op cannot take these shapes or attributes. The message begins in mid-sentence, after the op's name."""


@dataclass(frozen=True)
class ParameterRule:
    """A trainable parameter that a signature declares. Fans default to 1, for parameters on which an
    initializer that reads fans makes no sense."""

    role: str
    shape: Shape
    kind: str = ""  # kernel, bias, scale, shift, table, value, recurrent_kernel, recurrent_bias; default: the role
    fan_in: int = 1
    fan_out: int = 1


@dataclass(frozen=True)
class StatisticRule:
    """An array that a signature declares and that training moves without a gradient."""

    role: str
    shape: Shape
    initial: float


Rules = Generator[ParameterRule | StatisticRule, None, Shape | dict[str, Shape]]
"""The result of a signature: a generator that yields rules and returns the output's shape, or suffix -> shape."""


@dataclass(frozen=True)
class Example:
    """Shapes (without batch) and attributes for which every attribute of the op makes a visible difference.

    below: role of an integer input -> its upper bound, excluded. limits: role -> (low, high), both included: the range in which
    an input makes a difference (lengths; values on both sides of a bend). An integer input has one of the two.
    """

    shapes: Mapping[str, Shape | tuple[Shape, ...]]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    below: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True)
class Op:
    """The constants and flags in an op's file, with defaults for those that the file leaves out."""

    module: ModuleType

    def _constant(self, name: str, default: Any) -> Any:
        return vars(self.module).get(name, default)

    @property
    def kind(self) -> str:
        """KIND: activations, losses, or layers (all other ops)."""
        return str(self._constant("KIND", "layers"))

    @property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        """WORDS: attribute -> the words that it may be. The first word is the default."""
        words: Mapping[str, tuple[str, ...]] = self._constant("WORDS", {})
        return words

    @property
    def batched(self) -> bool:
        """BATCHED: False if the output never has a batch axis (a loss, a parameter)."""
        return bool(self._constant("BATCHED", True))

    @property
    def analytic(self) -> bool:
        """ANALYTIC: whether the code of forward and vjp is complex differentiable between kinks, so that the complex step gives
        second derivatives. Code with an absolute value is not (softplus has exp(-|x|)), and erf refuses complex numbers."""
        return bool(self._constant("ANALYTIC", False))

    @property
    def steps(self) -> str:
        """STEPS: which steps of a sequence step t of the output reads. alone: t alone. along: t alone, unless the op works
        along the axis of time. earlier: 0 … t of its input x. causal: 0 … t if its attribute says so. empty: any steps."""
        return str(self._constant("STEPS", ""))

    @property
    def extremes(self) -> tuple[Example, ...]:
        """EXTREMES: examples that only frameworks must pass, such as logits of ±1e4."""
        return tuple(self._constant("EXTREMES", ()))

    @property
    def grid(self) -> Any:
        """GRID: values of several attributes, of which each pair occurs together in some example (`_grids.Grid`), or None."""
        return self._constant("GRID", None)

    @property
    def masks(self) -> Callable[..., Mapping[str, Shape]] | None:
        """masks: the shapes of the dropout masks that a node reads, or None."""
        masks: Callable[..., Mapping[str, Shape]] | None = self._constant("masks", None)
        return masks

    @property
    def kinked(self) -> bool:
        """Whether the op has `kinks` (the distance from its kink) and `taken` (the branch that each element took)."""
        return "kinks" in vars(self.module)


LONG = 1024
"""The number of terms from which a matrix product's order of summation shows: BLAS's blocks are a few hundred long."""


class Run:
    """How one walk of the reference computes: precision, training or not, and the order of every sum.

    With `order` None, sums run in NumPy's order. With a RandomState, the terms of each reduction are permuted first and
    added one by one, so that the same code shows how far the result of another, equally right order of summation lies
    away (a shadow). With `running`, terms are added one by one even without an order, as frameworks do it; neighbouring
    terms, which resemble each other, then stay together. A matrix product of more than LONG terms is added one by one
    too. BLAS adds it in blocks of some hundred, but a framework's kernel gradient of a convolution may run over all
    pixels of a batch, and lose several times as much.
    """

    def __init__(
        self, dtype: str = "float64", training: bool = True, order: np.random.RandomState | None = None, running: bool = False
    ) -> None:
        self.dtype = np.dtype(dtype)
        self.training = training
        self._order = order
        self._running = running or order is not None
        self._products = running

    def sum(self, x: Array, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Array:
        """Sum over axes; result in the dtype of x."""
        axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
        if self._running:
            return self._one_by_one(x, tuple(axis % x.ndim for axis in axes), keepdims)
        return np.asarray(np.sum(x, axis=axes, keepdims=keepdims, dtype=x.dtype), dtype=x.dtype)

    def _one_by_one(self, x: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
        """Adds term after term, in a permuted order if there is one. Frameworks use such running
        sums, and NumPy's pairwise sums lose less."""
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        count = prod(x.shape[axis] for axis in axes)
        terms = np.transpose(x, (*axes, *kept)).reshape(count, *(x.shape[axis] for axis in kept))
        terms = terms[self.permutation(count)]
        total = np.add.accumulate(terms, axis=0)[-1] if count else np.zeros(terms.shape[1:], x.dtype)
        return total.reshape([1 if axis in axes else x.shape[axis] for axis in range(x.ndim)]) if keepdims else total

    def mean(self, x: Array, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Array:
        total = self.sum(x, axis, keepdims)
        return np.asarray(total / x.dtype.type(x.size / max(total.size, 1)), dtype=x.dtype)

    def matmul(self, a: Array, b: Array) -> Array:
        """The matrix product: (…, n, k) times (…, k, m) gives (…, n, m)."""
        if self._order is not None:
            if a.shape[-1] != b.shape[-2]:  # np.take would silently drop surplus terms
                raise ValueError(f"matmul of {a.shape} and {b.shape}")
            places = self._order.permutation(a.shape[-1])
            a, b = np.take(a, places, axis=-1), np.take(b, places, axis=-2)
        if self._products and a.shape[-1] > LONG:
            return _added_up(a, b)
        return np.asarray(np.matmul(a, b))

    def permutation(self, count: int) -> Array:
        """The order in which `count` terms for one place are added (a gradient scattered back from windows)."""
        return np.arange(count) if self._order is None else self._order.permutation(count)

    def nearby(self, x: Array) -> Array:
        """In a walk with an order, a neighbour of each number, up or down; otherwise `x` itself. It imitates another library's
        function, in places where later operations amplify its rounding."""
        return x if self._order is None else neighbours(x, self._order)

    def number(self, value: float) -> Any:
        """A scalar in this run's precision, so that no float64 gets into a float32 walk."""
        return self.dtype.type(value)


def neighbours(x: Array, numbers: np.random.RandomState) -> Array:
    """Every float moved to a neighbour in its own precision, up or down by chance."""
    direction = np.where(numbers.uniform(size=x.shape) < 0.5, -np.inf, np.inf).astype(x.dtype)
    return np.asarray(np.nextafter(x, direction))


def _added_up(a: Array, b: Array) -> Array:
    """The matrix product, added term by term into each element."""
    total = a[..., :, 0, None] * b[..., 0, None, :]
    product = np.empty_like(total)
    for place in range(1, a.shape[-1]):
        np.multiply(a[..., :, place, None], b[..., place, None, :], out=product)
        total += product
    return np.asarray(total)


@lru_cache(maxsize=256)
def _array_names(forward: Callable[..., Any]) -> frozenset[str]:
    kinds = signature(forward).parameters.values()
    return frozenset(parameter.name for parameter in kinds if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD)


def evaluate(
    op: ModuleType, run: Run, arrays: Mapping[str, Any], attributes: Mapping[str, Any], branch: Any = None
) -> tuple[Any, Any]:
    """Calls the op's `forward` on arrays by role (a join's `branches` is a tuple). Returns
    the outputs and the data that `vjp` needs.

    The first axis of every input array is the batch; a value without a batch must be stretched over it. An attribute with the
    name of an array gets an underscore after its name: batch_norm has a statistic and an attribute called `running_variance`,
    conv2d a parameter and a size called `kernel`.
    """
    taken = _array_names(op.forward)
    arguments = {f"{name}_" if name in taken else name: value for name, value in attributes.items()}
    arguments |= {role: array for role, array in arrays.items() if role != "branches"}
    if branch is not None:
        arguments["branch"] = branch
    outputs, saved = op.forward(run, *arrays.get("branches", ()), **arguments)
    return outputs, saved


def unbroadcast(run: Run, gradient: Array, shape: Shape) -> Array:
    """Sums a gradient over the axes along which a value of `shape` was broadcast."""
    extra = gradient.ndim - len(shape)
    if extra:
        gradient = run.sum(gradient, tuple(range(extra)))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis] != 1)
    return run.sum(gradient, stretched, keepdims=True) if stretched else gradient
