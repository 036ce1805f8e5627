"""Optimizers as users write them, each with the name that a fingerprint must give it, or none: what each framework's template
(users_optimizers.py) is filled with.

It refuses to import a framework, and shares nothing with the library of closed forms. x: sqrt, abs, maximum, minimum, sign, sum
and norm of the framework; h: the arguments, and lr0, the first learning rate; s: states by name; t: from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Body = Callable[[Any, Any, Any, dict[str, Any], int, Any, Mapping[str, Any]], Any]
"""(x, w, g, s, t, learning rate, h) -> the new weight."""
NONE = "no match"


@dataclass(frozen=True)
class Written:
    """name: what it is. arguments: with their defaults. states: their names, one letter each. starts: other than 0, a number or
    an argument."""

    name: str
    arguments: Mapping[str, Any]
    states: str
    body: Body
    starts: Mapping[str, float | str] = field(default_factory=dict)


def _moments(s: dict[str, Any], g: Any, h: Mapping[str, Any]) -> tuple[Any, Any]:
    s["m"] = h["beta1"] * s["m"] + (1 - h["beta1"]) * g
    s["v"] = h["beta2"] * s["v"] + (1 - h["beta2"]) * g * g
    return s["m"], s["v"]


def adam(first: bool = True, second: bool = True, epsilon: str = "outside", largest: str = "", late: int = 0) -> Body:
    """epsilon: outside, before, root or root before. largest: of moments as they are, or corrected. late: t starts there."""

    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        m, v = _moments(s, g, h)
        one, two = 1 - h["beta1"] ** (t + late), 1 - h["beta2"] ** (t + late) if second else 1.0
        if largest:
            v = s["u"] = x.maximum(s["u"], v / two if largest == "corrected" else v)
        v = v if largest == "corrected" else v if epsilon == "before" else v / two
        below = {
            "outside": lambda: x.sqrt(v) + h["eps"],
            "before": lambda: (x.sqrt(v) + h["eps"]) / two**0.5,
            "root": lambda: x.sqrt(v + h["eps"]),
            "root before": lambda: x.sqrt(v + h["eps"] / two),
            "twice": lambda: x.sqrt(v + h["eps"]) + h["eps"],
            "squared": lambda: x.sqrt(v + h["eps"] ** 2),
            "no root": lambda: v + h["eps"],
        }[epsilon]()
        return w - lr * (m / one if first else m) / below

    return body


def decayed(body: Body, how: str, argument: str = "weight_decay") -> Body:
    def wrapped(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        d = h[argument]
        if how == "matrices":
            return body(x, w * (1 - lr * d) if len(w.shape) > 1 else w, g, s, t, lr, h)
        if how in ("coupled", "half", "both"):
            g = g + d * w * (0.5 if how == "half" else 1)
        start = w * (1 - lr * d) if how in ("decoupled", "both") else w * (1 + lr * d) if how == "grown" else w
        new = body(x, start, g, s, t, lr, h)
        after = {"after": lambda: lr * d * new, "unscaled": lambda: d * w, "share": lambda: lr / h["lr0"] * d * w}
        after |= {"first": lambda: h["lr0"] * d * w, "sign": lambda: lr * d * x.sign(w)}
        return new - after[how]() if how in after else new

    return wrapped


def nadam(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
    m, v = _moments(s, g, h)
    mu, following = (h["beta1"] * (1 - 0.5 * 0.96 ** (k * h["schedule_decay"])) for k in (t, t + 1))
    s["p"] = s["p"] * mu
    ahead = following * m / (1 - s["p"] * following) + (1 - mu) * g / (1 - s["p"])
    return w - lr * ahead / (x.sqrt(v / (1 - h["beta2"] ** t)) + h["eps"])


def simple_nadam(next_step: int) -> Body:
    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        m, v = _moments(s, g, h)
        b = h["beta1"]
        ahead = b * m / (1 - b ** (t + next_step)) + (1 - b) * g / (1 - b**t)
        return w - lr * ahead / (x.sqrt(v / (1 - h["beta2"] ** t)) + h["eps"])

    return body


def rmsprop(rho: str = "rho", root: bool = False, centered: bool = False, momentum: str = "", wrong: str = "") -> Body:
    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        r = 1 - h[rho] if wrong == "swapped" else h[rho]
        s["s"] = x.maximum(r * s["s"], g * g) if wrong == "greatest" else r * s["s"] + (1 - r) * g * g
        below = s["s"] / (1 - r**t) if wrong == "corrected" else s["s"]
        if centered:
            s["a"] = r * s["a"] + (1 - r) * g
            below = below - s["a"] * s["a"]
        step = g / (x.sqrt(below + h["eps"]) if root else x.sqrt(below) + h["eps"])
        if not momentum:
            return w - lr * step
        s["b"] = h["momentum"] * s["b"] + (lr * step if momentum == "inside" else step)
        return w - (s["b"] if momentum == "inside" else lr * s["b"])

    return body


def momentum(
    share: str = "sum",
    inside: bool = False,
    nesterov: bool = False,
    sign: bool = False,
    name: str = "momentum",
    wrong: str = "",
) -> Body:
    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        mu, old = h[name], s["v"]
        rest = {"sum": 1.0, "mean": 1 - mu, "unbiased": 1 - mu}.get(share, 1 - h.get("dampening", 0.0))
        rest = 1.0 if share == "undampened" and t == 1 else rest
        s["v"] = mu * old + (lr if inside else 1.0) * rest * g
        if wrong == "reset" and t == 5:
            s["v"] = 0 * old
        moved = old if wrong == "old" else s["v"]
        moved = moved / (1 - mu**t) if share == "unbiased" else moved
        moved = mu * moved + (lr if inside else 1.0) * g if nesterov else moved
        moved = x.sign(moved) if sign else moved
        return w - (moved if inside else lr * moved)

    return body


def adagrad(root: bool = False, wrong: str = "") -> Body:
    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        s["s"] = s["s"] + g * g
        rate = lr / (1 + (t - 1) * h.get("lr_decay", 0.0))
        of = s["s"] / t if wrong == "mean" else s["s"]
        if wrong == "cube":
            return w - rate * g / (of + h["eps"]) ** (1 / 3)
        return w - rate * g / (x.sqrt(of + h["eps"]) if root else x.sqrt(of) + h["eps"])

    return body


def adadelta(root: bool = True, rated: bool = True) -> Body:
    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        def size(a: Any) -> Any:
            return x.sqrt(a + h["eps"]) if root else x.sqrt(a) + h["eps"]

        s["s"] = h["rho"] * s["s"] + (1 - h["rho"]) * g * g
        step = size(s["d"]) / size(s["s"]) * g
        s["d"] = h["rho"] * s["d"] + (1 - h["rho"]) * step * step
        return w - (lr if rated else 1.0) * step

    return body


def adamax(epsilon: str = "") -> Body:
    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        s["m"] = h["beta1"] * s["m"] + (1 - h["beta1"]) * g
        s["u"] = x.maximum(h["beta2"] * s["u"], x.abs(g) + (h["eps"] if epsilon == "gradient" else 0.0))
        return w - lr / (1 - h["beta1"] ** t) * s["m"] / (s["u"] + (h["eps"] if epsilon == "norm" else 0.0))

    return body


def lion(wrong: bool = False) -> Body:
    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        old = s["m"]
        s["m"] = h["beta2"] * old + (1 - h["beta2"]) * g
        return w - lr * x.sign(h["beta1"] * (s["m"] if wrong else old) + (1 - h["beta1"]) * g)

    return body


def ftrl(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
    s["z"] = s["z"] + g - (x.sqrt(s["n"] + g * g) - x.sqrt(s["n"])) / lr * w
    s["n"] = s["n"] + g * g
    return -x.sign(s["z"]) * x.maximum(x.abs(s["z"]) - h["l1"], 0 * w) / ((h["beta"] + x.sqrt(s["n"])) / lr + h["l2"])


def lamb(corrected: bool = True, clipped: str = "") -> Body:
    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        m, v = _moments(s, g, h)
        one, two = (1 - h["beta1"] ** t, 1 - h["beta2"] ** t) if corrected else (1, 1)
        r = m / one / (x.sqrt(v / two) + h["eps"]) + h["weight_decay"] * w
        norm = min(x.norm(w), 10.0) if clipped == "norm" else x.norm(w)
        ratio = min(norm / x.norm(r), {"ratio": 1.0, "five": 5.0}.get(clipped, float("inf")))
        return w - lr * ratio * r

    return body


def lars(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
    local = h["trust_coefficient"] * x.norm(w) / (x.norm(g) + h["weight_decay"] * x.norm(w))
    s["v"] = h["momentum"] * s["v"] + local * lr * (g + h["weight_decay"] * w)
    return w - s["v"]


def radam(threshold: float = 5, corrected: bool = False) -> Body:
    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        m, v = _moments(s, g, h)
        longest, two = 2 / (1 - h["beta2"]) - 1, 1 - h["beta2"] ** t
        length = longest - 2 * t * h["beta2"] ** t / two
        mean = m / (1 - h["beta1"] ** t)
        if length <= threshold:
            return w - lr * mean
        r = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
        return w - lr * r * mean / (x.sqrt(v / two) + h["eps"] if corrected else (x.sqrt(v) + h["eps"]) / two**0.5)

    return body


def second(how: str) -> Body:
    """Adam with another second moment: belief, belief with epsilon added, yogi, absolute values, the one before."""

    def body(x: Any, w: Any, g: Any, s: dict[str, Any], t: int, lr: Any, h: Mapping[str, Any]) -> Any:
        s["m"] = h["beta1"] * s["m"] + (1 - h["beta1"]) * g
        old, share = s["v"], 1 - h["beta2"]
        if how == "yogi":
            s["v"] = old - share * x.sign(old - g * g) * g * g
        else:
            square = {"absolute": x.abs(g), "before": g * g}.get(how, (g - s["m"]) * (g - s["m"]))
            s["v"] = h["beta2"] * old + share * square + (h["eps"] if how == "belief added" else 0.0)
        below = x.sqrt((old if how == "before" else s["v"]) / (1 - h["beta2"] ** t)) + h["eps"]
        return w - lr * s["m"] / (1 - h["beta1"] ** t) / below

    return body


def descent(change: Callable[[Any, Any, Mapping[str, Any]], Any] = lambda x, g, h: g) -> Body:
    return lambda x, w, g, s, t, lr, h: w - lr * change(x, g, h)
