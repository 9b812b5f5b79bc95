"""Learn handwritten digits with the two-layer network of *Deep Learning from Scratch*, chapter 5.

    python examples/digits.py                  # scikit-learn's 8x8 digits: seconds, no download
    python examples/digits.py --data FOLDER    # MNIST, from its four IDX files (.gz or not)

The network says how a loss follows from its parameters; backward() finds the gradient.  First that
is compared with numerical differentiation, as in the book.  Then mini-batches are drawn, and each
takes a small step against its gradient.  The folder of --out gets pictures and digits.npz, what was
learnt: `net.load_state_dict(np.load("out/digits.npz"))` reads it.  Ctrl-C ends the learning early,
and all is still written.

Exit status: 0; 1 if the gradient check fails or the loss is no longer finite; 2 if options or files
cannot be used; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import gzip
import math
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

import minigrad as mg
import minigrad.nn.functional as F

try:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
    from sklearn.datasets import load_digits
    from tqdm import tqdm
except ImportError as missing:
    print(f"digits.py: {missing}; try: pip install 'minigrad[examples]'", file=sys.stderr)
    raise SystemExit(2) from None

SMALL = {"hidden": 50, "batch_size": 20, "lr": 0.5, "iterations": 1420}
BOOK = {"hidden": 50, "batch_size": 100, "lr": 0.1, "iterations": 10_000}
SMOKE = {"hidden": 10, "batch_size": 50, "lr": 0.5, "iterations": 84}

Array = npt.NDArray[Any]


class TwoLayerNet(mg.nn.Module):
    """scores = relu(x @ W1 + b1) @ W2 + b2, for each image x as a row of n_in numbers."""

    def __init__(
        self, n_in: int, hidden: int, *, rng: np.random.Generator, dtype: npt.DTypeLike = np.float32
    ) -> None:
        normal, parameter = mg.nn.init.normal, mg.nn.parameter
        self.W1 = parameter(normal((n_in, hidden), std=0.01, rng=rng), dtype)
        self.b1 = parameter(np.zeros(hidden), dtype)
        self.W2 = parameter(normal((hidden, 10), std=0.01, rng=rng), dtype)
        self.b2 = parameter(np.zeros(10), dtype)

    def predict(self, images: Array) -> mg.Tensor:
        """A score for each image and digit; their softmax are probabilities."""
        x = images.reshape(len(images), -1)
        h: mg.Tensor = mg.relu(x @ self.W1 + self.b1)
        return h @ self.W2 + self.b2

    def loss(self, images: Array, labels: Array) -> mg.Tensor:
        """The mean cross-entropy of the predictions."""
        return F.cross_entropy(self.predict(images), labels)

    def accuracy(self, images: Array, labels: Array) -> float:
        """The share of images whose highest score is that of their label."""
        return float(np.mean(self.predict(images).numpy().argmax(axis=1) == labels))


def fail(message: str, status: int = 2) -> NoReturn:
    """End the program with one line on stderr."""
    print(f"digits.py: {message}", file=sys.stderr)
    raise SystemExit(status)


class Data(NamedTuple):
    """Images of shape (N, height, width), with pixels from 0 to 1, and their labels."""

    x_train: Array
    t_train: Array
    x_test: Array
    t_test: Array


def small_digits(rng: np.random.Generator) -> Data:
    """scikit-learn's 1797 digits, of which 360, drawn at random, are for the test."""
    digits = load_digits()
    x, t = (digits.images / 16).astype(np.float32), digits.target
    test, train = np.split(rng.permutation(len(x)), [360])
    return Data(x[train], t[train], x[test], t[test])


def mnist(folder: Path) -> Data:
    """MNIST, or other digits in its format, from four IDX files."""
    parts: list[Array] = []
    for half in ("train", "t10k"):
        images = read_idx(folder / f"{half}-images-idx3-ubyte", magic=0x803)
        labels = read_idx(folder / (name := f"{half}-labels-idx1-ubyte"), magic=0x801)
        if len(labels) != len(images):
            fail(f"{folder / name}: {len(labels)} labels for {len(images)} images")
        if labels.max() > 9:
            fail(f"{folder / name}: label {labels.max()} is no digit")
        parts += [images / np.float32(255), labels]
    data = Data(*parts)
    if (size := data.x_test.shape[1:]) != data.x_train.shape[1:]:
        fail(f"{folder / 't10k-images-idx3-ubyte'}: size {size}, not {data.x_train.shape[1:]}")
    return data


