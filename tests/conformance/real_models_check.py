"""Twelve models as they are written elsewhere, in pairs: `python tests/conformance/real_models_check.py [NAME…]`.

Packages with relative imports and configuration files, arguments, tables and tuples as inputs, outputs that are dataclasses;
in the styles of torchvision, timm, transformers, nanoGPT; Keras with layers of its own and with several inputs; gluon from
symbols. Each pair must start, be mapped, and pass or be told apart with the right cause. Prints a line a pair; exits 1 where
one is told wrongly.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity.judgement.verdicts import PASSING
from parity.verbs.compare import compare
from parity.verbs.compare.printing import lines

MODELS = Path(__file__).parent / "real_models"


@dataclass(frozen=True)
class Pair:
    """Two sides as they are typed in a folder of MODELS, and what must be told; no cause: they agree."""

    sides: tuple[str, str]
    inputs: tuple[str, ...]
    folder: str = "."
    cause: str = ""
    verdict: str = "differs"


BERT = ("input_ids=3x7:0..30", "attention_mask=3x7:0..1", "token_type_ids=3x7:0..1")
BATCH = ("ids.user=3:0..10", "ids.item=3:0..12", "context=3x4", "known=3x1:bool")
VIT = "torch=timm_like/vit.py:create_model?model_name=vit_tiny&drop_path_rate=0.1"
PAIRS = {
    "vision": Pair(("torch=vision:resnet_tiny", "keras=../keras_models/vision.py:resnet_tiny"), ("2x3x24x24",), "vision"),
    "vision, other epsilon": Pair(
        ("torch=vision:resnet_tiny?norm_eps=1e-3", "keras=../keras_models/vision.py:resnet_tiny"),
        ("2x3x24x24",),
        "vision",
        "epsilon: 0.001 in torch bn1 (BatchNorm2d), 1e-05 in keras",
    ),
    "vit": Pair((f"{VIT}&fused_attn=true", f"{VIT}&fused_attn=false"), ("2x3x16x16",)),
    "vit, other epsilon": Pair((VIT, f"{VIT}&norm_eps=1e-5"), ("2x3x16x16",), cause="epsilon: 1e-06 in torch-1 blocks.0.norm1"),
    "encoder": Pair(
        ("torch=modeling_bert.py:from_config", "keras=../keras_models/bert.py:from_config"),
        BERT,
        "transformer_like",
        "row 0 of it gets no gradient in torch, and one in keras (padding_idx of an embedding",
    ),
    "encoder, other gelu": Pair(
        ("torch=modeling_bert.py:from_config", "keras=../keras_models/bert.py:from_config?approximate=true"),
        BERT,
        "transformer_like",
        "activation after encoder.0.intermediate (Linear): gelu (erf) in torch, gelu (tanh)",
    ),
    "tagger": Pair(
        (
            "torch=tagger.py:Tagger?hidden=9&tags=4&bidirectional=true",
            "keras=keras_models/several.py:tagger?hidden=9&tags=4&bidirectional=true",
        ),
        ("tokens=3x6:0..28",),
    ),
    "recommender": Pair(("torch=recommender.py:Recommender", "keras=keras_models/several.py:recommender"), BATCH),
    "segmenter": Pair(
        ("torch=segmenter.py:UNet", "torch=segmenter.py:UNet?slope=0.1"),
        ("pair.0=2x3x8x8", "pair.1=2x1x8x8"),
        cause="slope: 0.2 in torch-1 down1.1 (LeakyReLU), 0.1 in torch-2",
    ),
    "decoder": Pair(("torch=gpt.py:GPT?n_embd=12", "torch=gpt.py:GPT?flash=false&n_embd=12"), ("idx=2x8:0..22",)),
    "symbols": Pair(("mxnet=gluon_models/symbols.py:from_symbols?classes=4", "torch=plain.py:lenet?classes=4"), ("3x3x8x8",)),
    "inputs by name": Pair(("mxnet=gluon_models/symbols.py:Pair", "torch=plain.py:Pair"), ("left=3x4", "right=3x6")),
}


def judged(pair: Pair, map_path: Path, go: Callable[[Any], None]) -> str:
    """What is wrong with what compare tells of a pair; nothing where it is right. go: changes the working directory."""
    go(MODELS / pair.folder)
    (compared,) = compare(pair.sides, inputs=pair.inputs, map_path=map_path)
    told = "\n".join(lines(compared))
    right = (
        compared.verdict in PASSING if not pair.cause else compared.verdict == pair.verdict and f"cause: {pair.cause}" in told
    )
    return "" if right else told


def main(names: Sequence[str]) -> int:
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        for name in names or PAIRS:
            told = judged(PAIRS[name], Path(place, "map.yaml"), os.chdir)
            wrong += bool(told)
            sys.stdout.write(f"{'WRONG' if told else 'right'} {name}\n{told}")
            sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
