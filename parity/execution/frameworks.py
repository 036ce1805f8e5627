"""Owns the table of frameworks: name -> package and variants. One line per framework.

It refuses to import any of them (`implementations.py` does), and to guess names that the table does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

FRAMEWORK, DEFAULTS, FINGERPRINT, OWN_MODEL = "framework", "atlas.defaults", "fingerprint", "own_model.observation"
ANSWERS = tuple(
    f"atlas.{name}" for name in ("answers", "edges", "windows", "calls", "steps", "states", "arithmetic", "remedies")
)
LOADED = (FRAMEWORK, DEFAULTS, *ANSWERS, FINGERPRINT)
"""Modules of an implementation that the worker imports by their names (`worker/implementations.py`)."""

ATLAS, FINGERPRINTS, OWN_MODELS = "atlas", "fingerprint", "own_model"
FEATURES = {ATLAS: (DEFAULTS, *ANSWERS), FINGERPRINTS: (FINGERPRINT,), OWN_MODELS: (OWN_MODEL,)}
"""What an implementation may leave out -> the modules that offer it: answers to the questions of the atlas, drivers of native
objects, the observation of a user's own models."""

NAME = re.compile(r"(?P<framework>[a-z0-9_]+)(\[(?P<variant>[a-z0-9_]+)\])?")


@dataclass(frozen=True)
class Variant:
    """One way to have a framework. environment: variables that must be set before its import."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FrameworkEntry:
    """A framework: its implementation's package, and its variants, the first of which is meant where none is named.

    words: what people call it too, for "did you mean".
    default: False where it is asked by name alone; its environment is built when someone asks for it.
    trains: False where it runs models forward and nothing else. Such a framework is asked by name alone, and judged by its
    forward passes in evaluation mode (parity.trials.trial.forward_only).
    features: those of FEATURES that it offers; a verb that needs another refuses the framework. colour: its lines in figures.
    """

    package: str
    variants: tuple[Variant, ...]
    words: tuple[str, ...] = ()
    default: bool = True
    trains: bool = True
    features: tuple[str, ...] = tuple(FEATURES)
    colour: str = "#6b4c9a"


TENSORFLOW = Variant("tensorflow", {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"})
TABLE = {
    "keras": FrameworkEntry("parity.keras_impl", (TENSORFLOW,), ("tensorflow", "tf", "tf.keras"), colour="#c23b22"),
    "torch": FrameworkEntry("parity.torch_impl", (Variant("torch"),), ("pytorch", "torchvision"), colour="#e08e0b"),
    "mxnet": FrameworkEntry("parity.mxnet_impl", (Variant("mxnet"),), ("gluon", "mx"), colour="#2a6fb0"),
    "jax": FrameworkEntry(
        "parity.jax_impl", (Variant("jax"),), ("flax", "nnx", "optax", "jaxlib"), default=False, features=(), colour="#2f8f5b"
    ),
    "onnx": FrameworkEntry("parity.onnx_impl", (Variant("onnxruntime"),), ("onnxruntime", "ort"), trains=False, features=()),
}


def find(name: str) -> tuple[str, FrameworkEntry, Variant]:
    """`torch`, or `NAME[VARIANT]` where a framework has several -> framework, its entry, the variant.

    Raises ValueError with the names there are.
    """
    match = NAME.fullmatch(name)
    if match and match["framework"] in TABLE:
        entry = TABLE[match["framework"]]
        wanted = match["variant"] or entry.variants[0].name
        for variant in entry.variants:
            if variant.name == wanted:
                return match["framework"], entry, variant
    close = f"; did you mean `{meant(name)}`?" if meant(name) else ""
    raise ValueError(f"there is no framework {name!r}; there are {', '.join(names())}{close}")


def meant(name: str) -> str:
    """The framework that a word probably means: `tensorflow`, `Torch`, `kears`; nothing where none is near."""
    word = name.partition("[")[0].lower()
    called = [known for known, entry in TABLE.items() if word in (known, *entry.words)]
    near = get_close_matches(word, [known for one, entry in TABLE.items() for known in (one, *entry.words)], 1)
    return (called or near or [""])[0]


def names() -> tuple[str, ...]:
    """Every framework and, where it has several, every further variant."""
    found = []
    for name, entry in TABLE.items():
        found += [name, *(f"{name}[{variant.name}]" for variant in entry.variants[1:])]
    return tuple(found)


def training(every: bool = False) -> tuple[str, ...]:
    """Those of them that train and are meant where none is named. every: those too that are asked by name alone."""
    return tuple(name for name in names() if trains(name) and (every or find(name)[1].default))


def offers(name: str, feature: str) -> bool:
    """Whether a framework of the table has a feature of FEATURES."""
    return feature in find(name)[1].features


def trains(name: str) -> bool:
    """Whether a framework trains. A name that the table lacks is a realization of one's own, which does."""
    return name not in names() or find(name)[1].trains


def environment(name: str, realization: str | None = None) -> Mapping[str, str]:
    """Variables that must be set before the import. A realization of one's own may bear a name that the table lacks."""
    if realization is not None and name not in names():
        return {}
    return find(name)[2].environment
