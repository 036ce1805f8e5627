"""Owns the library of closed forms that fingerprints search: the rules of the specs, and variants made from them.

It refuses to compare anything. Variables are the variables of specs, and `weights`, the number of weights; `place`, the number
of this weight, from 1; and `first_rate`, the learning rate that the object was made with. A form names every hyper-parameter
that it reads; a hyper-parameter that an object lacks excludes the form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from parity.fingerprinting.published_rules import MOMENTS, Texts, published
from parity.formulas.formula import Formula
from parity.reference_impl.replay import Singles
from parity.reference_impl.rules import Rule

FIXED = frozenset({"g", "w", "t", "global_norm", "weights", "place", "first_rate"})


formula = cache(Formula)
"""Parses each text once: forms share most of their texts."""


@dataclass(frozen=True)
class ClosedForm:
    """A rule as texts. name: the spec's name, if there is one, then the departures from it. state: name -> start's formula."""

    name: str
    update: Texts
    state: Texts = field(default_factory=dict)
    before: Texts = field(default_factory=dict)  # formulas that change g and w before the rule
    singles: tuple[str, ...] = ()  # states that stay in float32 (held_forms.py)
    held: str = ""  # the words for them in the name

    def hyperparameters(self) -> frozenset[str]:
        """The names that the form reads, other than variables and its states."""
        texts = [*self.before.values(), *self.update.values(), *self.state.values()]
        return frozenset(name for text in texts for name in formula(text).names) - FIXED - self.state.keys()

    def rule(self, values: Mapping[str, float]) -> Rule:
        """The rule, with its states' starts computed from these hyper-parameters."""
        start = {name: float(formula(text).evaluate(values, {})) for name, text in self.state.items()}
        formulas = [{name: formula(text) for name, text in part.items()} for part in (self.before, self.update)]
        if self.singles:
            return Singles(self.name, formulas[1], formulas[0], start, self.singles)
        return Rule(self.name, gradient=formulas[0], update=formulas[1], state=start)

    def calls(self) -> frozenset[str]:
        """The functions that the form calls."""
        return frozenset(call for text in (*self.before.values(), *self.update.values()) for call in formula(text).calls())


def library() -> Iterator[ClosedForm]:
    """Every base form, plain and with each kind of weight decay and of clipping."""
    for base in bases():
        yield from varied(base)


def varied(base: ClosedForm) -> Iterator[ClosedForm]:
    """The base form, plain and with each kind of weight decay and of clipping."""
    for clipping, clipped in CLIPPINGS.items():
        for decay, (g, w, after) in DECAYS.items():
            if decay and ("weight_decay" in base.hyperparameters() or (base.name + decay) in SAME):
                continue
            before = {name: text.replace("G", clipped) for name, text in (("g", g), ("w", w)) if text}
            before = {name: text for name, text in before.items() if text != name}
            name = base.name + decay + clipping
            update = {**base.update, "w": after.replace("W", base.update["w"])}
            yield replace(base, name=SPECS.get(name, name), update=update, before=before)


CLIPPINGS: Mapping[str, str] = {
    "": "g",
    ", gradient clipped by value": "minimum(maximum(g, -clip_value), clip_value)",
    ", gradient clipped by its norm": "g*min(1, clip_norm/norm(g))",
    ", gradient clipped by the global norm": "g*min(1, clip_global_norm/global_norm)",
}
DECAYS: Mapping[str, tuple[str, str, str]] = {
    "": ("G", "", "W"),
    ", weight decay coupled": ("G + weight_decay*w", "", "W"),
    ", weight decay decoupled": ("G", "w - learning_rate*weight_decay*w", "W"),
    ", weight decay decoupled, not scaled by the learning rate": ("G", "w - weight_decay*w", "W"),
    ", weight decay decoupled, scaled by the learning rate's share of its first": (
        "G",
        "w - learning_rate/first_rate*weight_decay*w",
        "W",
    ),
    ", weight decay decoupled, after the step": ("G", "", "(W)*(1 - learning_rate*weight_decay)"),
}
"""Kind of decay -> formulas for g (G: the gradient, clipped or not) and for w before the rule, and for the new weight W."""

