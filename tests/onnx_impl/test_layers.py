"""The table of ONNX emitters has a line for every op. Read from its source: the harness has no onnx."""

from __future__ import annotations

import ast
from pathlib import Path

from parity.ops import TABLE

LAYERS = Path(__file__).parents[2] / "parity" / "onnx_impl" / "layers.py"


def emitters() -> dict[str, str]:
    """Op -> the source of its emitter."""
    for node in ast.parse(LAYERS.read_text()).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "EMITTERS" and isinstance(node.value, ast.Dict):
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return {str(ast.literal_eval(key)): ast.unparse(value) for key, value in pairs if key is not None}
    raise AssertionError("layers.py has no table EMITTERS")


def test_every_op_has_an_emitter_or_a_refusal() -> None:
    assert set(emitters()) == set(TABLE)


def test_losses_alone_are_refused() -> None:
    from parity.ops import LOSSES

    refused = {op for op, emitter in emitters().items() if emitter == "of_training"}
    assert refused == {*LOSSES, "mean", "weighted_sum"}