def read_idx(path: Path, magic: int) -> Array:
    """The bytes in an IDX file or its .gz, after a magic number and the length of each axis."""
    plain, zipped = path, path.with_name(f"{path.name}.gz")
    path = plain if plain.exists() else zipped
    if not path.exists():
        fail(f"{plain}: there is no such file, nor {zipped.name}")
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        fail(f"{path}: {getattr(error, 'strerror', None) or error}")
    axes = magic % 256
    start = 4 + 4 * axes
    if len(content) < start:
        fail(f"{path}: truncated, {len(content)} bytes are no header")
    found, *shape = np.frombuffer(content, ">u4", 1 + axes).tolist()
    if found != magic:
        fail(f"{path}: magic number {found} where it should be {magic}")
    if len(content) != start + math.prod(shape) or len(content) == start:
        what = "truncated" if len(content) < start + math.prod(shape) else "empty or too long"
        fail(f"{path}: {what}, {len(content)} bytes for {start} and {' x '.join(map(str, shape))}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def check_gradient(data: Data, hidden: int, rng: np.random.Generator) -> None:
    """Hold backward() against numerical differentiation, on a fresh network in float64."""
    hidden = min(hidden, 50)  # two losses for each parameter: a larger one would take minutes
    net = TwoLayerNet(data.x_train[0].size, hidden, rng=rng, dtype=np.float64)
    # relu has a kink at 0, and a difference across it is the slope of neither side.  Three images
    # are enough, so take those that keep every hidden unit farthest from its kink.
    x, t = data.x_train[:1000].astype(np.float64), data.t_train[:1000]
    from_kink = np.abs(x.reshape(len(x), -1) @ net.W1.numpy() + net.b1.numpy()).min(axis=1)
    chosen = np.argsort(from_kink)[-3:]
    x, t = x[chosen], t[chosen]

    @mg.no_grad()
    def loss_with(p: mg.Tensor, value: Array) -> float:
        p.data = value
        return float(net.loss(x, t).item())

    net.loss(x, t).backward()
    print("Gradient check: backward() against central differences, three images, float64")
    print("parameter       shape  mean |gradient|  mean |difference|")
    for name, p in net.named_parameters():
        own, gradient = p.numpy(), mg.asarray(p.grad).numpy()
        difference = np.abs(gradient - mg.testing.numerical_gradient(partial(loss_with, p), own))
        p.data = own
        size, error = np.abs(gradient).mean(), difference.mean()
        print(f"{name:9}  {p.shape!s:>10}  {size:15.1e}  {error:17.1e}")
        if not error < 1e-9:
            fail(f"gradient check: {name} differs by {error:.1e} on average", status=1)


@np.errstate(over="ignore", invalid="ignore")  # a loss that overflows has a message of its own
def learn(
    net: TwoLayerNet, data: Data, args: argparse.Namespace, epoch: int, rng: np.random.Generator
) -> tuple[list[float], list[list[float]]]:
    """Take steps against the gradients of mini-batches; fewer than asked for after Ctrl-C.

    Returns the loss of every mini-batch, and the scores after every `epoch` steps.
    """
    optimizer = mg.optim.SGD(net.parameters(), lr=args.lr)
    losses: list[float] = []
    print("\nepoch   steps    loss   train    test")
    scores = [score(net, data, 0, epoch)]
    try:
        # disable=None: no bar where stderr is not a terminal.
        for step in tqdm(range(1, args.iterations + 1), unit="step", leave=False, disable=None):
            batch = rng.integers(len(data.x_train), size=args.batch_size)
            loss = net.loss(data.x_train[batch], data.t_train[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if not math.isfinite(losses[-1]):
                fail(f"the loss is {losses[-1]} at step {step}; try a smaller --lr", status=1)
            if step % epoch == 0 or step == args.iterations:
                scores.append(score(net, data, step, epoch))
    except KeyboardInterrupt:
        scores.append(score(net, data, len(losses), epoch))
    return losses, scores


def score(net: TwoLayerNet, data: Data, steps: int, epoch: int) -> list[float]:
    """The epoch, training loss, training and test accuracy; printed above the progress bar."""
    with mg.no_grad():
        loss = net.loss(data.x_train, data.t_train).item()
        train = net.accuracy(data.x_train, data.t_train)
        test = net.accuracy(data.x_test, data.t_test)
    tqdm.write(f"{steps / epoch:5.1f}  {steps:6}  {loss:.4f}  {train:.4f}  {test:.4f}")
    return [steps / epoch, loss, train, test]


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name only once it is complete."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            yield file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def plot_learning(losses: list[float], scores: list[list[float]], epoch: int) -> Figure:
    """Loss and accuracy over the epochs."""
    # A Figure without pyplot is drawn by Agg: no window, no display.
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs, loss, train, test = np.transpose(scores)
    steps = np.arange(1, len(losses) + 1)
    left.plot(steps / epoch, losses, color="0.75", linewidth=0.5, label="each mini-batch")
    left.plot(epochs, loss, ".-", label="all training data")
    left.set(title="Loss", ylabel="mean cross-entropy (nats)", yscale="log")
    right.plot(epochs, 100 * train, ".-", label=f"training data, {train[-1]:.2%} at the end")
    right.plot(epochs, 100 * test, ".--", label=f"test data, {test[-1]:.2%} at the end")
    right.set(title="Accuracy", ylabel="right predictions (%)", ylim=(0, 102))
    for axes in (left, right):
        axes.set_xlabel(f"epoch ({epoch} steps)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    return figure


def plot_predictions(net: TwoLayerNet, data: Data) -> Figure:
    """Some test digits with their predictions, and the mistakes that the network doubted most."""
    p = mg.softmax(net.predict(data.x_test).detach()).numpy()
    said, sure = p.argmax(axis=1), p.max(axis=1)
    wrong = np.flatnonzero(said != data.t_test)
    doubtful = wrong[np.argsort(sure[wrong], kind="stable")]
    figure = Figure(figsize=(10, 6.5), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.9, 1])
    above.suptitle("The first test digits: what they are taken for, and how surely")
    below.suptitle(f"The most doubtful of {len(wrong)} mistakes in {len(said)} test digits")
    for part, rows, shown in ((above, 2, range(len(said))), (below, 1, doubtful)):
        part.subplots(rows, 8, subplot_kw={"xticks": [], "yticks": [], "visible": False})
        for axes, i in zip(part.axes, shown, strict=False):
            label = data.t_test[i]
            truth = "" if said[i] == label else f"\nis {label} ({p[i, label]:.0%})"
            color = "firebrick" if truth else "black"
            axes.set_title(f"says {said[i]} ({sure[i]:.0%}){truth}", fontsize=10, color=color)
            axes.imshow(data.x_test[i], cmap="gray_r", vmin=0, vmax=1)
            axes.set_visible(True)
    return figure


def options(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line; what it leaves open follows from the data."""
    parser = argparse.ArgumentParser(description="Learn digits with the book's two-layer network.")
    add = parser.add_argument
    add("--data", type=Path, metavar="FOLDER", help="that has the four IDX files of MNIST")
    add("--out", type=Path, default=Path("out"), metavar="FOLDER", help="for the results (out)")
    add("--seed", type=int, default=0, help="of all that is random (0)")
    add("--smoke", action="store_true", help="learn for a moment, to see that everything works")
    add("--hidden", type=int, help="units between the layers")
    add("--batch-size", type=int, help="images in a step, drawn with replacement")
    add("--lr", type=float, help="learning rate: the length of a step")
    add("--iterations", type=int, help="steps")
    args = parser.parse_args(argv)
    if args.seed < 0:
        parser.error(f"argument --seed: {args.seed} is less than 0")
    for name, value in (SMOKE if args.smoke else BOOK if args.data else SMALL).items():
        if getattr(args, name) is None:
            setattr(args, name, value)
        if not 0 < getattr(args, name) < math.inf:
            parser.error(f"--{name.replace('_', '-')} must be finite and more than 0")
    return args


def run(args: argparse.Namespace) -> None:
    """Read the data, check the gradient, learn, and save what came of it."""
    for_split, for_check, for_net, for_batches = np.random.default_rng(args.seed).spawn(4)
    data = mnist(args.data) if args.data else small_digits(for_split)
    args.out.mkdir(parents=True, exist_ok=True)  # before, so as not to learn in vain
    check_gradient(data, args.hidden, for_check)
    net = TwoLayerNet(data.x_train[0].size, args.hidden, rng=for_net)
    epoch = max(len(data.x_train) // args.batch_size, 1)
    losses, scores = learn(net, data, args, epoch, for_batches)
    with written_whole(args.out / "digits.npz") as file:
        np.savez(file, **net.state_dict())
    with written_whole(args.out / "digits-learning.png") as file:
        plot_learning(losses, scores, epoch).savefig(file, dpi=120)
    with written_whole(args.out / "digits-predictions.png") as file:
        plot_predictions(net, data).savefig(file, dpi=120)
    if len(losses) < args.iterations:
        fail(f"interrupted; {args.out} has what {len(losses)} steps have learnt", status=130)
    print(f"{args.out} has digits.npz, digits-learning.png and digits-predictions.png")


def main(argv: list[str] | None = None) -> None:
    """Run the example; SystemExit carries the status if that is not 0."""
    args = options(argv)
    try:
        run(args)
    except OSError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted before anything was learnt, or once more while saving it", status=130)


if __name__ == "__main__":
    main()
