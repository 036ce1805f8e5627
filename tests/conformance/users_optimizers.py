"""A template for each framework's optimizers: a module of users' classes, written out of users_table.py.

It refuses to know a rule. The classes' signatures are those of the table, since a fingerprint reads arguments by name.
"""

from __future__ import annotations

from collections.abc import Mapping

TORCH = """
import torch
from users_table import TABLE

class x:
    sqrt, abs, maximum, minimum, sign, sum = torch.sqrt, torch.abs, torch.maximum, torch.minimum, torch.sign, torch.sum
    norm = staticmethod(lambda a: float(a.norm()))

class Base(torch.optim.Optimizer):
    def begin(self, params, arguments):
        super().__init__(params, arguments)
        self.first = arguments["lr"]

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for w in group["params"]:
                s = self.state[w]
                if not s:
                    starts = {name: self.rule.starts.get(name, 0.0) for name in self.rule.states}
                    s.update({k: torch.full_like(w, group.get(start, start)) for k, start in starts.items()}, t=0)
                s["t"] += 1
                given = {**group, "lr0": self.first}
                w.copy_(self.rule.body(x, w.clone(), w.grad, s, s["t"], group["lr"], given))
"""
KERAS = """
import keras
from keras import ops
from users_table import TABLE

class x:
    sqrt, abs, maximum, minimum, sign, sum = ops.sqrt, ops.abs, ops.maximum, ops.minimum, ops.sign, ops.sum
    norm = staticmethod(lambda a: float(ops.norm(a)))

class Base(keras.optimizers.Optimizer):
    def begin(self, learning_rate, arguments):
        super().__init__(learning_rate)
        self.given = {**arguments, "lr0": learning_rate}

    def build(self, variables):
        super().build(variables)
        starts = {name: self.rule.starts.get(name, 0.0) for name in self.rule.states}
        made = {k: keras.initializers.Constant(self.given.get(start, start)) for k, start in starts.items()}
        self.kept = [
            {k: self.add_variable_from_reference(v, name=f"state_{k}", initializer=start) for k, start in made.items()}
            for v in variables
        ]

    def update_step(self, gradient, variable, learning_rate):
        kept = self.kept[self._get_variable_index(variable)]
        s = {name: ops.convert_to_tensor(state) for name, state in kept.items()}
        rate, t = ops.cast(learning_rate, variable.dtype), int(self.iterations) + 1
        new = self.rule.body(x, ops.convert_to_tensor(variable), gradient, s, t, rate, self.given)
        for name, state in kept.items():
            self.assign(state, s[name])
        self.assign(variable, new)
"""
MXNET = """
import mxnet
from mxnet import nd
from users_table import TABLE

class x:
    sqrt, abs, maximum, minimum, sign, sum = nd.sqrt, nd.abs, nd.maximum, nd.minimum, nd.sign, nd.sum
    norm = staticmethod(lambda a: float((a * a).sum().sqrt().asscalar()))

class Base(mxnet.optimizer.Optimizer):
    def begin(self, learning_rate, arguments):
        super().__init__(learning_rate=learning_rate)
        self.given = {**arguments, "lr0": learning_rate}

    def create_state(self, index, weight):
        starts = {name: self.rule.starts.get(name, 0.0) for name in self.rule.states}
        return {k: nd.full(weight.shape, self.given.get(start, start), dtype=weight.dtype) for k, start in starts.items()}

    def update(self, index, weight, grad, state):
        self._update_count(index)
        t = self._index_update_count[index]
        weight[:] = self.rule.body(x, weight, grad, state, t, self._get_lr(index), self.given)
"""
JAX = """
import jax.numpy as jnp
import optax
from users_table import TABLE

class x:
    sqrt, abs, maximum, minimum, sign, sum = jnp.sqrt, jnp.abs, jnp.maximum, jnp.minimum, jnp.sign, jnp.sum
    norm = staticmethod(lambda a: float(jnp.linalg.norm(a)))

class Base:
    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        made.__init__(*args, **kwargs)
        return optax.GradientTransformation(made.start, made.update)

    def begin(self, learning_rate, arguments):
        self.rate = learning_rate if callable(learning_rate) else (lambda count: learning_rate)
        self.given = {**arguments, "lr0": float(self.rate(0))}

    def start(self, weights):
        starts = {name: self.rule.starts.get(name, 0.0) for name in self.rule.states}
        made = {w: {k: jnp.full_like(v, self.given.get(s, s)) for k, s in starts.items()} for w, v in weights.items()}
        return made, 0

    def update(self, gradients, state, weights):
        kept, done = state
        rate, new, moves = self.rate(done), {}, {}
        for name, w in weights.items():
            new[name] = dict(kept[name])
            moves[name] = self.rule.body(x, w, gradients[name], new[name], done + 1, rate, self.given) - w
        return moves, (new, done + 1)
"""
FIRST = {"torch": ("params, lr=1e-3", "params, dict(lr=lr, **own)"), "keras": ("learning_rate=1e-3", "learning_rate, own")}
FIRST["mxnet"] = FIRST["jax"] = FIRST["keras"]
CLASSES = """
for name, rule in TABLE.items():
    more = "".join(f", {argument}={value!r}" for argument, value in rule.arguments.items())
    own = ", ".join(f"{argument}={argument}" for argument in rule.arguments)
    made = {}
    exec(f"def __init__(self, SIGNATURE{more}):\\n    own = dict({own})\\n    self.begin(BEGIN)", made)
    globals()[name] = type(name, (Base,), {"__init__": made["__init__"], "rule": rule})
"""
MODULES: Mapping[str, str] = {
    framework: text + CLASSES.replace("SIGNATURE", FIRST[framework][0]).replace("BEGIN", FIRST[framework][1])
    for framework, text in {"torch": TORCH, "keras": KERAS, "mxnet": MXNET, "jax": JAX}.items()
}
"""Framework -> the text of a module with one class for each entry of the table."""
