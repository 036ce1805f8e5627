"""The table of what users write (users_rules.py): named ones, and foreign ones that have no name.

It refuses to define a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from users_rules import (
    NONE,
    Body,
    Written,
    adadelta,
    adagrad,
    adam,
    adamax,
    decayed,
    descent,
    ftrl,
    lamb,
    lars,
    lion,
    momentum,
    nadam,
    radam,
    rmsprop,
    second,
    simple_nadam,
)

A: Mapping[str, Any] = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
W: Mapping[str, Any] = {**A, "weight_decay": 0.01}
B: Mapping[str, Any] = {"beta1": 0.9, "beta2": 0.99}
R: Mapping[str, Any] = {"rho": 0.9, "eps": 1e-8}
M: Mapping[str, Any] = {"momentum": 0.9}
MW: Mapping[str, Any] = {**M, "weight_decay": 0.1}
IN_ROOT = "adam, epsilon inside the root"
UNCORRECTED = "adam, second moment not corrected"
INSIDE = ", learning rate inside the velocity"
DECOUPLED = ", weight decay decoupled"


def clip(x: Any, g: Any, size: float) -> Any:
    return x.minimum(x.maximum(g, 0 * g - size), 0 * g + size)


NAMED = [
    Written("adam", A, "mv", adam()),
    Written("adam_epsilon_inside", A, "mv", adam(epsilon="before")),
    Written("adam_epsilon_in_root", A, "mv", adam(epsilon="root")),
    Written(f"{IN_ROOT}, before the bias correction", A, "mv", adam(epsilon="root before")),
    Written("adam, first moment not corrected", A, "mv", adam(first=False)),
    Written(UNCORRECTED, A, "mv", adam(second=False)),
    Written(f"{UNCORRECTED}, first moment not corrected", A, "mv", adam(first=False, second=False)),
    Written(f"{UNCORRECTED}, epsilon inside the root", A, "mv", adam(second=False, epsilon="root")),
    Written("adam_epsilon_inside, first moment not corrected", A, "mv", adam(first=False, epsilon="before")),
    Written("amsgrad", A, "mvu", adam(largest="plain")),
    Written("amsgrad, of corrected moments", A, "mvu", adam(largest="corrected")),
    Written("amsgrad, epsilon before the bias correction", A, "mvu", adam(largest="plain", epsilon="before")),
    Written("amsgrad, epsilon inside the root, after the bias correction", A, "mvu", adam(largest="plain", epsilon="root")),
    Written("amsgrad, second moment not corrected, first moment not corrected", A, "mvu", adam(False, False, largest="plain")),
    Written("adam, weight decay coupled", W, "mv", decayed(adam(), "coupled")),
    Written("adamw", W, "mv", decayed(adam(), "decoupled")),
    Written("adamw", {**A, "wd": 0.01}, "mv", decayed(adam(), "decoupled", "wd")),
    Written("adam_epsilon_inside" + DECOUPLED, W, "mv", decayed(adam(epsilon="before"), "decoupled")),
    Written(f"adam{DECOUPLED}, not scaled by the learning rate", W, "mv", decayed(adam(), "unscaled")),
    Written(f"adam{DECOUPLED}, after the step", W, "mv", decayed(adam(), "after")),
    Written(f"adam{DECOUPLED}, scaled by the learning rate's share of its first", W, "mv", decayed(adam(), "share")),
    Written(f"{UNCORRECTED}, first moment not corrected{DECOUPLED}", W, "mv", decayed(adam(False, False), "decoupled")),
    Written("amsgrad, weight decay coupled", W, "mvu", decayed(adam(largest="plain"), "coupled")),
    Written("nadam", {**A, "schedule_decay": 0.004}, "mvp", nadam, {"p": 1.0}),
    Written("nadam, momentum constant", A, "mv", simple_nadam(1)),
    Written("nadam, momentum constant, both parts corrected for this step", A, "mv", simple_nadam(0)),
    Written("rmsprop", R, "s", rmsprop()),
    Written("rmsprop", {"alpha": 0.99, "eps": 1e-8}, "s", rmsprop("alpha")),
    Written("rmsprop", {"decay_rate": 0.99, "epsilon": 1e-8}, "s", lambda *a: rmsprop("decay_rate")(*a[:6], _eps(a[6]))),
    Written("rmsprop", {"beta": 0.9, "eps": 1e-8}, "s", rmsprop("beta")),
    Written("rmsprop", {"gamma": 0.9, "eps": 1e-8}, "s", rmsprop("gamma")),
    Written("rmsprop_epsilon_inside", R, "s", rmsprop(root=True)),
    Written("rmsprop_centered", R, "sa", rmsprop(root=True, centered=True)),
    Written("rmsprop_centered, epsilon outside the root", R, "sa", rmsprop(centered=True)),
    Written("rmsprop_momentum", {**R, **M}, "sb", rmsprop(momentum="outside")),
    Written("rmsprop_momentum" + INSIDE, {**R, **M}, "sb", rmsprop(momentum="inside")),
    Written(f"rmsprop_epsilon_inside, momentum{INSIDE}", {**R, **M}, "sb", rmsprop(root=True, momentum="inside")),
    Written(
        f"rmsprop_epsilon_inside, momentum{INSIDE}, mean square from 1",
        {**R, **M},
        "sb",
        rmsprop(root=True, momentum="inside"),
        {"s": 1.0},
    ),
    Written(
        f"rmsprop_centered, momentum{INSIDE}, weight decay coupled",
        {**R, **MW},
        "sab",
        decayed(rmsprop(root=True, centered=True, momentum="inside"), "coupled"),
    ),
    Written("rmsprop, weight decay coupled", {**R, "weight_decay": 0.1}, "s", decayed(rmsprop(), "coupled")),
    Written("sgd", {}, "", descent()),
    Written("sgd_l2", {"weight_decay": 0.1}, "", decayed(descent(), "coupled")),
    Written("sgd_clip_value", {"clip_value": 1.0}, "", descent(lambda x, g, h: clip(x, g, h["clip_value"]))),
    Written("sgd_clip_norm", {"clip_norm": 1.0}, "", descent(lambda x, g, h: g * min(1.0, h["clip_norm"] / x.norm(g)))),
    Written("momentum", M, "v", momentum()),
    Written("momentum", {"mu": 0.9}, "v", momentum(name="mu")),
    Written("momentum", {"beta": 0.9}, "v", momentum(name="beta")),
    Written("momentum" + INSIDE, M, "v", momentum(inside=True)),
    Written("momentum, a mean of gradients", M, "v", momentum("mean")),
    Written("unbiased_momentum", M, "v", momentum("unbiased")),
    Written("dampened_momentum", {**M, "dampening": 0.1}, "v", momentum("dampened")),
    Written("dampened_momentum, the first gradient undampened", {**M, "dampening": 0.1}, "v", momentum("undampened")),
    Written("nesterov", M, "v", momentum(nesterov=True)),
    Written("nesterov" + INSIDE, M, "v", momentum(nesterov=True, inside=True)),
    Written(f"nesterov{INSIDE}, weight decay coupled", MW, "v", decayed(momentum(nesterov=True, inside=True), "coupled")),
    Written("momentum" + DECOUPLED, MW, "v", decayed(momentum(), "decoupled")),
    Written("momentum, weight decay coupled", MW, "v", decayed(momentum(), "coupled")),
    Written("sign of momentum, a mean of gradients", M, "v", momentum("mean", sign=True)),
    Written("sign of momentum, a mean of gradients", M, "v", momentum(sign=True)),
    Written("sign of the gradient", {}, "", descent(lambda x, g, h: x.sign(g))),
    Written("adagrad", {"eps": 1e-8}, "s", adagrad()),
    Written("adagrad_epsilon_inside", {"eps": 1e-8}, "s", adagrad(root=True)),
    Written(
        "adagrad, accumulator from its argument",
        {"eps": 1e-8, "initial_accumulator_value": 0.1},
        "s",
        adagrad(),
        {"s": "initial_accumulator_value"},
    ),
    Written("adagrad, learning rate decaying", {"eps": 1e-8, "lr_decay": 0.1}, "s", adagrad()),
    Written("adadelta", R, "sd", adadelta()),
    Written("adadelta_epsilon_outside", R, "sd", adadelta(root=False)),
    Written("adadelta, learning rate ignored", R, "sd", adadelta(rated=False)),
    Written("adamax", B, "mu", adamax()),
    Written("adamax, epsilon added to the norm", A, "mu", adamax("norm")),
    Written("adamax, epsilon added to each gradient", A, "mu", adamax("gradient")),
    Written("lion without weight decay", B, "m", lion()),
    Written("lion", {**B, "weight_decay": 0.1}, "m", decayed(lion(), "decoupled")),
    Written("ftrl", {"beta": 1.0, "l1": 0.1, "l2": 0.1}, "zn", ftrl),
    Written("lamb", W, "mv", lamb()),
    Written("lamb, moments not corrected", W, "mv", lamb(corrected=False)),
    Written("lamb, moments not corrected, norm of the weights at most 10", W, "mv", lamb(False, "norm")),
    Written("lamb, trust ratio at most 1", W, "mv", lamb(clipped="ratio")),
    Written("lars", {**MW, "trust_coefficient": 0.001}, "v", lars),
    Written("radam", A, "mv", radam()),
    Written("radam, rectified above 4", A, "mv", radam(4)),
    Written("radam, epsilon after the bias correction", A, "mv", radam(corrected=True)),
    Written("adabelief", A, "mv", second("belief added")),
    Written("adabelief, epsilon only below", A, "mv", second("belief")),
    Written("yogi, moments corrected", A, "mv", second("yogi")),
    Written("sgd, learning rate held at its first value", {}, "", lambda x, w, g, s, t, lr, h: w - h["lr0"] * g),
    Written("adam, learning rate held at its first value", A, "mv", lambda *a: adam()(*a[:5], a[6]["lr0"], a[6])),
]


def _eps(h: Mapping[str, Any]) -> dict[str, Any]:
    return {**h, "eps": h["epsilon"]}


def _weights_cut(size: float) -> Body:
    return lambda x, w, g, s, t, lr, h: clip(x, w - lr * g, size)


def _emptied(every: int) -> Body:
    """A velocity that is forgotten now and then."""

    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        if t % every == 0:
            s["v"] = 0 * s["v"]
        return momentum()(x, w, g, s, t, lr, h)

    return body


def _direction_cut(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
    """Adam's direction between -1 and 1."""
    return w - lr * clip(x, adam()(x, 0 * w, -g, s, t, 1.0, h), 1.0)


