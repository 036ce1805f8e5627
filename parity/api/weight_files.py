"""Owns the functions that move weights and models: weights_import, weights_export, weights_check, export.

It refuses to convert: the verbs do.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.api.call_text import call
from parity.documents.results import Checked
from parity.documents.table_results import Written
from parity.spec import specs as language
from parity.trials import collected, selected_frameworks
from parity.trials.options import words
from parity.verbs import export as exporting
from parity.verbs import terminal, weights


def weights_import(
    spec: str, file: str | Path, framework: str, *, output: str | Path = Path("weights"), size: str = "small"
) -> Written:
    """A neutral file of weights to the native files of a framework, each with its checksum beside it.

    Parameters:
        spec: the architecture. file: a .npz with the spec's names and layouts.
        framework: one that trains. output: the folder. size: of the architecture.

    Returns:
        The files.

    Raises:
        UsageError: the weights are not the spec's, or do not survive the way through the format bit for bit.

    Example:
        >>> import parity
        >>> parity.weights_import("mlp", "mlp.npz", "torch").files[0].name
        'weights.pt'
    """
    return Written(files=tuple(weights.native_of(spec, Path(file), framework, Path(output), size)))


def weights_export(
    spec: str,
    native: str | Path | Sequence[str | Path],
    framework: str,
    *,
    output: str | Path = Path("weights.npz"),
    size: str = "small",
) -> Written:
    """Native files of a framework to one neutral .npz, float32, with the spec's names and layouts.

    Parameters:
        spec: the architecture. native: the files, named as `weights_import` names them.
        framework: whose they are. output: the neutral file. size: of the architecture.

    Returns:
        The file.

    Raises:
        UsageError: a file is damaged, or its arrays are not the spec's.

    Example:
        >>> import parity
        >>> parity.weights_export("mlp", "weights/weights.pt", "torch", output="again.npz").files[0].name
        'again.npz'
    """
    files = [Path(native)] if isinstance(native, (str, Path)) else [Path(path) for path in native]
    with terminal.heard() as said:
        weights.to_neutral(spec, files, framework, Path(output), size)
    return Written(files=(Path(output),), said=tuple(said))


def weights_check(specs: str | Sequence[str] = (), *, frameworks: str | Sequence[str] = ()) -> Checked:
    """Drawn weights of architectures, small, through each framework's format and back, bit for bit.

    Parameters:
        specs: architectures; without names all of them. frameworks: as in `check`.

    Returns:
        A case an architecture and framework; `exact` where every bit came back.

    Raises:
        SpecError: a spec has mistakes. UsageError: no architecture.

    Example:
        >>> import parity
        >>> parity.weights_check("mlp", frameworks="torch").verdict
        'exact'
    """
    named = words(specs) or tuple(language.names("architectures"))
    judged = weights.round_trips(named, selected_frameworks.that_train(words(frameworks)))
    return collected.checked(judged, call(weights_check, "weights_check", (specs,), {"frameworks": frameworks}))


def export(
    spec: str,
    onnx: str | Path,
    *,
    weights_file: str | Path | None = None,
    opset: int | None = None,
    network: str | None = None,
    size: str = "full",
    seed: int = 0,
) -> Written:
    """An architecture and its weights as an ONNX model, checked, with a batch of any size.

    Parameters:
        spec: the architecture. onnx: the file that is written.
        weights_file: a neutral .npz; None takes initial values.
        seed: of those that are drawn, from 0.
        opset: of ONNX's operators; None is 17. network: one of a spec of several. size: of the architecture.

    Returns:
        The file.

    Raises:
        UsageError: ONNX cannot say an op, the weights are not the spec's, or the environment `onnx` is not built.

    Example:
        >>> import parity
        >>> parity.export("mlp", "mlp.onnx", size="small").files[0].name
        'mlp.onnx'
    """
    place = None if weights_file is None else Path(weights_file)
    with terminal.heard() as said:
        exporting.to_onnx(spec, Path(onnx), place, opset, size, seed, network)
    return Written(files=(Path(onnx),), said=tuple(said))
