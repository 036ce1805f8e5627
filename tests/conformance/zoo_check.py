"""One model of a framework's own zoo and its realization from a spec, with the same weights on the same images, in float64.

    python tests/conformance/zoo_check.py keras resnet50 GRAPH.json OUTPUTS.npz

runs in the framework's environment and writes the outputs of both, and how many numbers the zoo's model holds. Weights go over
in the order of layers, each shape checked. It refuses to compare the outputs: test_model_zoo does, in the harness.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import zoo_values
from zoo_values import BATCH, CLASSES, Array

from parity.spec.cases import Case
from parity.spec.graph import Graph, Node

KERAS = {
    "densenet121": "DenseNet121",
    "inception_v3": "InceptionV3",
    "mobilenet_v2": "MobileNetV2",
    "resnet50": "ResNet50",
    "vgg16": "VGG16",
}
MXNET = {
    "alexnet": "alexnet",
    "densenet121": "densenet121",
    "inception_v3": "inception_v3",
    "mobilenet_v2": "mobilenet_v2_1_0",
    "resnet50": "resnet50_v1",
    "squeezenet1_0": "squeezenet1_0",
    "vgg16": "vgg16",
}

ALONE = {"aux_logits": False, "init_weights": False}
TORCH: dict[str, tuple[str, dict[str, Any]]] = {
    "googlenet_batch_norm": ("googlenet", ALONE),
    "inception_v3": ("inception_v3", ALONE),
}
"""What torchvision calls it, and what it must be told; the others have the spec's name, and are told nothing."""
OPERATORS = ("deform_conv2d", "nms", "ps_roi_align", "ps_roi_pool", "qnms", "roi_align", "roi_pool")


def keras_outputs(model: str, graph: Graph, weights: Mapping[str, Array], images: Array) -> tuple[Array, int]:
    """keras.applications: channels last, a dense kernel's inputs in the order of the image's axes."""
    keras = import_module("keras")
    keras.config.set_floatx("float64")
    _, height, width = graph.inputs[0].shape
    settings = {"weights": None, "classes": CLASSES, "classifier_activation": None, "input_shape": (height, width, 3)}
    zoo = getattr(keras.applications, KERAS[model])(**settings)
    theirs = sorted((layer for layer in zoo.layers if layer.weights), key=KEYS.get(model, lambda layer: 0))
    ours = zoo_values.layers(graph)
    for layer, node in zip(theirs, ours, strict=True):
        names = (*node.parameters.values(), *node.statistics.values())
        layer.set_weights([keras_layout(graph, node, weights[name]) for name in names])
    outputs = zoo(images.transpose(0, 2, 3, 1), training=False)
    return keras.ops.convert_to_numpy(outputs), zoo.count_params()


def keras_layout(graph: Graph, node: Node, array: Array) -> Array:
    if array.ndim == 4 and node.attributes["groups"] > 1:
        return array.transpose(2, 3, 0, 1)
    if array.ndim == 4:
        return array.transpose(2, 3, 1, 0)
    if array.ndim == 2:
        channels, height, width = image_before(graph, node)
        return array.reshape(-1, channels, height, width).transpose(2, 3, 1, 0).reshape(-1, len(array))
    return array


def image_before(graph: Graph, node: Node) -> tuple[int, ...]:
    """The image that a dense layer's inputs were flattened from; one pixel where they never were an image."""
    source = node.inputs["x"]
    before = [one for one in graph.nodes if one.name == source and one.op == "flatten"]
    shape = graph.value_shapes()[str(before[0].inputs["x"] if before else source)]
    return shape if before else (*shape, 1, 1)


def numbered(layer: Any) -> tuple[int, ...]:
    """conv2d_7 and batch_normalization_7 belong together, in the order in which inception_v3 made them."""
    number = re.fullmatch(r"(conv2d|batch_normalization)_?(\d*)", layer.name)
    return (int(number[2] or 0), number[1] != "conv2d") if number else (1_000,)


