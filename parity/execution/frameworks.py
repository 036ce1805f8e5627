"""Owns the table of frameworks: name -> package and variants. One line per framework.

It refuses to import a framework (`implementations.py` does), and to guess names that the table does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

FRAMEWORK, DEFAULTS, FINGERPRINT, OWN_MODEL = "framework", "atlas.defaults", "fingerprint", "own_model.observation"
CHAPTERS = (
    *("normalization", "convolution", "convolution_windows", "convolution_shapes", "activations", "recurrent", "attention"),
    *("initializers", "initializers_fans", "training", "optimizers", "optimizers_steps", "optimizers_schedules"),
    *("losses_reductions", "losses", "kinks", "numerics", "numerics_arithmetic"),
)
"""Files of the atlas, the same in `parity/atlas/`, which asks, and in an implementation's `atlas/`, which answers."""
CHECKPOINTS = "own_model.checkpoints"
ANSWERS, REMEDIES = tuple(f"atlas.{name}" for name in (*CHAPTERS, "measured_defaults")), "atlas.remedies"
LOADED = (FRAMEWORK, DEFAULTS, *ANSWERS, REMEDIES, FINGERPRINT)
"""Names of an implementation's modules that the worker imports (`worker/implementations.py`)."""

ATLAS, FINGERPRINTS, OWN_MODELS = "atlas", "fingerprint", "own_model"
FEATURES = {ATLAS: (DEFAULTS, *ANSWERS, REMEDIES), FINGERPRINTS: (FINGERPRINT,), OWN_MODELS: (OWN_MODEL, CHECKPOINTS)}
"""Feature -> the modules of an implementation that offer it: answers to the questions of the atlas, drivers of native objects,
the observation of a user's own models and the reading of their files of weights. Each may be left out."""

NAME = re.compile(r"(?P<framework>[a-z0-9_]+)(\[(?P<variant>[a-z0-9_]+)\])?")
RELEASE = re.compile(r"[0-9]+(\.[0-9A-Za-z]+)*(\+[0-9A-Za-z.]+)?")
LONGEST_RELEASE = 40