FOREIGN = [
    Written(NONE, M, "v", lambda *a: a[1] + 1.00005 * (momentum()(*a) - a[1])),
    Written(NONE, A, "mv", adam(late=1)),
    Written(NONE, A, "mv", lambda *a: adam()(*a[:4], max(a[4] - 1, 1), *a[5:])),
    Written(NONE, A, "mv", lambda *a: adam()(*a[:6], {**a[6], "beta1": a[6]["beta2"], "beta2": a[6]["beta1"]})),
    Written(NONE, A, "mv", lambda *a: adam()(*a[:5], a[5] * min(1, a[4] / 100), a[6])),
    Written(NONE, A, "mv", adam(epsilon="twice")),
    Written(NONE, A, "mv", adam(epsilon="squared")),
    Written(NONE, A, "mv", adam(epsilon="no root")),
    Written(NONE, A, "mv", second("absolute")),
    Written(NONE, A, "mv", second("before")),
    Written(NONE, A, "mv", radam(6)),
    *(Written(NONE, W, "mv", decayed(adam(), how)) for how in ("half", "both", "grown", "sign", "first", "matrices")),
    Written(NONE, W, "mv", lamb(clipped="five")),
    Written(NONE, M, "v", momentum(wrong="old")),
    Written(NONE, M, "v", momentum(wrong="reset")),
    Written(NONE, R, "s", rmsprop(wrong="corrected")),
    Written(NONE, R, "s", rmsprop(wrong="greatest")),
    Written(NONE, R, "s", rmsprop(wrong="swapped")),
    Written(NONE, {"eps": 1e-8}, "s", adagrad(wrong="mean")),
    Written(NONE, {"eps": 1e-8}, "s", adagrad(wrong="cube")),
    Written(NONE, B, "m", lion(wrong=True)),
    Written(NONE, {}, "", descent(lambda x, g, h: g / x.sum(x.abs(g)))),
    Written(NONE, {}, "", descent(lambda x, g, h: 0.99999 * g)),
    Written(NONE, {}, "", descent(lambda x, g, h: -g)),
    *(Written(NONE, {}, "", descent(lambda x, g, h, size=size: clip(x, g, size))) for size in (1.0, 10.0, 100.0)),
    Written(NONE, {}, "", _weights_cut(2.0)),
    Written(NONE, {}, "", _weights_cut(5.0)),
]
DEPARTING = [
    *(Written(NONE, M, "v", _emptied(every)) for every in (10, 20, 50)),
    Written(NONE, A, "mv", _direction_cut),
    *(Written(NONE, M, "v", lambda *a, size=size: momentum()(*a[:2], clip(a[0], a[2], size), *a[3:])) for size in (1e4, 1e6)),
    Written(NONE, A, "mv", lambda *a: adam()(*a[:4], min(a[4], 100), *a[5:])),
    Written(NONE, A, "mv", lambda *a: adam()(*a[:2], a[2] * (1 + (len(a[2].shape) == 4)), *a[3:])),
]
"""What does in the first run of a fingerprint as a rule with a name does."""
TABLE: Mapping[str, Written] = {f"Rule{place}": one for place, one in enumerate([*NAMED, *FOREIGN, *DEPARTING])}
