"""Owns how the models of the frameworks' own zoos depart from the specs of the same name, as changes of a spec's text.

It refuses a change that no longer applies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo_values import CLASSES

from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.graph import Graph


@dataclass(frozen=True)
class Variant:
    """A zoo's model: the image it is shown, and what is written otherwise than in the spec, as (before, after)."""

    height: int
    width: int
    changes: Sequence[tuple[str, str]] = ()


def norms(epsilon: str) -> tuple[tuple[str, str], ...]:
    return ((r"batch_norm (\w+)\n", rf"batch_norm \1: {{epsilon: {epsilon}}}\n"),)


STRIDE_FIRST = (
    (r"conv1: \{channels: channels, kernel: 1\}", "conv1: {channels: channels, kernel: 1, stride: stride}"),
    (r"conv2: \{channels: channels, kernel: 3, stride: stride\}", "conv2: {channels: channels, kernel: 3}"),
)
"""The stride of a bottleneck lies in its first convolution, as in the paper (version 1)."""

BIASED_ENDS = (
    (r"conv_norm conv1: (\{.*\})\n", r"conv2d conv1: \1\n      - batch_norm norm1\n"),
    (r"conv_norm conv3: (\{.*\})\n", r"conv2d conv3: \1\n      - batch_norm norm3\n"),
)
"""The 1×1 convolutions of a bottleneck have biases, the 3×3 has none."""

ONE_HEAD = ((r"(?s)\n  - average_pool2d: \{from: b4.*outputs: \[logits, auxiliary\]\n", "\n"),)
EXPANDED_FIRST = (
    (r"(?s)  - depthwise first_depthwise.*?  - repeat", "  - bottleneck first: {expand: 1, channels: 16}\n  - repeat"),
)
"""The first bottleneck has a 1×1 convolution before it too, though it expands by 1."""

LAST_POOL = (
    (
        r"kernel: 3, stride: 2, padding: \[\[0, 1\], \[0, 1\]\]\}\n  - inception 5a",
        "kernel: 2, stride: 2}\n  - inception 5a",
    ),
)
"""The last max-pooling has windows of 2×2, where table 1 of the paper has 3×3."""

VARIANTS: dict[tuple[str, str], Variant] = {
    ("keras", "densenet121"): Variant(37, 67, norms("1.001e-5")),
    ("keras", "inception_v3"): Variant(
        79,
        107,
        (
            *ONE_HEAD,
            (r"epsilon: 1\.0e-3", "epsilon: 1.0e-3, scale: false"),
            (r"stride: 1, padding: 1\}", "stride: 1, padding: 1, count_padding: false}"),
        ),
    ),
    # 65 and 97 stay odd while they are halved: on even sizes Keras pads after the image only, the spec before it as well.
    ("keras", "mobilenet_v2"): Variant(65, 97, norms("1.0e-3")),
    ("keras", "resnet50"): Variant(37, 41, (*STRIDE_FIRST, (r"bias: false", "bias: true"), *norms("1.001e-5"))),
    ("keras", "vgg16"): Variant(37, 67),
    ("mxnet", "alexnet"): Variant(97, 127),
    # Its last pooling windows are 7×7 and 8×8, and must meet the whole image.
    ("mxnet", "densenet121"): Variant(224, 230),
    ("mxnet", "inception_v3"): Variant(299, 306, ONE_HEAD),
    ("mxnet", "mobilenet_v2"): Variant(
        37, 67, (*EXPANDED_FIRST, (r"dense logits: \{units: classes\}", "dense logits: {units: classes, bias: false}"))
    ),
    ("mxnet", "resnet50"): Variant(37, 41, (*STRIDE_FIRST, *BIASED_ENDS)),
    ("mxnet", "squeezenet1_0"): Variant(224, 224),  # its last pooling window is 13×13
    ("mxnet", "vgg16"): Variant(37, 67),
    # torchvision pools to 6×6 and 7×7 before the dense layers: no change on these images.
    ("torch", "alexnet"): Variant(224, 235),
    ("torch", "densenet121"): Variant(37, 67),
    ("torch", "googlenet_batch_norm"): Variant(67, 97, LAST_POOL),
    ("torch", "inception_v3"): Variant(79, 107, ONE_HEAD),
    ("torch", "mobilenet_v2"): Variant(37, 67),
    ("torch", "resnet50"): Variant(37, 41),
    ("torch", "squeezenet1_0"): Variant(67, 97),
    ("torch", "vgg16"): Variant(224, 230),
}


def graph(framework: str, model: str, *, native: bool = True) -> Graph:
    """The spec as the zoo has it (native), or as it stands, at full width, for the variant's image; without a loss."""
    variant = VARIANTS[framework, model]
    size = rf"\1small: {{height: {variant.height}, width: {variant.width}, classes: {CLASSES}}}"
    changes = (
        (r"(?s)\ntraining:.*", "\n"),
        (r"( +)small: \{.*\}", size),
        (r"parameters: .*\n", ""),
        *(variant.changes if native else ()),
    )
    text = Path(specs.folder() / "architectures" / f"{model}.yaml").read_text(encoding="utf-8")
    for before, after in changes:
        text, times = re.subn(before, after, text)
        if not times:
            raise ValueError(f"{framework} {model}: nothing in the spec reads `{before}`")
    spec = specs.parse(text, f"{model}.yaml")
    if not isinstance(spec, specs.Architecture):
        raise TypeError(f"{model} is no architecture")
    return expand(spec, "small")
