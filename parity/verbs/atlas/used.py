"""Owns `parity atlas --for MODEL`: the questions about the layers that a model uses. It refuses to guess a model's layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parity.atlas.question import Question
from parity.errors import UsageError

ITEMS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), ("conv2d", "grouped_conv2d", "depthwise_conv2d", "zero_pad2d")),
    **dict.fromkeys(
        ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), ("conv_transpose2d", "grouped_conv_transpose2d")
    ),
    **dict.fromkeys(("max_pool", "max_pool1d", "max_pool2d"), ("max_pool2d",)),
    **dict.fromkeys(("average_pool", "average_pool1d", "average_pool2d"), ("average_pool2d",)),
    "global_average_pool": ("global_average_pool2d", "adaptive_average_pool2d"),
    **dict.fromkeys(("upsample", "upsample2d"), ("upsample", "resize")),
    **dict.fromkeys(("pad", "pad2d"), ("pad", "zero_pad2d")),
    "lstm_cell": ("lstm",),
    "gru_cell": ("gru",),
    "multi_head_attention": ("multi_head_attention", "attention"),
    "softmax_cross_entropy": ("cross_entropy", "softmax", "log_softmax"),
    "sigmoid_cross_entropy": ("binary_cross_entropy",),
}
"""Kind of layer -> the items of the atlas about it, where it is not its own name alone."""


def kept(questions: Sequence[Question], model: str, inputs: Sequence[str], frameworks: Sequence[str]) -> list[Question]:
    """The questions about what the model uses. model: a spec, `torch=package.module:build`, or that without the framework: then
    it is of the first framework that the user named. Raises UsageError where none is left."""
    from parity.verbs.compare import used_kinds  # imports the comparison: answers alone must not wait for it

    if "=" in model.partition("?")[0]:
        kinds = used_kinds.of_model(model, inputs)
    elif ":" in model:
        if not frameworks:
            raise UsageError(f"--for {model}: say of which framework it is: --for torch={model}")
        kinds = used_kinds.of_model(f"{frameworks[0]}={model}", inputs)
    else:
        kinds = used_kinds.of_spec(model)
    items = {item for kind in kinds for item in ITEMS.get(kind, (kind,))}
    found = [question for question in questions if question.name.partition(".")[0] in items]
    if not found:
        raise UsageError(f"--for {model}: the atlas asks nothing about {', '.join(sorted(kinds)) or 'a model without layers'}")
    return found
