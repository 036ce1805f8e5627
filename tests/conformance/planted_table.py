"""The faults that planted_check.py plants, and the right pairs that it holds beside them. It refuses to run them."""

from __future__ import annotations

from dataclasses import dataclass

IMAGES, SMALL, ROWS, STEPS, WORDS = ("3x3x13x13",), ("2x3x8x8",), ("3x7",), ("3x5x6",), ("3x6:0..10",)
SIGNAL, PLANES = ("2x4x9",), ("2x4x9x9",)
T, K = "torch=planted_torch.", "keras=planted_keras."


@dataclass(frozen=True)
class Pair:
    """Two targets and the shapes of their inputs."""

    ours: str
    theirs: str
    inputs: tuple[str, ...]

    @property
    def sides(self) -> list[str]:
        return [self.ours, self.theirs]

    def __str__(self) -> str:
        return f"{self.ours} ~ {self.theirs}"


@dataclass(frozen=True)
class Fault(Pair):
    """A pair with one fault. cause: what every told cause must hold; refused: what the refusal says, where sizes cannot fit."""

    cause: str
    refused: str = ""


def _planted(model: str, inputs: tuple[str, ...], faults: dict[str, str], base: str = "", port: str = "") -> list[Fault]:
    """Argument -> the words of its cause, for one model against itself, or against its port."""
    right = port or f"{T}{model}{'?' + base if base else ''}"
    join = f"{base}&" if base else ""
    return [Fault(f"{T}{model}?{join}{argument}", right, inputs, cause) for argument, cause in faults.items()]


RESNET = {
    "eps=0.001": "epsilon",
    "momentum=0.01": "momentum",
    "stride_first=true": "stride",
    "dilation=2": "dilation|padding",
    "padding_mode=reflect": "padding_mode|padding mode|reflect",
    "gelu=true": "gelu",
    "no_skip=true": "left out|residual",
    "relu_before=true": "order|activation|wiring|relu",
    "frozen=true": "frozen",
    "scaled=true": "scale|div",
    "pad_before=true": "pad",
    "average=true": "avg_pool|average|pool",
    "greatest=true": "mean|amax|max",
    "dropping=true": "dropout",
    "softmax=true": "softmax",
}
UNET = {
    "groups=5": "groups",
    "slope=0.2": "slope|leaky",
    "average=true": "avg_pool|average|pool",
    "alpha=0.5": "alpha|elu",
    "corners=true": "align_corners",
    "mode=nearest": "mode|nearest",
    "turned=true": "order of branches|concat|exchanged",
    "reflect=true": "pad|reflect",
}
SQUEEZED = {
    "relu6=true": "relu6",
    "summed=true": "sum|scale|mean",
    "sigmoid=true": "sigmoid",
    "added=true": "mul|add",
    "silu=true": "silu|swish",
}
PATCHES = {
    "eps=0.001": "epsilon",
    "columns=true": "order|transpose|axes",
    "behind=true": "order|concat|token",
    "placeless=true": "left out|places",
    "tanh=true": "tanh|approximate",
    "averaged=true": "mean|slice|getitem",
}
CELL = {
    "swapped=true": "gate order",
    "sigmoid=true": "sigmoid",
    "forget=true": "add|left out|goes without|forget",
    "straight=true": "tanh",
    "backwards=true": "slice|backwards",
}
DECODER = {
    "kqv=true": "order|exchanged|part",
    "heads_last=true": "view|reshape|order|heads",
    "scale=one": "scale|mul",
    "scale=size": "scale|mul",
    "open=true": "mask",
    "diagonal=2": "diagonal|triu|mask",
    "over_queries=true": "softmax",
    "unmoved=true": "transpose|order|reshape",
    "padding_idx=3": "padding_idx|no gradient",
    "from_one=true": "add|hold differ",
    "concatenated=true": "interleaved|concatenated|order",
    "unscaled=true": "scale",
    "norm_behind=true": "order|wiring|norm",
    "no_skip=true": "left out|residual|wiring",
    "relu=true": "relu",
}
ROTARY = {"pairs=true": "pairs|cut otherwise|interleaved", "base=500.0": "500|pow|frequen|function|numbers"}
WAVES = {
    "future=true": "pad",
    "dilation=1": "dilation|pad",
    "exchanged=true": "part|order|exchanged|gate",
    "no_skip=true": "left out|residual",
}
TAGGER = {
    "pick=first": "slice|getitem|step|order|index",
    "pick=mean": "mean",
    "pick=turned": "order|exchanged|concat",
    "whole=true": "normalized_shape|layer_norm|norm|axes",
    "time_major=true": "time and batch",
}
GRU = {"swapped=true": "gate order|part", "opposite=true": "gate|mul|order|part|exchanged"}
WITHIN = [
    *_planted("images:resnet", IMAGES, RESNET),
    *_planted("images:unet", SMALL, UNET),
    *_planted("images:squeezed", PLANES, SQUEEZED),
    *_planted("images:patches", SMALL, PATCHES),
    *_planted("sequences:cell", STEPS, CELL),
    *_planted("sequences:cell", STEPS, GRU, "gru=true"),
    *_planted("sequences:decoder", WORDS, DECODER),
    *_planted("sequences:decoder", WORDS, ROTARY, "rotary=true"),
    *_planted("sequences:waves", SIGNAL, WAVES),
    *_planted("sequences:tagger", WORDS, TAGGER),
]


