"""Owns the table of optimizers: a line per optimizer spec with the native optimizer, or a rule written here.

It refuses schedules. The learning rate of a group of parameters is a factor times the spec's rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mindspore
from mindspore import nn

from parity.execution.protocol import Array, Drive, Unsupported
from parity.mindspore_impl import rules

Hyperparameters = Mapping[str, float]
Groups = list[dict[str, Any]]
Update = Callable[[Sequence[Any]], Any]


NATIVE: Mapping[str, Callable[[Groups, Hyperparameters], Any]] = {
    "sgd": lambda groups, h: nn.SGD(groups, h["learning_rate"]),
    "sgd_l2": lambda groups, h: nn.SGD(groups, h["learning_rate"], weight_decay=h["penalty"]),
    "momentum": lambda groups, h: nn.Momentum(groups, h["learning_rate"], h["momentum"]),
    "nesterov": lambda groups, h: nn.SGD(groups, h["learning_rate"], h["momentum"], nesterov=True),
    "adadelta": lambda groups, h: nn.Adadelta(groups, h["learning_rate"], h["rho"], h["epsilon"]),
    "adam_epsilon_inside": lambda groups, h: nn.Adam(groups, h["learning_rate"], h["beta_1"], h["beta_2"], h["epsilon"]),
}
"""Rule -> MindSpore's own optimizer, where it follows the rule in float32."""


def build(name: str, h: Hyperparameters, updates: Sequence[tuple[Any, float]], dtype: Any) -> Update:
    """The optimizer as a function of the gradients, in the order of `updates`: pairs of a parameter and its factor.

    In float64 every rule is written here: MindSpore's optimizers refuse float64 or round their learning rate to float32.
    """
    if name in NATIVE and dtype == mindspore.float32:
        groups = [{"params": [parameter], "lr": h["learning_rate"] * factor} for parameter, factor in updates]
        native = NATIVE[name](groups, h)
        return lambda gradients: native(tuple(gradients))
    if name not in rules.TABLE:
        raise Unsupported(f"no native form of the optimizer {name}")
    return rules.TABLE[name](updates, h)


def drive(request: Drive) -> list[dict[str, Array]]:
    raise Unsupported("MindSpore's own optimizers are not driven yet")