@dataclass(frozen=True)
class Variant:
    """One way to have a framework. environment: variables that must be set before the framework is imported.

    default: whether it runs if the user names no framework; if False, its environment is built only when it is named.
    lacks: the features of the framework that this variant does not offer.
    colour: the colour of its lines in figures; "" for the framework's.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    default: bool = True
    lacks: tuple[str, ...] = ()
    colour: str = ""


@dataclass(frozen=True)
class FrameworkEntry:
    """A framework: its implementation's package, and its variants. A name without a variant means the first variant.

    words: other names that people use for it, for "did you mean".
    trains: False if it can only run models forward. Such a framework runs only if it is named, and is judged by its forward
    passes in evaluation mode (parity.trials.trial.forward_only).
    features: the keys of FEATURES that it offers; a verb that needs another feature refuses the framework. A variant may lack
    some of them.
    colour: the colour of its lines in figures.
    distribution: the installed package whose version is the framework's; "" if it has the framework's name.
    """

    package: str
    variants: tuple[Variant, ...]
    words: tuple[str, ...] = ()
    trains: bool = True
    features: tuple[str, ...] = tuple(FEATURES)
    colour: str = "#6b4c9a"
    distribution: str = ""


KERAS = (
    Variant("tensorflow", {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}),
    Variant("jax", {"KERAS_BACKEND": "jax"}, default=False, lacks=(OWN_MODELS, FINGERPRINTS), colour="#8c564b"),
    Variant("torch", {"KERAS_BACKEND": "torch"}, default=False, lacks=(OWN_MODELS, FINGERPRINTS), colour="#d4668f"),
)
TABLE = {
    "keras": FrameworkEntry("parity.keras_impl", KERAS, ("tensorflow", "tf", "tf.keras"), colour="#c23b22"),
    "torch": FrameworkEntry("parity.torch_impl", (Variant("torch"),), ("pytorch", "torchvision"), colour="#e08e0b"),
    "mxnet": FrameworkEntry("parity.mxnet_impl", (Variant("mxnet"),), ("gluon", "mx"), colour="#2a6fb0"),
    "jax": FrameworkEntry("parity.jax_impl", (Variant("jax", default=False),), ("flax", "nnx", "optax"), colour="#2f8f5b"),
    "mindspore": FrameworkEntry(
        "parity.mindspore_impl", (Variant("mindspore", default=False),), ("ms", "mindspore-cpu"), features=(), colour="#0b7a75"
    ),
    "onnx": FrameworkEntry(
        *("parity.onnx_impl", (Variant("onnxruntime"),), ("onnxruntime", "ort")),
        trains=False,
        features=(),
        distribution="onnxruntime",
    ),
}


def find(name: str) -> tuple[str, FrameworkEntry, Variant]:
    """`torch`, or `NAME[VARIANT]` for a framework with several variants -> framework, its entry, the variant.

    `@RELEASE` may stand behind either (`split_release`). Raises ValueError, which lists the names in the table, for any other
    name.
    """
    asked, (name, release) = name, split_release(name)
    if release is not None and (len(release) > LONGEST_RELEASE or not RELEASE.fullmatch(release)):
        raise ValueError(f"{asked[:80]!r}: {release[:LONGEST_RELEASE]!r} is no release: write one as in {name}@2.12.1")
    match = NAME.fullmatch(name)
    if match and match["framework"] in TABLE:
        entry = TABLE[match["framework"]]
        wanted = match["variant"] or entry.variants[0].name
        for variant in entry.variants:
            if variant.name == wanted:
                return match["framework"], entry, variant
    close = f"; did you mean `{meant(name)}`?" if meant(name) else ""
    raise ValueError(f"there is no framework {name!r}; there are {', '.join(names())}{close}")


def split_release(name: str) -> tuple[str, str | None]:
    """`torch@2.12.1` -> torch, 2.12.1; `keras[jax]@3.12.0` -> keras[jax], 3.12.0; `torch` -> torch, None: the pinned release.

    The whole name, with its release, is the name of the framework's column, of its records and of its environment.
    """
    name, separator, release = name.partition("@")
    return name, release if separator else None


def in_table(name: str) -> bool:
    """Whether the table holds the framework, of whatever release. What it lacks may belong to a user's own realization."""
    return split_release(name)[0] in names()


def distribution(name: str) -> str:
    """The installed package whose version is the framework's, such as `onnxruntime` for `onnx`."""
    framework, entry, _ = find(name)
    return entry.distribution or framework


def meant(name: str) -> str:
    """The framework that a word (`tensorflow`, `Torch`, `kears`) probably means; "" if none is near."""
    word = split_release(name)[0].partition("[")[0].lower()
    called = [name for name, entry in TABLE.items() if word in (name, *entry.words)]
    near = get_close_matches(word, [label for name, entry in TABLE.items() for label in (name, *entry.words)], 1)
    return (called or near or [""])[0]


def names() -> tuple[str, ...]:
    """Every framework, and every further variant of a framework that has several."""
    columns = []
    for name, entry in TABLE.items():
        columns += [name, *(f"{name}[{variant.name}]" for variant in entry.variants[1:])]
    return tuple(columns)


def training(every: bool = False) -> tuple[str, ...]:
    """The names of the frameworks that train and are run by default. every: also those that run only if they are named."""
    return tuple(name for name in names() if trains(name) and (every or find(name)[2].default))


def colour(name: str) -> str:
    """The colour of a framework's lines in figures: the variant's own, or the framework's."""
    _, entry, variant = find(name)
    return variant.colour or entry.colour


def offers(name: str, feature: str) -> bool:
    """Whether a framework of the table has a feature of FEATURES."""
    _, entry, variant = find(name)
    return feature in entry.features and feature not in variant.lacks


def trains(name: str) -> bool:
    """Whether a framework trains. A name that the table lacks belongs to a user's own realization, which does."""
    return not in_table(name) or find(name)[1].trains


def environment(name: str, realization: str | None = None) -> Mapping[str, str]:
    """The variables that must be set before a framework is imported; none for a user's own realization that the table lacks."""
    if realization is not None and not in_table(name):
        return {}
    return find(name)[2].environment
