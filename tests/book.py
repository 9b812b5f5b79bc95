"""The layers of *Deep Learning from Scratch*, chapter 5, with their gradients written by hand.

The reference for tests: NumPy only, in float64, nothing of minigrad.  Each layer keeps in `forward`
what its `backward` needs; `backward` takes the gradient of the loss by the layer's output, keeps
that by its parameters, and returns that by its input.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Affine:
    """y = x W + b: dx = dy W^T, dW = x^T dy, db = the sum of dy over the batch."""

    def __init__(self, W: Array, b: Array) -> None:
        self.W, self.b = W, b

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy: Array) -> Array:
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class Relu:
    """y = max(x, 0): dx = dy where x > 0, and 0 elsewhere."""

    def forward(self, x: Array) -> Array:
        self.passes = x > 0
        return np.where(self.passes, x, 0.0)

    def backward(self, dy: Array) -> Array:
        return dy * self.passes


class SoftmaxWithLoss:
    """The mean of -log(softmax(x)[label]): dx = (softmax(x) - one_hot(label)) / N, times dy."""

    def forward(self, x: Array, labels: Array) -> float:
        self.labels = labels
        exponentials = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = exponentials / exponentials.sum(axis=1, keepdims=True)
        return float(-np.log(self.y[np.arange(len(x)), labels]).mean())

    def backward(self, dy: float = 1.0) -> Array:
        one_hot = np.eye(self.y.shape[1])[self.labels]
        return dy * (self.y - one_hot) / len(self.y)


def loss_and_gradients(
    parameters: dict[str, Array], x: Array, labels: Array
) -> tuple[float, dict[str, Array]]:
    """Run the layers forward, then backward in reverse: what the book's TwoLayerNet does."""
    first = Affine(parameters["W1"], parameters["b1"])
    relu = Relu()
    second = Affine(parameters["W2"], parameters["b2"])
    last = SoftmaxWithLoss()
    loss = last.forward(second.forward(relu.forward(first.forward(x))), labels)
    first.backward(relu.backward(second.backward(last.backward())))
    return loss, {"W1": first.dW, "b1": first.db, "W2": second.dW, "b2": second.db}
