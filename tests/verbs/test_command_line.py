"""The command line against its contract (docs/design.md): what is asked wrongly, what the system refuses, what is told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parity.cli import CLOSED, status
from parity.documents import schema
from parity.errors import UsageError
from parity.execution.outcomes import headline
from parity.execution.records import Record
from parity.spec import specs
from parity.spec.mistakes import SpecError
from parity.trials import collected, report_rows, session, suites
from parity.trials.session import JudgedTrial
from parity.trials.trial import Options, Trial
from parity.verbs.check import CheckCall, again, check

RIGHT = "torch=reference_framework:Implementation"
ONE = ("mlp", "--realization", RIGHT, "--dtype", "float64", "--no-nodes")


NAMES = {"tensorflow": "keras", "tf": "keras", "tf.keras": "keras", "pytorch": "torch", "Torch": "torch", "flax": "jax"}
NAMES |= {"optax": "jax", "gluon": "mxnet", "mx": "mxnet", "onnxruntime": "onnx", "kears": "keras"}
"""What people call a framework -> its name here."""


@pytest.fixture
def place(tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store; the fakes' folder is the working directory, and torch's interpreter is this one."""
    monkeypatch.chdir(fakes)
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "mlp", "--dtype", "float65"), "there is no precision `float65`; there are float64, float32"),
        (("check", "mlp", "--dtype", "bfloat16"), "there is no precision `bfloat16`"),
        (("check", "mlp", "--mode", "compield"), "there is no mode `compield`"),
        (("check", "mlp", "--device", "gpuu"), "there is no device `gpuu`; there are cpu, gpu, tpu; did you mean `gpu`?"),
        (("check", "mlp", "--size", "lesson"), "no size `lesson`; there are full, small"),
        (("check", "mlp", "--size", ""), "no size ``; there are full, small"),
        (("check", "adam", "--size", "nonsense"), "adam: no architecture, so there is no size `nonsense`"),
        (("show", "adam", "--size", "nonsense"), "adam is no architecture, so there is no size `nonsense`"),
        (("compare", RIGHT, RIGHT, "--size", "small"), "--size small is of `spec=NAME`"),
        (("bench", "mlp", "--mode", "compield"), "did you mean `compiled`?"),
        (("check", "mlp", "-f", "keras", "--realization", RIGHT), "torch is not asked: add --framework torch"),
        (("check", "mlp", "--dtype", "double"), "did you mean `float64`?"),
        (("check", "mlp", "--dtype", "FP32"), "did you mean `float32`?"),
        (("check", "mlp", "--device", "cuda"), "did you mean `gpu`?"),
        (("bench", "mlp", "--mode", "graph"), "did you mean `compiled`?"),
        *((("check", "mlp", "-f", word), f"did you mean `{name}`?") for word, name in NAMES.items()),
        (("compare", "pytorch=a:b", "torch=a:c"), "did you mean `torch`?"),
        (("list", "architecture"), "no kind or family `architecture`; did you mean `architectures`?"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_a_word_without_meaning_is_a_mistake_and_never_green(
    place: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    assert status([*words, *(() if words[0] in ("list", "show", "compare") else ("--store", str(place / "store")))]) == 2
    assert told in capfd.readouterr().err


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("tensorflow.keras.optimizers.Adam", "did you mean `keras=tensorflow.keras.optimizers.Adam`?"),
        ("pytorch=mine:Mine", "did you mean `torch=mine:Mine`?"),
        ("mine.optimizers.Mine", "Write FRAMEWORK=mine.optimizers.Mine with one of"),
    ],
)
def test_whose_an_object_is_is_asked_with_what_was_meant(target: str, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["fingerprint", target]) == 2
    assert told in capfd.readouterr().err


def test_one_word_may_stand_for_a_list_and_a_path_be_a_text(place: Path) -> None:
    (one,) = check("mlp", dtypes="float64", devices="cpu", nodes=False, realizations=RIGHT, store=str(place / "store"))
    assert one.verdict == "agrees"
    with pytest.raises(UsageError, match="there is no precision `half`"):
        check("mlp", dtypes="half")


def test_every_size_that_a_spec_names_can_be_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    """Else the command that `check` tells for a case of it would be refused."""
    assert status(["show", "cyclegan", "--size", "quarter"]) == 0
    assert "64×64×64" in capfd.readouterr().out  # of the first convolution; 64×256×256 at full size


def judged(**change: str) -> JudgedTrial:
    case = replace(Options().case("mine", "float64"), **change)  # type: ignore[arg-type]
    return JudgedTrial(
        Trial(case, {}, lambda _: [], ""), "torch", Record("0" * 64, case.id, "torch", "ran", "float64"), [], Path()
    )


def test_the_command_told_names_the_users_own_files_realization_and_store() -> None:
    called = CheckCall({"mine": "my nets/mine.yaml"}, ("torch=my.module:Mine", "keras=other:Mine"), Path("a store"))
    told = again(judged(mode="compiled[xla]"), called=called)
    assert told == (
        "parity check 'my nets/mine.yaml' --framework 'torch' --dtype float64 --mode 'compiled[xla]' "
        "--realization torch=my.module:Mine --store 'a store' --case 'mine/none/none/float64/cpu/compiled[xla]/seed0'"
    )