SAME = frozenset(
    {
        "sgd, weight decay decoupled",
        "lamb without weight decay, weight decay decoupled, after the step",
        "lamb without weight decay, moments not corrected, weight decay decoupled, after the step",
    }
)
"""Combinations that equal another form: without a velocity, coupled and decoupled decay are the same; a step of lamb is as
long as the weights, so decay before the step equals decay after it."""

SPECS: Mapping[str, str] = {
    "sgd, weight decay coupled": "sgd_l2",
    "sgd, gradient clipped by value": "sgd_clip_value",
    "sgd, gradient clipped by its norm": "sgd_clip_norm",
    "sgd, gradient clipped by the global norm": "sgd_clip_global_norm",
    "adam, weight decay decoupled": "adamw",
    "lion without weight decay, weight decay decoupled": "lion",
    "adam, epsilon inside the root, after the bias correction": "adam_epsilon_in_root",
    "adadelta, epsilon outside the roots": "adadelta_epsilon_outside",
}
"""Combination -> the spec that defines it."""


def bases() -> Iterator[ClosedForm]:
    yield ClosedForm("sgd", {"w": "w - learning_rate*g"})
    yield from _velocities()
    yield from _adagrads()
    yield from _rmsprops()
    yield from _adadeltas()
    yield from _adams()
    yield from _nadams()
    yield from _adamaxes()
    yield from _others()
    yield from (ClosedForm(*item) for item in published())


def _velocities() -> Iterator[ClosedForm]:
    """Variants of momentum: the terms of the velocity, the place of the learning rate, and whether the step looks ahead."""
    added = {
        "momentum": "g",
        "dampened_momentum": "(1 - dampening)*g",
        "dampened_momentum, the first gradient undampened": "(1 - dampening*minimum(1, t - 1))*g",
        "momentum, a mean of gradients": "(1 - momentum)*g",
    }
    for name, term in added.items():
        nesterov = "nesterov" + name.removeprefix("momentum") if name.startswith("momentum") else f"{name}, nesterov"
        outside = {"v": f"momentum*v + {term}"}
        inside = {"v": f"momentum*v - learning_rate*{term}"}
        rate = ", learning rate inside the velocity"
        yield ClosedForm(name, {**outside, "w": "w - learning_rate*v"}, {"v": "0"})
        yield ClosedForm(nesterov, {**outside, "w": "w - learning_rate*(g + momentum*v)"}, {"v": "0"})
        yield ClosedForm(name + rate, {**inside, "w": "w + v"}, {"v": "0"})
        yield ClosedForm(nesterov + rate, {**inside, "w": "w + momentum*v - learning_rate*g"}, {"v": "0"})
    mean = {"m": "momentum*m + (1 - momentum)*g"}
    yield ClosedForm("unbiased_momentum", {**mean, "w": "w - learning_rate*m/(1 - momentum**t)"}, {"m": "0"})
    yield ClosedForm("sign of momentum, a mean of gradients", {**mean, "w": "w - learning_rate*sign(m)"}, {"m": "0"})


ROOTS: Mapping[str, str] = {"": "sqrt(S) + epsilon", "_epsilon_inside": "sqrt(S + epsilon)"}
STARTS: Mapping[str, str] = {"": "0", ", accumulator from its argument": "accumulator", ", accumulator from 1": "1"}


def _adagrads() -> Iterator[ClosedForm]:
    rates = {"": "learning_rate", ", learning rate decaying": "learning_rate/(1 + (t - 1)*rate_decay)"}
    for where, root in ROOTS.items():
        for start, value in STARTS.items():
            for decaying, rate in rates.items():
                update = {"s": "s + g**2", "w": f"w - {rate}*g/({root.replace('S', 's')})"}
                yield ClosedForm(f"adagrad{where}{start}{decaying}", update, {"s": value})


