"""Owns `parity check SPEC --realization torch=package.module:build` if `build` gives an ordinary model of the framework, not a
realization of the protocol. The model is judged against the spec as `parity compare` judges models against each other.

It refuses to judge in another way than compare does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from parity.errors import UsageError
from parity.execution import frameworks, own_path
from parity.execution.launcher import isolation, supervisor_client
from parity.execution.launcher.environments import Unavailable, installed
from parity.execution.launcher.supervisor_client import NoAnswer, Surroundings
from parity.execution.own_model.model_client import SECONDS, Crashed
from parity.execution.worker.target_kind import FORM, MODEL, REFUSED
from parity.trials import selection
from parity.verbs import compare as comparing
from parity.verbs.compare.printing import ComparedPair
from parity.verbs.result_files import Places


def among(own: Mapping[str, str]) -> dict[str, str]:
    """Those that build a model of the user's own. One whose framework is not here, or that cannot be imported, is none. Raises
    UsageError for a name that is not there."""
    return {name: target for name, target in own.items() if name in frameworks.names() and _form(name, target) == MODEL}


def _form(framework: str, target: str) -> str:
    try:
        interpreter = installed(framework).interpreter
    except Unavailable:
        return ""
    with supervisor_client.folder("parity-form-") as place:
        variables = isolation.variables(place, frameworks.environment(framework), python_path=own_path.of_caller())
        surroundings = Surroundings(variables, isolation.working_directory(place), place / "worker.log", grace=0.0)
        command = [str(interpreter.absolute()), "-m", "parity.execution.worker.target_kind", target]
        try:
            returncode, said = supervisor_client.ask(command, surroundings, SECONDS)
            table = supervisor_client.table(said) if returncode == 0 else {}
        except NoAnswer:  # whoever runs it will say why
            return ""
    if REFUSED in table:
        raise UsageError(f"{framework}={target}: {table[REFUSED]}")
    return str(table.get(FORM, ""))


def compared(specs: Sequence[str], models: Mapping[str, str], *, size: str, seed: int, map_path: Path) -> list[ComparedPair]:
    """Compares every model with every spec. Each spec must be an architecture. Raises SpecError, UsageError, Crashed."""
    selected = selection.select(specs)
    names = [spec.name for spec in selected.architectures]
    if not names or len(names) < len(set(specs)) or len(models) > comparing.MODELS - 1:
        raise UsageError(f"{' '.join(specs)}: a model of one's own is held against architectures alone, at most two at once")
    compared_pairs: list[ComparedPair] = []
    for word, name in zip(specs, names, strict=False):
        sides = [f"spec={word if Path(word).suffix else name}", *(f"{label}={target}" for label, target in models.items())]
        compared_pairs += comparing.compare(sides, size=size, seed=seed, map_path=map_path)
    return compared_pairs


def main(specs: Sequence[str], models: Mapping[str, str], size: str, seed: int, places: Places) -> int:
    """The verb's part: prints what compare prints, writes the files asked for, returns the exit status."""
    try:
        compared_pairs = compared(specs, models, size=size, seed=seed, map_path=Path("weights-map.yaml"))
    except Crashed as error:
        sides = [*(f"spec={spec}" for spec in specs), *(f"{name}={target}" for name, target in models.items())]
        return comparing.crashed(error, sides, places, seed)
    return comparing.print_findings(compared_pairs, places, seed)
