"""Small graphs, built by hand, that together contain everything that a walk has to get right."""

from __future__ import annotations

from collections.abc import Callable

from hand_built import Builder

from parity.spec.graph import Graph


def mlp() -> Graph:
    build = Builder()
    build.input("x", (5,))
    build.input("label", (), dtype="integer", below=3)
    build.node("dense", "hidden", {"x": "x"}, units=7)
    build.node("tanh", "tanh", {"x": "hidden"})
    build.node("dense", "logits", {"x": "tanh"}, units=3)
    build.node("softmax_cross_entropy", "loss", {"x": "logits", "labels": "label"}, smoothing=0.125)
    build.phase(1)
    return build.graph(("logits",))


def convolutional() -> Graph:
    """Convolution, batch norm, pooling, a residual join, and a branch that nothing uses."""
    build = Builder()
    build.input("x", (2, 6, 7))
    build.input("label", (), dtype="integer", below=3)
    build.node("conv2d", "conv", {"x": "x"}, channels=4, kernel=(3, 2), padding=((1, 1), (1, 0)), stride=(1, 1))
    build.node("batch_norm", "norm", {"x": "conv"})
    build.node("tanh", "tanh", {"x": "norm"})
    build.node("conv2d", "again", {"x": "tanh"}, channels=4, kernel=(1, 1))
    build.node("add", "add", {"branches": ("tanh", "again", "tanh")})
    build.node("max_pool2d", "pool", {"x": "add"}, kernel=(2, 2), stride=(2, 3))
    build.node("flatten", "flat", {"x": "pool"})
    build.node("dense", "unused", {"x": "flat"}, units=2)
    build.node("dense", "logits", {"x": "flat"}, units=3)
    build.node("softmax_cross_entropy", "loss", {"x": "logits", "labels": "label"})
    build.phase(1)
    return build.graph(("logits",))


def language_model() -> Graph:
    """Carried state, stacked lstm with dropout, and a table tied to the output layer."""
    build = Builder()
    build.input("tokens", (5,), dtype="integer", below=11)
    build.input("between.mask", (1, 5, 7))
    build.input("mask", (5, 7))
    build.input("next", (5,), dtype="integer", below=11)
    build.carry("state", (2, 7), "lstm.state")
    build.carry("cell", (2, 7), "lstm.cell")
    build.node("embedding", "embedding", {"x": "tokens"}, size=11, units=7)
    build.node("dropout", "dropout", {"x": "embedding", "mask": "mask"}, rate=0.5)
    sources = {"x": "dropout", "initial_state": "state", "initial_cell": "cell", "mask": "between.mask"}
    build.node("lstm", "lstm", sources, units=7, layers=2, dropout=0.5)
    build.node("dense", "logits", {"x": "lstm"}, {"kernel": "embedding.table"}, units=11)
    build.node("softmax_cross_entropy", "loss", {"x": "logits", "labels": "next"})
    build.phase(1)
    return build.graph(("logits",))


def translator() -> Graph:
    """A scan over time with attention on captured values, dropout inside, and lengths."""
    build = Builder()
    build.input("source", (5, 3))
    build.input("length", (), dtype="integer", range=(1, 5))
    build.input("target", (4, 2))
    build.input("attention.mask", (4, 5))
    build.input("target_length", (), dtype="integer", range=(1, 4))
    build.input("labels", (4,), dtype="integer", below=5)
    build.node("gru", "encoder", {"x": "source", "lengths": "length"}, units=7, layers=2)
    body = build.inside(input=(2,), state=(2, 7), mask=(5,))
    body.node("select", "query", {"x": "state"}, index=-1, axis=0)
    roles = {"x": "query", "keys": "encoder", "lengths": "length", "mask": "mask"}
    body.node("additive_attention", "context", roles, units=3, dropout=0.5)
    body.node("concat", "concat", {"branches": ("context", "input")}, axis=0)
    body.node("gru_cell", "cell", {"x": "concat", "state": "state"}, units=7, layers=2, reset="before")
    build.scan(
        "decoder",
        body,
        4,
        sequences={"input": "target", "mask": "attention.mask"},
        state={"state": "encoder.state"},
        next={"state": "cell.state"},
        captured=("encoder", "length"),
        output="cell",
    )
    build.node("dense", "logits", {"x": "decoder"}, units=5)
    roles = {"x": "logits", "labels": "labels", "lengths": "target_length"}
    build.node("softmax_cross_entropy", "loss", roles, mean="sequences")
    build.phase(1)
    return build.graph(("logits",))