def _rmsprops() -> Iterator[ClosedForm]:
    """Variants of RMSprop: the place of epsilon, centering, momentum with the rate outside or inside, the mean's start."""
    for where, root in ROOTS.items():
        for centered in (False, True):
            for start, value in (("", "0"), (", mean square from 1", "1")):
                mean = {"a": "rho*a + (1 - rho)*g"} if centered else {}
                below = root.replace("S", "s - a**2" if centered else "s")
                moved = {"s": "rho*s + (1 - rho)*g**2", **mean}
                state = {"s": value, **dict.fromkeys(mean, "0")}
                name = _rmsprop_name(where, centered)
                yield ClosedForm(name + start, {**moved, "w": f"w - learning_rate*g/({below})"}, state)
                outside = {**moved, "v": f"momentum*v + g/({below})", "w": "w - learning_rate*v"}
                inside = {**moved, "v": f"momentum*v + learning_rate*g/({below})", "w": "w - v"}
                with_momentum = "rmsprop_momentum" if name == "rmsprop" else f"{name}, momentum"
                yield ClosedForm(with_momentum + start, outside, {**state, "v": "0"})
                rate = ", learning rate inside the velocity"
                yield ClosedForm(with_momentum + rate + start, inside, {**state, "v": "0"})


def _rmsprop_name(where: str, centered: bool) -> str:
    """The spec rmsprop_centered has epsilon inside of the root, the spec rmsprop has it outside."""
    if centered:
        return "rmsprop_centered" + ("" if where else ", epsilon outside the root")
    return f"rmsprop{where}"


def _adadeltas() -> Iterator[ClosedForm]:
    rates = {"": "learning_rate*", ", learning rate ignored": ""}
    for rate, factor in rates.items():
        moved = {"s": "rho*s + (1 - rho)*g**2"}
        inside = {
            **moved,
            "w": f"w - {factor}sqrt(d + epsilon)/sqrt(s + epsilon)*g",
            "d": "rho*d + (1 - rho)*(d + epsilon)/(s + epsilon)*g**2",
        }
        outside = {
            **moved,
            "x": "(sqrt(d) + epsilon)/(sqrt(s) + epsilon)*g",
            "w": f"w - {factor}x",
            "d": "rho*d + (1 - rho)*x**2",
        }
        yield ClosedForm("adadelta" + rate, inside, {"s": "0", "d": "0"})
        yield ClosedForm("adadelta, epsilon outside the roots" + rate, outside, {"s": "0", "d": "0", "x": "0"})


DENOMINATORS: Mapping[str, str] = {
    "adam": "sqrt(V/(1 - beta_2**t)) + epsilon",
    "adam_epsilon_inside": "(sqrt(V) + epsilon)/sqrt(1 - beta_2**t)",
    "adam, epsilon inside the root, after the bias correction": "sqrt(V/(1 - beta_2**t) + epsilon)",
    "adam, epsilon inside the root, before the bias correction": "sqrt((V + epsilon)/(1 - beta_2**t))",
    "adam, second moment not corrected": "sqrt(V) + epsilon",
    "adam, second moment not corrected, epsilon inside the root": "sqrt(V + epsilon)",
}


NADAM_DENOMINATORS: Mapping[str, str] = {
    "": DENOMINATORS["adam"].replace("V", "v"),
    ", epsilon inside": DENOMINATORS["adam_epsilon_inside"].replace("V", "v"),
}


def _adams() -> Iterator[ClosedForm]:
    zeros = {"m": "0", "v": "0"}
    for name, text in DENOMINATORS.items():
        for first, numerator in {"": "m/(1 - beta_1**t)", ", first moment not corrected": "m"}.items():
            plain = {**MOMENTS, "w": f"w - learning_rate*({numerator})/({text.replace('V', 'v')})"}
            largest = {**MOMENTS, "u": "maximum(u, v)", "w": plain["w"].replace("v", "u")}
            yield ClosedForm(name + first, plain, zeros)
            yield ClosedForm(_amsgrad(name) + first, largest, {**zeros, "u": "0"})
        if "(1 - beta_2**t)" in text and "epsilon)/" not in text:
            corrected = {**MOMENTS, "u": "maximum(u, v/(1 - beta_2**t))"}
            below = text.replace("V/(1 - beta_2**t)", "u")
            largest = {**corrected, "w": f"w - learning_rate*m/(1 - beta_1**t)/({below})"}
            yield ClosedForm(_amsgrad(name) + ", of corrected moments", largest, {**zeros, "u": "0"})


