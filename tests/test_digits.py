"""examples/digits.py: its gradients are the book's, its runs repeat, its errors are one line."""

import gzip
import importlib.util
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from book import loss_and_gradients
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg

for extra in ("sklearn", "matplotlib", "tqdm"):
    pytest.importorskip(extra)

SCRIPT = Path(__file__).parents[1] / "examples" / "digits.py"
spec = importlib.util.spec_from_file_location("digits", SCRIPT)
digits = importlib.util.module_from_spec(spec)
spec.loader.exec_module(digits)

NAMES = ["W1", "b1", "W2", "b2"]
RESULTS = ["digits-learning.png", "digits-predictions.png", "digits.npz"]
FILES = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
]


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def learnt(out):
    with np.load(out / "digits.npz") as file:
        return {name: file[name] for name in file}


def assert_same(a, b):
    assert list(a) == list(b) == NAMES
    for name in NAMES:
        assert a[name].dtype == b[name].dtype == np.float32
        assert a[name].tobytes() == b[name].tobytes()


# -- the gradients are the book's --------------------------------------------------------------


@given(
    n=st.integers(1, 8),
    n_in=st.integers(1, 20),
    hidden=st.integers(1, 12),
    scale=st.sampled_from([1e-2, 0.3, 3.0]),
    blank=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_gradients_equal_the_books(*, n, n_in, hidden, scale, blank, seed):
    rng = np.random.default_rng(seed)
    net = digits.TwoLayerNet(n_in, hidden, rng=rng, dtype=np.float64)
    for p in net.parameters():
        p.data = scale * rng.standard_normal(p.shape)
    x, labels = rng.uniform(0, 1, (n, n_in)), rng.integers(0, 10, n)
    if blank:  # a hidden unit at the very kink of relu, where both take the derivative 0
        x[0] = 0
        net.b1.data = np.zeros(hidden)
    loss, gradients = loss_and_gradients(net.state_dict(), x, labels)
    out = net.loss(x, labels)
    out.backward()
    np.testing.assert_allclose(out.item(), loss, rtol=1e-12, atol=1e-14)
    assert [name for name, _ in net.named_parameters()] == NAMES
    for name, p in net.named_parameters():
        expected = gradients[name]
        assert p.grad.shape == expected.shape
        assert p.grad.dtype == np.float64
        np.testing.assert_allclose(
            p.grad.numpy(), expected, rtol=1e-12, atol=1e-13 * max(1.0, np.abs(expected).max())
        )


def test_gradients_equal_the_books_at_its_own_size():
    rng = np.random.default_rng(0)
    net = digits.TwoLayerNet(784, 50, rng=rng, dtype=np.float64)
    x, labels = rng.uniform(0, 1, (100, 28, 28)), rng.integers(0, 10, 100)
    _, gradients = loss_and_gradients(net.state_dict(), x.reshape(100, 784), labels)
    net.loss(x, labels).backward()
    for name, p in net.named_parameters():
        np.testing.assert_allclose(p.grad.numpy(), gradients[name], rtol=1e-12, atol=1e-15)


def test_network_starts_as_in_the_book():
    net = digits.TwoLayerNet(784, 50, rng=np.random.default_rng(0))
    state = net.state_dict()
    assert {name: value.shape for name, value in state.items()} == {
        "W1": (784, 50), "b1": (50,), "W2": (50, 10), "b2": (10,)
    }  # fmt: skip
    assert all(value.dtype == np.float32 for value in state.values())
    assert 0.0098 < state["W1"].std() < 0.0102
    assert not state["b1"].any()
    assert not state["b2"].any()


def test_accuracy_counts_right_predictions():
    net = digits.TwoLayerNet(2, 3, rng=np.random.default_rng(0))
    net.load_state_dict({**net.state_dict(), "W2": np.zeros((3, 10)), "b2": np.arange(10.0)})
    assert net.accuracy(np.ones((4, 2), np.float32), np.array([9, 9, 9, 0])) == 0.75


def test_gradient_check_fails_for_a_wrong_gradient(monkeypatch, tmp_path, capsys):
    @mg.primitive
    def wrong(x):
        return np.maximum(x, 0)

    wrong.defvjp(lambda g, _y, x: np.where(x > 0, 1.001 * g, 0))
    monkeypatch.setattr(mg, "relu", wrong)
    with pytest.raises(SystemExit) as end:
        digits.main(["--smoke", "--out", str(tmp_path)])
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith("digits.py: gradient check: W1 differs by ")
    assert files_in(tmp_path) == []


# -- whole runs --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_default_run_learns(seed, tmp_path, capsys):
    digits.main(["--out", str(tmp_path), "--seed", str(seed)])
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    errors = [float(row[-1]) for row in rows if row and row[0] in NAMES]
    assert len(errors) == 4
    assert max(errors) < 1e-9
    assert rows[-2][:2] == ["20.0", "1420"]
    assert float(rows[-2][-1]) >= 0.96


def test_smoke_run_repeats_to_the_bit_and_writes_its_files(tmp_path, capfd):
    printed = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        out = tmp_path / "new" / name
        digits.main(["--smoke", "--out", str(out), "--seed", seed])
        output, errors = capfd.readouterr()
        printed.append(output.replace(str(out), "OUT"))
        assert errors == ""  # no progress bar where stderr is not a terminal
        assert files_in(out) == RESULTS
        for picture in RESULTS[:2]:
            assert (out / picture).read_bytes().startswith(b"\x89PNG\r\n")
    assert printed[0] == printed[1] != printed[2]
    new = tmp_path / "new"
    assert_same(learnt(new / "a"), learnt(new / "b"))
    assert (learnt(new / "a")["W1"] != learnt(new / "c")["W1"]).any()


def test_saved_parameters_can_be_loaded(tmp_path):
    digits.main(["--smoke", "--out", str(tmp_path)])
    net = digits.TwoLayerNet(64, 10, rng=np.random.default_rng(9))
    with np.load(tmp_path / "digits.npz") as file:
        net.load_state_dict(file)
    assert_same(net.state_dict(), learnt(tmp_path))


def test_a_loss_that_is_not_finite_ends_the_run(tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        digits.main(["--smoke", "--lr", "1e30", "--out", str(tmp_path)])
    assert end.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith("digits.py: the loss is ")
    assert error.count("\n") == 1


# -- Ctrl-C ------------------------------------------------------------------------------------


def interrupt_at(monkeypatch, number):
    """Let the optimizer's step of that number be interrupted before it begins."""
    step, calls = mg.optim.SGD.step, []

    def interrupted(self):
        calls.append(self)
        if len(calls) == number:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(mg.optim.SGD, "step", interrupted)


@pytest.mark.parametrize("number", [1, 30])
def test_ctrl_c_saves_what_was_learnt_before(number, tmp_path, monkeypatch, capsys):
    if number > 1:
        shorter = ["--smoke", "--iterations", str(number - 1), "--out", str(tmp_path / "whole")]
        digits.main(shorter)
        capsys.readouterr()
    interrupt_at(monkeypatch, number)
    out = tmp_path / "interrupted"
    with pytest.raises(SystemExit) as end:
        digits.main(["--smoke", "--out", str(out)])
    assert end.value.code == 130
    error = f"digits.py: interrupted; {out} has what {number - 1} steps have learnt\n"
    assert capsys.readouterr().err == error
    assert files_in(out) == RESULTS
    if number > 1:
        assert_same(learnt(out), learnt(tmp_path / "whole"))


@pytest.mark.skipif(sys.platform == "win32", reason="it has no SIGINT for a child")
def test_ctrl_c_at_a_terminal(tmp_path):
    command = [sys.executable, "-u", SCRIPT, "--iterations", "1000000000", "--hidden", "10"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        try:
            assert any(line.startswith("  2.0") for line in run.stdout)
            run.send_signal(signal.SIGINT)
            _, error = run.communicate(timeout=20)
        finally:
            run.kill()
    assert run.returncode == 130
    assert error.startswith("digits.py: interrupted; out has what ")
    assert error.count("\n") == 1
    assert files_in(tmp_path / "out") == RESULTS
    assert all(np.isfinite(value).all() for value in learnt(tmp_path / "out").values())


@pytest.mark.parametrize("exception", [KeyboardInterrupt, OSError("no space left")])
def test_files_are_written_whole_or_not_at_all(exception, tmp_path, monkeypatch, capsys):
    (tmp_path / "digits.npz").write_bytes(b"of an earlier run")

    def half(file, **arrays):
        file.write(b"PK")
        raise exception

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(SystemExit) as end:
        digits.main(["--smoke", "--out", str(tmp_path)])
    assert end.value.code == (130 if exception is KeyboardInterrupt else 2)
    assert capsys.readouterr().err.count("\n") == 1
    assert files_in(tmp_path) == ["digits.npz"]
    assert (tmp_path / "digits.npz").read_bytes() == b"of an earlier run"


# -- data --------------------------------------------------------------------------------------


def idx(array, magic=None):
    """The content of an IDX file that holds `array`."""
    array = np.asarray(array, np.uint8)
    header = [0x800 + array.ndim if magic is None else magic, *array.shape]
    return np.array(header, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def folder(tmp_path):
    """Ten patterns of 6x5 pixels with noise: 80 to learn, 20 to test; some .gz and some not."""
    rng = np.random.default_rng(0)
    patterns = rng.integers(0, 200, (10, 6, 5))
    folder = tmp_path / "data"
    folder.mkdir()
    for half, n in (("train", 80), ("t10k", 20)):
        labels = np.arange(n) % 10
        images = patterns[labels] + rng.integers(0, 56, (n, 6, 5))
        (folder / f"{half}-images-idx3-ubyte").write_bytes(idx(images))
        (folder / f"{half}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    return folder


def test_idx_files_are_read(folder, tmp_path, capsys):
    data = digits.mnist(folder)
    assert data.x_train.shape == (80, 6, 5)
    assert data.x_test.shape == (20, 6, 5)
    assert data.x_train.dtype == np.float32
    assert data.t_test.tolist() == [*range(10), *range(10)]
    raw = np.frombuffer((folder / FILES[0]).read_bytes(), np.uint8, offset=16)
    np.testing.assert_array_equal((data.x_train * 255).round(), raw.reshape(80, 6, 5))
    assert data.x_train.max() <= 1
    options = ["--lr", "0.1", "--hidden", "20", "--iterations", "600", "--batch-size", "20"]
    digits.main(["--data", str(folder), "--out", str(tmp_path / "out"), *options])
    assert capsys.readouterr().out.splitlines()[-2].split()[-1] == "1.0000"
    assert learnt(tmp_path / "out")["W1"].shape == (30, 20)
    with pytest.raises(SystemExit):
        digits.main(["--data", str(folder / "other"), "--out", str(tmp_path / "other")])
    assert not (tmp_path / "other").exists()


def test_zipped_files_and_plain_ones_are_the_same_data(folder):
    before = digits.mnist(folder)
    for path in list(folder.iterdir()):
        if path.suffix == ".gz":
            path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        else:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    for a, b in zip(before, digits.mnist(folder), strict=True):
        np.testing.assert_array_equal(a, b)


def test_settings_are_the_books_with_data_and_can_be_set(tmp_path):
    with_data = digits.options(["--data", str(tmp_path)])
    assert (with_data.hidden, with_data.batch_size) == (50, 100)
    assert (with_data.lr, with_data.iterations) == (0.1, 10_000)
    assert digits.options([]).iterations < 10_000
    assert digits.options(["--smoke", "--iterations", "7"]).iterations == 7


LABELS = idx(np.arange(80) % 10)
ZIPPED = gzip.compress(LABELS, mtime=0)
CORRUPT = ZIPPED[:10] + b"\xff" * 20  # a block of a type that does not exist
WRONG_CHECKSUM = ZIPPED[:-8] + bytes(4) + ZIPPED[-4:]
# Which file holds what, and how the message begins: with the file at fault.
MALFORMED = [
    (
        FILES[2],
        None,
        "t10k-images-idx3-ubyte: there is no such file, nor t10k-",
    ),
    (FILES[0], idx(np.zeros((80, 6, 5)), magic=2049), "train-images-idx3-ubyte: magic number 2049"),
    (FILES[1], idx(np.zeros((80, 6, 5))), "train-labels-idx1-ubyte: magic number 2051"),
    (FILES[1], ZIPPED, "train-labels-idx1-ubyte: magic number 529205248"),
    (FILES[1], LABELS[:-1], "train-labels-idx1-ubyte: truncated, 87 bytes"),
    (FILES[2], idx(np.zeros((20, 6, 5)))[:15], "t10k-images-idx3-ubyte: truncated, 15 bytes"),
    (FILES[1], b"", "train-labels-idx1-ubyte: truncated, 0 bytes"),
    (FILES[1], LABELS + b"x", "train-labels-idx1-ubyte: empty or too long, 89 bytes"),
    (FILES[0], idx(np.zeros((0, 6, 5))), "train-images-idx3-ubyte: empty or too long, 16 bytes"),
    (FILES[2], idx(np.zeros((20, 0, 5))), "t10k-images-idx3-ubyte: empty or too long, 16 bytes"),
    (f"{FILES[1]}.gz", LABELS, "train-labels-idx1-ubyte.gz: Not a gzipped file"),
    (f"{FILES[1]}.gz", ZIPPED[:-9], "train-labels-idx1-ubyte.gz: Compressed file ended"),
    (f"{FILES[1]}.gz", CORRUPT, "train-labels-idx1-ubyte.gz: Error -3"),
    (f"{FILES[1]}.gz", WRONG_CHECKSUM, "train-labels-idx1-ubyte.gz: CRC check failed"),
    (FILES[1], idx(np.zeros(79)), "train-labels-idx1-ubyte: 79 labels for 80 images"),
    (FILES[2], idx(np.zeros((19, 6, 5))), "t10k-labels-idx1-ubyte: 20 labels for 19 images"),
    (FILES[3], idx([10] * 20), "t10k-labels-idx1-ubyte: label 10 is no digit"),
    (FILES[2], idx(np.zeros((20, 5, 6))), "t10k-images-idx3-ubyte: size (5, 6), not (6, 5)"),
]


@pytest.mark.parametrize(("name", "content", "message"), MALFORMED, ids=[m[2] for m in MALFORMED])
def test_malformed_data_is_one_line_about_one_file(
    name, content, message, *, folder, tmp_path, capsys
):
    plain = folder / name.removesuffix(".gz")
    for path in (plain, plain.with_name(f"{plain.name}.gz")):
        path.unlink(missing_ok=True)
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(SystemExit) as end:
        digits.main(["--data", str(folder), "--out", str(tmp_path / "out")])
    assert end.value.code == 2
    output, error = capsys.readouterr()
    assert output == ""
    assert error.startswith(f"digits.py: {folder / message}")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_in_place_of_a_file(folder, capsys):
    (folder / FILES[0]).unlink()
    (folder / FILES[0]).mkdir()
    with pytest.raises(SystemExit) as end:
        digits.mnist(folder)
    assert end.value.code == 2
    assert FILES[0] in capsys.readouterr().err


# -- options and surroundings ------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        ["--lr", "0"],
        ["--lr", "nan"],
        ["--lr", "inf"],
        ["--lr", "fast"],
        ["--hidden", "0"],
        ["--batch-size", "-1"],
        ["--iterations", "0"],
        ["--iterations", "1.5"],
        ["--seed", "-1"],
        ["--unknown"],
    ],
    ids=" ".join,
)
def test_unusable_options(options, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        digits.main([*options, "--out", str(tmp_path)])
    assert end.value.code == 2
    assert options[0] in capsys.readouterr().err
    assert files_in(tmp_path) == []


def test_results_cannot_go_where_a_file_is(tmp_path, capsys):
    (tmp_path / "out").write_text("")
    with pytest.raises(SystemExit) as end:
        digits.main(["--smoke", "--out", str(tmp_path / "out")])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert str(tmp_path / "out") in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("module", ["sklearn.datasets", "matplotlib.figure", "tqdm"])
def test_a_missing_package_is_one_line_that_names_the_extra(module, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert module in error
    assert "pip install 'minigrad[examples]'" in error
    assert error.count("\n") == 1