def placed(layer: Any) -> tuple[int, ...]:
    """conv2_block1_0_conv is the shortcut of resnet50's second stage, which the spec names last in its block."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", layer.name))
    if layer.name == "predictions":
        return (1_000,)
    last = () if len(numbers) < 3 else (numbers[2] or 4,)
    return (*numbers[:2], *last, int(layer.name.endswith("bn")))


KEYS = {"inception_v3": numbered, "resnet50": placed}
"""How layers are sorted where a model branches; the others are chains, and stand in order."""


def mxnet_outputs(model: str, graph: Graph, weights: Mapping[str, Array], images: Array) -> tuple[Array, int]:
    """mxnet.gluon.model_zoo.vision: channels first, as the spec."""
    mxnet = import_module("parity.mxnet_impl.device").mxnet
    zoo = getattr(import_module("mxnet.gluon.model_zoo.vision"), MXNET[model])(classes=CLASSES)
    zoo.initialize()
    zoo.cast("float64")
    batch = mxnet.nd.array(images, dtype="float64")
    zoo(batch).wait_to_read()  # shapes are known from here on
    theirs = list(zoo.collect_params().values())
    for parameter, (_, name, _) in zip(theirs, zoo_values.entries(graph), strict=True):
        if tuple(size for size in parameter.shape if size > 1) != tuple(size for size in weights[name].shape if size > 1):
            raise ValueError(f"{parameter.name} has shape {parameter.shape}, {name} {weights[name].shape}")
        parameter.set_data(mxnet.nd.array(weights[name].reshape(parameter.shape), dtype="float64"))
    return zoo(batch).asnumpy(), sum(int(np.prod(parameter.shape)) for parameter in theirs)


def torch_outputs(model: str, graph: Graph, weights: Mapping[str, Array], images: Array) -> tuple[Array, int]:
    """torchvision.models: the spec's layouts. Its state dict holds every layer's parameters, then its statistics."""
    torch = import_module("torch")
    name, told = TORCH.get(model, (model, {}))
    zoo = getattr(torchvision(torch).models, name)(weights=None, num_classes=CLASSES, **told).double().eval()
    theirs = {name: tensor for name, tensor in zoo.state_dict().items() if tensor.is_floating_point()}
    with torch.no_grad():
        for (name, tensor), (_, ours, shape) in zip(theirs.items(), zoo_values.entries(graph), strict=True):
            if tuple(tensor.shape) != shape:
                raise ValueError(f"{name} has shape {tuple(tensor.shape)}, {ours} {shape}")
            tensor.copy_(torch.from_numpy(weights[ours]))
        outputs = zoo(torch.from_numpy(images)).numpy()
    return outputs, sum(tensor.numel() for tensor in theirs.values())


def torchvision(torch: Any) -> Any:
    """The package, installed without its dependencies: its wheel is compiled for CUDA, and its compiled operators, which no
    classification model calls, cannot load beside torch's build for the CPU. Their names must exist where it is imported."""
    operators = torch.library.Library("torchvision", "DEF")
    for name in OPERATORS:
        operators.define(f"{name}(Tensor x) -> Tensor")
    package = import_module("torchvision")
    package.kept = operators  # a library that is collected takes its definitions along
    return package


def realized(framework: str, graph: Graph, weights: Mapping[str, Array], images: Array) -> Array:
    implementation = import_module(f"parity.{framework}_impl.framework").Implementation()
    case = Case(graph.name, "agreement", "float64", mode="eager", graph=graph, batch_size=BATCH, activations=False)
    realization = implementation.realize(case)
    realization.set_parameters(weights)
    batch = realization.place({graph.inputs[0].name: images})
    found: Array = realization.forward(batch, training=False).values[graph.outputs[0]]
    return found


def main(framework: str, model: str, graph_file: str, out: str) -> None:
    graph = Graph.from_json(json.loads(Path(graph_file).read_text(encoding="utf-8")))
    weights, images = zoo_values.weights(graph), zoo_values.images(graph)
    outputs, count = {"keras": keras_outputs, "mxnet": mxnet_outputs, "torch": torch_outputs}[framework](
        model, graph, weights, images
    )
    np.savez(out, zoo=outputs, realized=realized(framework, graph, weights, images), count=count)


if __name__ == "__main__":
    main(*sys.argv[1:])
