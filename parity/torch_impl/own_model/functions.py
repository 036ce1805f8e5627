"""Owns what a user's torch model does in `forward` outside of layers: functions that it calls, and random numbers.

Random draws are made to keep everything, so that all masks are equal. Each draw is recorded with its line of the user's code.
It refuses to look inside of modules of a known class, and to judge.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode, resolve_name

from parity.execution.own_model.functions import KEPT, CalledFunction, example_draws, users_line
from parity.execution.own_model.nesting import Slot, plain, taken_apart
from parity.execution.protocol import Array
from parity.torch_impl import device

DROPOUTS: Mapping[Any, str] = {
    F.dropout: "element",
    torch.dropout: "element",
    torch.dropout_: "element",
    F.dropout1d: "channels",
    F.dropout2d: "channels",
    F.dropout3d: "channels",
    torch.feature_dropout: "channels",
    F.alpha_dropout: "alpha",
    F.feature_alpha_dropout: "alpha, channels",
}
"""Function of torch -> the numbers that it drops together."""

UNIFORM = (torch.rand, torch.rand_like)
NORMAL = (torch.randn, torch.randn_like, torch.normal)
UNTOLD = ("__get__", "__set__", "size", "dim", "numel", "type", "to", "item", "detach", "is_floating_point", "contiguous")
"""Functions that are not recorded: they describe a tensor, or change none of its numbers."""
CASTS = ("to", "type")
"""Functions among `UNTOLD` that are recorded where they change the precision."""


class Functions(TorchFunctionMode):  # type: ignore[misc]
    """Records functions while a model runs, except inside of modules of a known class, whose functions are not the user's.

    scaled: whether dropout that keeps everything still divides by 1 - rate, as masks written by hand do.
    told: the list that takes the records, or None. given: number of a record -> outputs that replace its own.
    place: gives the number of calls begun, and whether a module of a known class is running.
    """

    def __init__(
        self,
        scaled: bool,
        calls: list[CalledFunction] | None,
        replaced: Mapping[int, Sequence[Array]],
        place: Callable[[], tuple[int, bool]],
    ) -> None:
        super().__init__()
        self.scaled, self.told, self.given, self.place = scaled, calls, replaced, place
        self.draws: list[dict[str, Any]] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        call, inside = self.place()
        name = _name(function)
        heard = (
            None
            if self.told is None or inside or (name in UNTOLD and name not in CASTS)
            else _taken(function, name, args, kwargs)
        )
        made = self._drawn(function, args, kwargs)
        output = function(*args, **kwargs) if made is None else made
        return output if heard is None else self._recorded(name, call, heard, output)

    def _drawn(self, function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """The replacement for the output of a function that draws random numbers; None for a function that draws none."""
        name = getattr(function, "__name__", "")
        if function in DROPOUTS:
            taken = _arguments(("input", "p", "training", "inplace"), args, {"p": 0.5, "training": True, **kwargs})
            if not taken["training"] or not taken["p"]:
                return taken["input"]
            self._tell("dropout", DROPOUTS[function], float(taken["p"]))
            return taken["input"] / (1 - taken["p"]) if self.scaled and taken["p"] < 1 else taken["input"].clone()
        if name == "scaled_dot_product_attention" and (len(args) > 4 or kwargs.get("dropout_p")):
            rate = args[4] if len(args) > 4 else kwargs["dropout_p"]
            if rate:
                self._tell("dropout", "element", float(rate))
            kwargs = {**kwargs, "dropout_p": 0.0} if len(args) <= 4 else kwargs
            return function(*args[:4], *((0.0,) if len(args) > 4 else ()), *args[5:], **kwargs)
        if function in UNIFORM or function in NORMAL or name in ("bernoulli", "bernoulli_", "uniform_", "normal_"):
            self._tell("draw", name.rstrip("_"), None)
            return _kept(function, name, args, kwargs)
        return None

    def _tell(self, what: str, form: str, rate: float | None) -> None:
        self.draws.append({"what": what, "form": form, "rate": rate, "where": users_line(PACKAGES)[0], "call": self.place()[0]})

    def _recorded(self, name: str, call: int, heard: tuple[dict[str, Any], list[Array]], output: Any) -> Any:
        tensors: list[Tensor] = []
        taken_apart(output, torch.is_tensor, tensors)
        if not tensors or self.told is None or (name in CASTS and device.array(tensors[0]).dtype == heard[1][0].dtype):
            return output
        number = len(self.told)
        if number in self.given:
            new = [
                torch.from_numpy(np.array(array)).to(old.dtype) for array, old in zip(self.given[number], tensors, strict=True)
            ]
            output = new[0] if torch.is_tensor(output) else type(output)(new)
            tensors = new
        where, code = users_line(PACKAGES)
        self.told.append(
            CalledFunction(name, heard[0], where, code, call, heard[1], [device.array(tensor) for tensor in tensors])
        )
        return output


def _taken(function: Any, name: str, args: Any, kwargs: Any) -> tuple[dict[str, Any], list[Array]]:
    """Settings and copies of the arrays, taken before the call, since a function may change its inputs."""
    tensors: list[Tensor] = []
    settings = _settings(function, name, args, kwargs, tensors)
    return settings, [device.array(tensor) for tensor in tensors]


PACKAGES = (str(Path(torch.__file__).parent),)


def reseeded() -> None:
    """Seeds all generators, so that remaining random numbers are the same in every pass."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


