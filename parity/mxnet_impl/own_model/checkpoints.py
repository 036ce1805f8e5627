"""Owns how a user's gluon block gets the weights of a `.params` file, which is measured before MXNet reads it.

It refuses a file that is not whole, and one that does not fit the block.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parity.execution.own_target import Mistyped
from parity.mxnet_impl import params
from parity.mxnet_impl.device import mxnet

KINDS = ("arg:", "aux:")
"""What checkpoints of symbols put before the names."""


def load(block: Any, file: Path) -> None:
    """Raises Mistyped where the file cannot be read so, or does not fit."""
    try:
        params.check(file.read_bytes())
        loaded = mxnet.nd.load(str(file))
    except (ValueError, mxnet.MXNetError) as error:
        raise Mistyped(f"{file} is no whole file of MXNet's parameters: {' '.join(str(error).split())[:300]}") from error
    arrays = {_bare(name): item for name, item in (loaded.items() if isinstance(loaded, dict) else ())}
    named = block._collect_params_with_prefix()
    own = {
        **named,
        **{
            collect_param.name: collect_param
            for collect_param in block.collect_params().values()
            if collect_param.name not in named
        },
    }
    held = {name: own[name] for name in arrays if name in own}
    if over := [name for name in arrays if name not in own]:
        raise Mistyped(f"{file} does not fit the block: it has no parameter `{over[0]}`")
    if lacking := [name for name, item in own.items() if all(item is not other for other in held.values())]:
        raise Mistyped(f"{file} does not fit the block: it lacks `{lacking[0]}`")
    for name, item in held.items():
        if tuple(arrays[name].shape) != tuple(item.shape):
            raise Mistyped(
                f"{file} does not fit the block: {name} is {arrays[name].shape}, and {tuple(item.shape)} in the block"
            )
        item.set_data(arrays[name].astype(item.dtype))


def _bare(name: str) -> str:
    return next((name.removeprefix(kind) for kind in KINDS if name.startswith(kind)), name)