def test_the_command_told_for_a_network_of_ones_own_selects_the_case(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = (specs.folder() / "architectures/lenet.yaml").read_text().replace("name: lenet", "name: my_lenet")
    (place / "mine.yaml").write_text(text)
    words = ["--realization", "torch=planted:Implementation", "--store", str(place / "store")]
    assert status(["check", str(place / "mine.yaml"), "--dtype", "float64", *words]) == 1
    line = next(line for line in capfd.readouterr().out.splitlines() if "again:" in line and "sigmoid_2" in line)
    assert status(line.partition("parity ")[2].replace("'", "").split()) == 1
    assert "1 cases × frameworks: 1 differs" in capfd.readouterr().out


@pytest.mark.parametrize("option", ["--store", "--json", "--junit"])
def test_a_place_that_cannot_be_written_is_told_in_a_sentence(
    place: Path, capfd: pytest.CaptureFixture[str], option: str
) -> None:
    (place / "file").write_text("")
    given = {"--store": str(place / "store"), option: str(place / "file/below")}
    assert status(["check", *ONE, *(word for pair in given.items() for word in pair)]) == 2
    error = capfd.readouterr().err
    assert str(place / "file") in error and "name another place" in error and "Traceback" not in error


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no device that is always full")
def test_a_full_disk_leaves_a_run_incomplete(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["check", *ONE, "--store", str(place / "store"), "--json", "/dev/full"]) == 3
    assert "No space left on device; what was recorded is kept" in capfd.readouterr().err
    assert Path("/dev/full").is_char_device()


def test_results_go_through_a_link_and_into_a_pipe_and_replace_neither(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "file").write_text("old")
    text = schema.spelled(collected.checked([]))
    report_rows.replace(tmp_path / "link", text)
    assert (tmp_path / "link").is_symlink() and "schema_version" in (tmp_path / "file").read_text()
    report_rows.reach(tmp_path / "link", tmp_path / "new/file", None)
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    report_rows.replace(tmp_path / "pipe", text)
    assert (tmp_path / "pipe").is_fifo() and b"schema_version" in os.read(reader, 1 << 16)
    os.close(reader)


def test_who_reads_no_further_is_not_told_that_something_differs() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        done = subprocess.run([sys.executable, "-m", "parity", "list"], stdout=gone, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (CLOSED, b"")


SUITE = """name: mine
entries:
  - {task: agreement, specs: [mlp], frameworks: [caffe]}
  - {task: agreement, specs: [lenett, quick, mlp], modes: [fast], dtypes: [bfloat16], size: huge}
  - {task: training, specs: [mlp], dataset: digit, optimizer: adamm, initializer: glorot}
"""


def test_a_suite_is_checked_to_its_end_before_anything_runs(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (place / "suite.yaml").write_text(SUITE)
    with pytest.raises(SpecError) as caught:
        suites.check(specs.load(str(place / "suite.yaml")))  # type: ignore[arg-type]
    told = [(mistake.line, mistake.message.split(";")[0]) for mistake in caught.value.mistakes]
    assert told == [
        (3, "there is no framework 'caffe'"),
        (4, "no spec is called `lenett`"),
        (4, "nothing selected by quick"),
        (4, "there is no mode `fast`"),
        (4, "there is no precision `bfloat16`"),
        (4, "mlp has no size `huge`"),
        (5, "no dataset `digit`"),
        (5, "no optimizer `adamm`"),
        (5, "no initializer `glorot`"),
    ]
    assert status(["run", str(place / "suite.yaml"), "--store", str(place / "store"), "-o", str(place / "out")]) == 2
    assert not (place / "store").exists()


@pytest.mark.parametrize("name", specs.names("suites"))
def test_the_suites_of_the_package_ask_for_what_there_is(name: str) -> None:
    suites.check(specs.load(f"suites/{name}"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("", ""),
        ("one\ntwo", "one"),
        ("it last printed:\nTraceback\n  No module named 'numpy'", "it last printed: No module named 'numpy'"),
        ("alone:", "alone:"),
    ],
)
def test_the_one_line_of_a_reason_is_the_one_that_says_most(reason: str, expected: str) -> None:
    assert headline(reason) == expected


def test_an_interruption_ends_every_job_and_starts_no_other(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaving the threads waits for them: a job that is not told runs on to its end, for hours."""
    begun, told = [], []

    def launch(directory: Path, *_: object, stop: Callable[[], bool], **__: object) -> list[Record]:
        begun.append(directory.name)
        if directory.name == "torch-float64":
            raise KeyboardInterrupt
        deadline = time.monotonic() + 60
        while not stop() and time.monotonic() < deadline:
            os.sched_yield()
        told.append(stop())
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "launch", launch)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with pytest.raises(KeyboardInterrupt):
        check("mlp", dtypes=["float64", "float32"], nodes=False, realizations=RIGHT, store=place / "store")
    assert "torch-float64" in begun and told == [True] * (len(begun) - 1)


def _truncated(path: Path) -> None:
    np.savez(path, a=np.zeros(100))
    path.write_bytes(path.read_bytes()[:-40])


def _one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


HARMED: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("name: lenet\n"),
    "empty": lambda path: path.write_bytes(b""),
    "truncated": _truncated,
    "one array": _one_array,
    "pickle": lambda path: np.savez(path, a=np.array([{}], dtype=object)),
}


@pytest.mark.parametrize("kind", HARMED)
def test_a_file_that_holds_no_weights_is_a_mistake(tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str) -> None:
    HARMED[kind](tmp_path / "weights.npz")
    assert status(["weights", "import", "lenet", str(tmp_path / "weights.npz"), "-f", "torch", "-o", str(tmp_path)]) == 2
    error = capfd.readouterr().err
    assert (
        "does not fit lenet" if kind == "pickle" else "weights.npz is no .npz of weights"
    ) in error and "pickle" not in error