def _some(faults: dict[str, str], *names: str) -> dict[str, str]:
    return {name: faults[name] for name in names}


ACROSS = [
    *_planted(
        "images:resnet",
        IMAGES,
        _some(RESNET, "eps=0.001", "stride_first=true", "gelu=true", "no_skip=true", "average=true", "softmax=true")
        | {"pad_behind=true": "pad"},
        port=f"{K}ports:resnet",
    ),
    *_planted(
        "images:unet",
        SMALL,
        {
            "slope=0.2&mode=nearest": "slope|leaky",
            "mode=bilinear": "resize|interpolate|repeat|bilinear",
            "turned=true&mode=nearest": UNET["turned=true"],
        },
        port=f"{K}ports:unet",
    ),
    *_planted("images:squeezed", PLANES, _some(SQUEEZED, "sigmoid=true", "added=true"), port=f"{K}ports:squeezed"),
    *_planted(
        "sequences:decoder",
        WORDS,
        _some(DECODER, "kqv=true", "scale=one", "diagonal=2", "over_queries=true", "concatenated=true", "unscaled=true")
        | _some(DECODER, "norm_behind=true"),
        port=f"{K}ports:decoder",
    ),
    *_planted("sequences:waves", SIGNAL, _some(WAVES, "future=true", "exchanged=true"), port=f"{K}ports:waves"),
]
FAULTS = [*WITHIN, *ACROSS]
SAME = (
    ("images:resnet", IMAGES),
    ("images:unet", SMALL),
    ("images:squeezed", PLANES),
    ("images:patches", SMALL),
    ("sequences:cell", STEPS),
    ("sequences:decoder", WORDS),
    ("sequences:decoder?rotary=true", WORDS),
    ("sequences:waves", SIGNAL),
    ("sequences:tagger", WORDS),
)
PORTS = (
    ("images:resnet", "resnet", IMAGES),
    ("images:unet?mode=nearest", "unet", SMALL),
    ("images:squeezed", "squeezed", PLANES),
    ("sequences:decoder", "decoder", WORDS),
    ("sequences:waves", "waves", SIGNAL),
    ("sequences:tagger?pick=states", "tagger", WORDS),
)


@dataclass(frozen=True)
class Double(Pair):
    """A pair with two faults. causes: what some told cause must hold, for each fault."""

    causes: tuple[str, str]


DOUBLE = [
    Double(f"{T}{model}?{faults}", f"{T}{model}", inputs, causes)
    for model, faults, inputs, causes in (
        ("images:resnet", "eps=0.001&no_skip=true", IMAGES, ("epsilon", "left out")),
        ("images:unet", "slope=0.2&corners=true", SMALL, ("slope|leaky", "align_corners")),
        ("images:squeezed", "relu6=true&silu=true", PLANES, ("relu6", "silu")),
        ("images:patches", "placeless=true&averaged=true", SMALL, ("left out", "mean|slice")),
        ("sequences:decoder", "unscaled=true&relu=true", WORDS, ("scale", "relu")),
        ("sequences:decoder", "diagonal=2&tanh=true", WORDS, ("diagonal", "tanh")),
    )
]
KINDS = (
    *("depth", "noise", "dropout", "relu", "gelu", "softplus", "halves", "skip", "stacked", "turned", "einsum", "normed"),
    *("log_softmax", "batch_normed"),
)
WAYS = (("image", SMALL), ("subclassed", ROWS), ("heads", STEPS), ("told", ROWS))
COMPARED = (
    *("mlp:build", "residual:build", "recurrent:build", "transformer:build", "convolutional:ported", "generator:build"),
    *("directions:both", "mobile:build", "sequence:build"),
)
"""Right pairs of `tests/conformance/compared`, whose models say what they take."""
RIGHT = [Pair(f"{T}{model}", f"{T}{model}", inputs) for model, inputs in SAME]
RIGHT += [Pair(f"{T}{model}", f"{K}ports:{port}", inputs) for model, port, inputs in PORTS]
RIGHT += [Pair(f"{T}rewritten:net?kind={kind}", f"{T}rewritten:net?kind={kind}&other=true", ROWS) for kind in KINDS]
RIGHT += [Pair(f"{T}rewritten:wrapped?kind=skip", f"{T}rewritten:wrapped?kind=skip&other=true", ROWS)]
RIGHT += [Pair(f"{T}rewritten:{way}", f"{T}rewritten:{way}?other=true", inputs) for way, inputs in WAYS]
RIGHT += [Pair(f"torch=torch_models.{model}", f"keras=keras_models.{model}", ()) for model in COMPARED]
