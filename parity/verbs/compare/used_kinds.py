"""Owns the question which kinds of layers a model uses: a spec's ops, or the layers of a model of the user's own, traced once.

It refuses to judge: nothing is compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from parity.errors import UsageError
from parity.execution import own_path
from parity.execution.frameworks import OWN_MODELS
from parity.execution.launcher.environments import Unavailable, installed
from parity.execution.own_model.model_client import Conversation, Mistaken
from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.mistakes import short
from parity.spec.specs import Architecture
from parity.trials import selected_frameworks
from parity.verbs.compare import model_tracing
from parity.verbs.compare.printing import DTYPES, ComparedModel
from parity.verbs.terminal.target_arguments import own_realizations


def of_spec(name: str) -> set[str]:
    """The ops of an architecture, those of its losses too."""
    found = specs.load(name)
    if not isinstance(found, Architecture):
        raise UsageError(f"{short(name)} is no architecture and no model: --for lenet, or --for torch=package.module:build")
    return {node.op for node in expand(found, "small").all_nodes()}


def of_model(side: str, inputs: Sequence[str]) -> set[str]:
    """The kinds of the layers of `torch=package.module:build`, by the words that all frameworks share. Raises UsageError where
    the model cannot be had, or nobody says what it takes."""
    ((framework, target),) = own_realizations([side]).items()
    try:
        selected_frameworks.that_train([framework], OWN_MODELS)
        interpreter = installed(framework).interpreter
    except (ValueError, Unavailable) as error:
        raise UsageError(str(error)) from error
    first, second = (Conversation(framework, interpreter, target, dtype, own_path.of_caller(), None) for dtype in DTYPES)
    with first, second:
        model = ComparedModel(framework, framework, target, {DTYPES[0]: first, DTYPES[1]: second})
        try:
            described = first.ask("describe")[0]
            (found,) = model_tracing.traced([model], [described], model_tracing.stated_inputs(inputs))
        except Mistaken as error:
            raise UsageError(str(error)) from error
    return {leaf.kind for leaf in found.structure.leaves}