def _kept(function: Any, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Tensor:
    """Draws that keep everything: the middle for uniform numbers, the likelier truth value, normal numbers per example."""
    if name in ("bernoulli", "bernoulli_"):
        share = kwargs.get("p", args[1] if len(args) > 1 else args[0] if name == "bernoulli" else 0.5)
        share = args[0] if torch.is_tensor(args[0]) and name == "bernoulli" and "p" not in kwargs and len(args) == 1 else share
        kept = torch.as_tensor(share).to(args[0].dtype).expand_as(args[0]) >= 0.5
        return args[0].copy_(kept) if name == "bernoulli_" else kept.to(args[0].dtype)
    if name in ("uniform_", "normal_"):
        bounds = list(args[1:3])
        low = kwargs.get("from", kwargs.get("mean", bounds[0] if bounds else 0.0))
        high = kwargs.get("to", kwargs.get("std", bounds[1] if len(bounds) > 1 else 1.0))
        numbers = low + (high - low) * KEPT if name == "uniform_" else low + high * _examples(args[0])
        return args[0].copy_(numbers)
    blank = function(*args, **kwargs)
    if function in UNIFORM:
        return torch.full_like(blank, KEPT)
    if function is torch.normal:
        mean, deviation = (*args, *kwargs.values())[:2]
        return torch.as_tensor(mean + deviation * _examples(blank)).to(blank.dtype)
    return _examples(blank)


def _examples(like: Tensor) -> Tensor:
    numbers = example_draws(len(like) if like.ndim else 1)
    column = (
        torch.tensor(numbers, dtype=like.dtype).reshape(-1, *(1,) * (like.ndim - 1)) if like.ndim else torch.tensor(numbers[0])
    )
    return column.to(like.dtype).expand_as(like).clone()


def _arguments(names: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {**kwargs, **dict(zip(names, args, strict=False))}


def _name(function: Any) -> str:
    name = getattr(function, "__name__", "function")
    if name == "__get__":  # Tensor.T, Tensor.shape: the attribute's own name
        attribute = (resolve_name(function) or "").split(".")[-2:-1]
        return attribute[0] if attribute and attribute[0] in ("T", "mT", "H", "mH", "real", "imag") else "__get__"
    return name.strip("_") if name.startswith("__") else name


def _settings(function: Any, name: str, args: Any, kwargs: Any, tensors: list[Tensor]) -> dict[str, Any]:
    """Arguments by name, with defaults; a tensor is replaced by its index among the input tensors."""
    names, defaults = _parameters(function, name, args, kwargs)
    bound = {**defaults, **dict(zip([*names, *map(str, range(len(names), len(args)))], args, strict=False)), **kwargs}
    return {word: _told(taken_apart(value, torch.is_tensor, tensors)) for word, value in bound.items()}


def _parameters(function: Any, name: str, args: Any, kwargs: Any) -> tuple[list[str], dict[str, Any]]:
    try:
        parameters = inspect.signature(function).parameters.values()
        named = [
            parameter.name
            for parameter in parameters
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
        return named, {
            parameter.name: parameter.default for parameter in parameters if parameter.default is not parameter.empty
        }
    except (TypeError, ValueError):
        return next(_schemas(name, args, kwargs), ([], {}))


def _schemas(name: str, args: Any, kwargs: Any) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Argument names and defaults of each matching overload of the operator of this name, as torch declares them."""
    packet = getattr(torch.ops.aten, name, None)
    for overload in packet.overloads() if packet is not None else ():
        declared = getattr(packet, overload)._schema.arguments
        flags = (value for item, value in zip(declared, args, strict=False) if str(item.type) == "bool")
        fits = len(declared) >= len(args) and all(isinstance(value, bool) for value in flags)
        if fits and kwargs.keys() <= {item.name for item in declared} and not any(item.is_out for item in declared):
            yield (
                [item.name for item in declared],
                {item.name: item.default_value for item in declared if item.has_default_value()},
            )


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(word): _told(item) for word, item in value.items()}
    if isinstance(value, list | tuple):
        return [_told(item) for item in value]
    if isinstance(value, slice):
        return f"{'' if value.start is None else value.start}:{'' if value.stop is None else value.stop}" + (
            f":{value.step}" if value.step is not None else ""
        )
    if isinstance(value, Slot):
        return f"in{value.place}"
    return "…" if value is Ellipsis else plain(value)
