"""The networks of specs/suites/speed.yaml as a good user of JAX writes them: Flax modules, split into their arrays, and one
jitted step with an Optax rule, whose arrays are donated.

`parity bench NAME --twin benchmarks` alternates the steps of both in one process. Nothing here imports parity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

MODES = ("compiled", "eager")


class LeNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.conv1 = nnx.Conv(1, 6, (5, 5), padding="SAME", rngs=rngs)
        self.conv2 = nnx.Conv(6, 16, (5, 5), padding="VALID", rngs=rngs)
        self.dense1 = nnx.Linear(400, 120, rngs=rngs)
        self.dense2 = nnx.Linear(120, 84, rngs=rngs)
        self.logits = nnx.Linear(84, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.avg_pool(nnx.relu(self.conv1(x)), (2, 2), (2, 2))
        x = nnx.avg_pool(nnx.relu(self.conv2(x)), (2, 2), (2, 2))
        x = x.reshape(len(x), -1)
        return self.logits(nnx.relu(self.dense2(nnx.relu(self.dense1(x)))))


def lenet_relu() -> nnx.Module:
    return LeNet(nnx.Rngs(0))


class ConvNorm(nnx.Module):
    def __init__(self, given: int, filters: int, kernel: int, stride: int, rngs: nnx.Rngs) -> None:
        pad = (kernel - 1) // 2
        settings = {"strides": stride, "padding": ((pad, pad), (pad, pad)), "use_bias": False, "rngs": rngs}
        self.conv = nnx.Conv(given, filters, (kernel, kernel), **settings)
        self.norm = nnx.BatchNorm(filters, momentum=0.9, epsilon=1e-5, use_running_average=False, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.norm(self.conv(x))


class Basic(nnx.Module):
    def __init__(self, given: int, filters: int, stride: int, rngs: nnx.Rngs) -> None:
        self.first = ConvNorm(given, filters, 3, stride, rngs)
        self.second = ConvNorm(filters, filters, 3, 1, rngs)
        self.shortcut = ConvNorm(given, filters, 1, stride, rngs) if stride > 1 else None

    def __call__(self, x: Any) -> Any:
        y = self.second(nnx.relu(self.first(x)))
        return nnx.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class ResNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        sizes = (
            (64, 64, 1),
            (64, 64, 1),
            (64, 128, 2),
            (128, 128, 1),
            (128, 256, 2),
            (256, 256, 1),
            (256, 512, 2),
            (512, 512, 1),
        )
        self.stem = ConvNorm(3, 64, 3, 1, rngs)
        self.blocks = nnx.List([Basic(*size, rngs) for size in sizes])
        self.logits = nnx.Linear(512, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.logits(x.mean((1, 2)))


def resnet18_small_images() -> nnx.Module:
    return ResNet(nnx.Rngs(0))


class Recurrent(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.first = nnx.RNN(nnx.OptimizedLSTMCell(256, 256, rngs=rngs))
        self.second = nnx.RNN(nnx.OptimizedLSTMCell(256, 256, rngs=rngs))
        self.logits = nnx.Linear(256, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.logits(self.second(self.first(x))[:, -1])


def lstm_classifier() -> nnx.Module:
    return Recurrent(nnx.Rngs(0))


class EncoderLayer(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.attention = nnx.MultiHeadAttention(4, 256, decode=False, rngs=rngs)
        self.norm1 = nnx.LayerNorm(256, epsilon=1e-5, rngs=rngs)
        self.inner = nnx.Linear(256, 1024, rngs=rngs)
        self.outer = nnx.Linear(1024, 256, rngs=rngs)
        self.norm2 = nnx.LayerNorm(256, epsilon=1e-5, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.outer(nnx.relu(self.inner(x))))


class Encoder(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.layers = nnx.List([EncoderLayer(rngs) for _ in range(4)])
        self.logits = nnx.Linear(256, 10, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return self.logits(x.mean(1))


def transformer_encoder() -> nnx.Module:
    return Encoder(nnx.Rngs(0))


NETWORKS = {made.__name__: made for made in (lenet_relu, resnet18_small_images, lstm_classifier, transformer_encoder)}


def rule_of(name: str, h: Mapping[str, float]) -> optax.GradientTransformation:
    if name == "adam":
        return optax.adam(h["learning_rate"], h["beta_1"], h["beta_2"], h["epsilon"])
    return optax.sgd(h["learning_rate"], h["momentum"])


class Twin:
    """A model's arrays, its rule and its step. JAX has no further mode that is better on a CPU: `best` changes nothing."""

    def __init__(self, network: str, mode: str, optimizer: str, hyperparameters: Mapping[str, float]) -> None:
        self.model, self.rule = NETWORKS[network](), rule_of(optimizer, hyperparameters)
        self.run = self._step if mode == "eager" else jax.jit(self._step, donate_argnums=(0, 1, 2))
        self._split()

    def _split(self) -> None:
        self.graph, self.parameters, self.rest = nnx.split(self.model, nnx.Param, ...)
        self.state = self.rule.init(self.parameters)

    def _step(self, parameters: Any, rest: Any, state: Any, x: Any, labels: Any) -> Any:
        def loss(parameters: Any) -> tuple[Any, Any]:
            model = nnx.merge(self.graph, parameters, rest, copy=True)  # variables of this trace
            found = optax.softmax_cross_entropy_with_integer_labels(model(x), labels).mean()
            return found, nnx.split(model, nnx.Param, ...)[2]

        (value, left), slopes = jax.value_and_grad(loss, has_aux=True)(parameters)
        updates, state = self.rule.update(slopes, state, parameters)
        return value, optax.apply_updates(parameters, updates), left, state

    def place(self, batch: Mapping[str, Any]) -> tuple[Any, Any]:
        (name,) = set(batch) - {"label"}
        x = np.asarray(batch[name], np.float32)
        x = np.transpose(x, (0, 2, 3, 1)) if x.ndim == 4 else x
        return jnp.asarray(x), jnp.asarray(np.asarray(batch["label"]), jnp.int32)

    def step(self, batch: tuple[Any, Any]) -> Any:
        loss, self.parameters, self.rest, self.state = self.run(self.parameters, self.rest, self.state, *batch)
        return loss

    def synchronize(self) -> None:
        jax.block_until_ready(self.parameters)

    def take(self, realization: Any) -> None:
        """Starts from the realization's weights: those of one shape and role in the order in which both have them."""
        held = {**realization.held.rest, **realization.held.parameters}
        paths = (path for layout in realization.network.layouts.values() for path in layout.native)
        rest = [(_role(path), held[path]) for path in dict.fromkeys(paths)]
        for name, own in _variables(self.model):
            wanted = (name, own[...].shape)
            place = next(place for place, (role, array) in enumerate(rest) if (role, array.shape) == wanted)
            array = np.asarray(rest.pop(place)[1])
            if (
                isinstance(self.model, LeNet) and own is self.model.dense1.kernel
            ):  # rows of channels first, as the spec has them
                array = array.reshape(16, 5, 5, 120).transpose(1, 2, 0, 3).reshape(400, 120)
            own[...] = jnp.array(array)
        self._split()


def _role(path: Any) -> str:
    parts = path if isinstance(path, tuple) else str(path).replace("/", ".").split(".")
    return str(parts[-1])


def _variables(module: Any) -> Iterator[tuple[str, Any]]:
    """Name -> parameter or statistic, in the order in which the modules declare them."""
    items = enumerate(module) if isinstance(module, nnx.List) else list(vars(module).items())
    for name, item in items:
        if isinstance(item, (nnx.Param, nnx.BatchStat)):
            yield str(name), item
        elif isinstance(item, (nnx.Module, nnx.List)):
            yield from _variables(item)


def twin(network: str, mode: str, optimizer: str, hyperparameters: Mapping[str, float], best: bool = False) -> Twin:
    """The twin of a network's realization in a mode."""
    return Twin(network, mode, optimizer, hyperparameters)
