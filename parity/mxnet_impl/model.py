"""Owns the programs of a case: a graph's nodes as a Gluon block; programs of one graph share their parameters.

It refuses to know any op: layers.py does. It refuses to train.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.layers import LAYERS
from parity.mxnet_impl.parts import Parts, needed
from parity.mxnet_impl.wiring import Tensor, Use, stretched
from parity.spec.graph import Node, Shape
from parity.spec.graph_facts import mask_inputs

NDArrays = dict[str, Any]
BROADCASTING = frozenset(
    {"add", "multiply", "formula", "squared_error", "absolute_error", "weighted_mean", "weighted_sum", "scan"}
)
"""Ops that broadcast values without a batch; for any other op such a value is first repeated over the batch."""


class Program(mxnet.gluon.HybridBlock):  # type: ignore[misc]
    """A program of nodes. Inputs: the values `takes`. Outputs: the values `gives`, then the moments of batch norms (`seen`)."""

    def __init__(self, parts: Parts, nodes: Sequence[Node], gives: Sequence[str], training: bool) -> None:
        super().__init__(prefix="")
        self._parts, self._training = parts, training
        moving = [node.name for node in nodes if training and node.statistics and not node.evaluate]
        self._nodes, wanted = needed(nodes, [*gives, *moving])
        unread = mask_inputs(node for node in nodes if node.evaluate or not training)
        self.takes = tuple(name for name in parts.sources if name in wanted - unread)
        self.gives = tuple(dict.fromkeys(gives))
        self.seen: list[tuple[str, float]] = []
        for name, block in parts.used(self._nodes).items():
            self.register_child(block, name)

    def hybrid_forward(self, F: Any, *arrays: Tensor) -> list[Tensor]:
        values = dict(zip(self.takes, arrays, strict=False))
        moments: list[tuple[str, float, Tensor]] = []
        self._walk(F, moments)(self._nodes, values, self._parts.shapes)
        self.seen = [(name, share) for name, share, _ in moments]
        outputs = [F.identity(values[name]) if name in self.takes else values[name] for name in self.gives]
        unread = [] if self.takes else [F.identity(arrays[0])]  # a block without inputs can't be called
        return [*outputs, *(tensor for _, _, tensor in moments), *unread]

    def _walk(self, F: Any, moments: list[tuple[str, float, Tensor]]) -> Callable[..., None]:
        def walk(nodes: Iterable[Node], values: NDArrays, shapes: Mapping[str, Shape]) -> None:
            for node in nodes:
                inputs = self._inputs(F, node, values)
                site = self._parts.site(node, shapes)
                training = self._training and not node.evaluate
                use = Use(site, F, inputs, self._parts.block(node), training, walk, moments)
                outputs = LAYERS[node.op].apply(use)
                for suffix in node.outputs:
                    values[node.value(suffix)] = outputs[suffix] if isinstance(outputs, dict) else outputs

        return walk

    def _inputs(self, F: Any, node: Node, values: NDArrays) -> dict[str, Any]:
        sources = [name for name in node.sources() if name in values]  # evaluation has no masks
        whole = values
        batched = [name for name in sources if name not in self._parts.flat]
        if batched and node.op not in BROADCASTING:
            like = values[batched[0]]
            whole = {name: stretched(F, values[name], like) if name in self._parts.flat else values[name] for name in sources}
        if node.body is not None:
            return {name: whole[name] for name in sources}
        return {
            role: whole[source] if isinstance(source, str) else tuple(whole[name] for name in source)
            for role, source in node.inputs.items()
            if not isinstance(source, str) or source in sources
        }