def _amsgrad(adam: str) -> str:
    return "amsgrad" + adam.removeprefix("adam").replace("_epsilon_inside", ", epsilon before the bias correction")


def _nadams() -> Iterator[ClosedForm]:
    """Variants of Nadam: Dozat's schedule by its argument, 250 times as fast, or none; and a product that all weights share."""
    schedules = {
        "nadam": "beta_1*(1 - 0.5*0.96**(T*schedule_decay))",
        "nadam, schedule 0.96**t": "beta_1*(1 - 0.5*0.96**T)",
        "nadam, momentum constant": "beta_1",
    }
    products = {"": "p*mu", ", one product for all weights": "q*mu**place"}
    state = {"m": "0", "v": "0", "p": "1", "q": "1", "mu": "0", "next": "0"}
    step = "next*m/(1 - p*next) + (1 - mu)*g/(1 - p)"
    for where, below in NADAM_DENOMINATORS.items():
        now = f"w - learning_rate*(beta_1*m + (1 - beta_1)*g)/(1 - beta_1**t)/({below})"
        name = "nadam, momentum constant, both parts corrected for this step"
        yield ClosedForm(name + where, {**MOMENTS, "w": now}, {"m": "0", "v": "0"})
    for name, text in schedules.items():
        for kept, product in products.items():
            moved = {**MOMENTS, "mu": text.replace("T", "t"), "next": text.replace("T", "(t + 1)"), "p": product}
            moved |= {"q": "q*mu**weights"} if kept else {}
            for where, below in NADAM_DENOMINATORS.items():
                update = {**moved, "w": f"w - learning_rate*({step})/({below})"}
                states = {key: value for key, value in state.items() if key != "q" or kept}
                yield ClosedForm(name + kept + where, update, states)


def _adamaxes() -> Iterator[ClosedForm]:
    moved, state = {"m": MOMENTS["m"]}, {"m": "0", "u": "0"}
    forms = {
        "adamax": ("maximum(beta_2*u, abs(g))", "u"),
        "adamax, epsilon added to the norm": ("maximum(beta_2*u, abs(g))", "(u + epsilon)"),
        "adamax, epsilon added to each gradient": ("maximum(beta_2*u, abs(g) + epsilon)", "u"),
    }
    for name, (norm, below) in forms.items():
        for first, numerator in {"": "m/(1 - beta_1**t)", ", first moment not corrected": "m"}.items():
            yield ClosedForm(name + first, {**moved, "u": norm, "w": f"w - learning_rate*{numerator}/{below}"}, state)


def _others() -> Iterator[ClosedForm]:
    yield ClosedForm("sign of the gradient", {"w": "w - learning_rate*sign(g)"})
    lion = {"w": "w - learning_rate*sign(beta_1*m + (1 - beta_1)*g)", "m": "beta_2*m + (1 - beta_2)*g"}
    yield ClosedForm("lion without weight decay", lion, {"m": "0"})
    decayed = "learning_rate*(g + weight_decay*w)"
    written = {"w": f"w + momentum*(momentum*v - {decayed}) - {decayed}", "v": f"momentum*v - {decayed}"}
    name = "nesterov, learning rate inside the velocity, weight decay coupled, the velocity's by the new weight"
    yield ClosedForm(name, written, {"v": "0"})
    first = {**MOMENTS, "first": "(1 + sign(switch + 0.5 - t))/2"}
    both = f"first*m/(1 - beta_1**t)/({DENOMINATORS['adam'].replace('V', 'v')}) + (1 - first)*ratio*g"
    yield ClosedForm("adam_then_sgd", {**first, "w": f"w - learning_rate*({both})"}, {"m": "0", "v": "0", "first": "0"})