def transformer() -> Graph:
    """Causal and masked attention, a class token without a batch, layer norm, learned and sinusoidal positions."""
    build = Builder()
    build.input("x", (4, 6))
    build.input("memory", (3, 6))
    build.input("length", (), dtype="integer", range=(1, 3))
    build.input("target", (5, 6))
    build.node("parameter", "token", {}, shape=(1, 6))
    build.node("concat", "joined", {"branches": ("token", "x")}, axis=0)
    build.node("learned_positions", "learned", {"x": "joined"}, positions=7)
    build.node("sinusoidal_positions", "positions", {"x": "learned"})
    build.node("multi_head_attention", "self", {"x": "positions"}, heads=2, causal=True)
    build.node("add", "add", {"branches": ("positions", "self")})
    build.node("layer_norm", "norm", {"x": "add"}, axis=1)
    roles = {"x": "norm", "keys": "memory", "lengths": "length"}
    build.node("multi_head_attention", "cross", roles, heads=3, bias=False)
    build.node("formula", "scaled", {"x": "cross", "y": "token"}, text="x*2.5 + y**2")
    build.node("squared_error", "loss", {"x": "scaled", "target": "target"})
    build.phase(1)
    return build.graph(("scaled",))


def learned_image() -> Graph:
    """A value without a batch through convolutions (style transfer), compared with a batched one."""
    build = Builder()
    build.input("content", (2, 5, 6))
    build.node("parameter", "image", {}, shape=(2, 5, 6))
    build.node("conv2d", "features", {"x": "image"}, channels=3, kernel=(3, 3))
    shared = {"kernel": "features.kernel", "bias": "features.bias"}
    build.node("conv2d", "content_features", {"x": "content"}, shared, channels=3, kernel=(3, 3))
    build.node("squared_error", "error", {"x": "features", "target": "content_features"})
    build.node("mean", "mean", {"x": "features"})
    build.node("formula", "loss", {"error": "error", "mean": "mean"}, text="3*error + mean**2")
    build.phase(3, {"image.value": 1.0, "features.kernel": 1.0, "features.bias": 1.0})
    return build.graph(("image",))


GRAPHS: dict[str, Callable[[], Graph]] = {
    build.__name__: build for build in (mlp, convolutional, language_model, translator, transformer, learned_image)
}


NORM = {role: f"critic.norm.{role}" for role in ("scale", "shift", "running_mean", "running_variance")}


def adversarial() -> Graph:
    """Two phases on one batch; the first calls the critic, which has a batch norm, twice."""
    build = Builder()
    build.input("real", (3,))
    build.input("noise", (2,))

    def critic(name: str, source: str) -> str:
        build.node("batch_norm", f"{name}.norm", {"x": source}, NORM, momentum=0.75)
        return build.node("dense", f"{name}.score", {"x": f"{name}.norm"}, {"kernel": "critic.kernel"}, units=1, bias=False)

    build.node("dense", "fake", {"x": "noise"}, {"kernel": "generator.kernel"}, units=3, bias=False)
    critic("on_real", "real")
    critic("on_fake", "fake")
    roles = {"a": "on_real.score", "b": "on_fake.score"}
    build.node("formula", "both", roles, text="(a - 1)**2 + b**2")
    build.node("mean", "critic_loss", {"x": "both"})
    critics = {"critic.kernel": 1.0, NORM["scale"]: 1.0, NORM["shift"]: 1.0}
    build.phase(7, critics)
    build.node("dense", "fake", {"x": "noise"}, {"kernel": "generator.kernel"}, units=3, bias=False)
    critic("on_fake", "fake")
    build.node("formula", "fooled", {"b": "on_fake.score"}, text="(b - 1)**2")
    build.node("mean", "generator_loss", {"x": "fooled"})
    build.phase(5, {"generator.kernel": 1.0})
    return build.graph()
