"""What a data set gives before it is split and scaled, and the two that need no files."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass

import numpy as np

from tfticket.zoo.scaling import Scaling, by_max_abs
from tfticket.zoo.splits import Split, Task, cut

__all__ = ["Source", "digits", "make_regression", "regression"]


@dataclass(frozen=True)
class Source:
    """Train and test as published; validation is still to be cut from train.

    Args:
        train: published training examples.
        test: published test examples.
        task: `"classification"` or `"regression"`.
        num_classes: number of classes, `None` for regression.
        validation_size: how many training examples become validation unless the caller says
            otherwise; a float is a fraction.
        notes: what a report has to mention.
        scaling: a scaling that belongs to the data set.
    """

    train: Split
    test: Split
    task: Task
    num_classes: int | None
    validation_size: float = 0.1
    notes: str = ""
    scaling: Scaling | None = None


# Fixed for good: published figures depend on which examples are the test.
_TEST_SEED = 1998
_DATA_SEED = 2021


def digits() -> Source:
    """1 797 handwritten digits of 8 x 8 pixels, embedded in the package.

    The published file is one piece (the test part of a larger collection, 13 writers). 360
    examples are taken as the test here, always the same; the writers are not kept apart, so test
    accuracy says how well a network does on further digits of writers it has seen.

    References:
        Alpaydin, E. and Kaynak, C. (1998). Optical Recognition of Handwritten Digits. UCI Machine
        Learning Repository, https://doi.org/10.24432/C50P49, licensed CC BY 4.0,
        https://creativecommons.org/licenses/by/4.0/. `digits.npz` holds the images as in
        scikit-learn's `load_digits` (pixels 0 … 16, bytes); nothing else was changed.
    """
    file = importlib.resources.files("tfticket.zoo") / "digits.npz"
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    x = (images.astype(np.float32) / 16.0)[..., np.newaxis]
    train, test = cut(Split(x, labels.astype(np.int64)), 360, _TEST_SEED, "test")
    notes = "own fixed test split of 360 examples; writers occur on both sides"
    return Source(train, test, "classification", 10, validation_size=180, notes=notes)


def regression() -> Source:
    """10 000 examples of a noisy linear function of 500 out of 1 000 features, 80 % to train on.

    The examples are the same for every seed. Each column and the target are divided by their
    largest absolute value among the training examples; the tutorial this follows measures it on
    all rows, so that its validation error knows something of the validation rows.
    """
    x, y = make_regression(seed=_DATA_SEED)
    train, test = cut(Split(x, y), 2_000, _TEST_SEED, "test")
    notes = "synthetic; scaled by the largest absolute values among the training examples"
    return Source(train, test, "regression", None, notes=notes, scaling=by_max_abs)


def make_regression(
    num_examples: int = 10_000,
    num_features: int = 1_000,
    num_informative: int = 500,
    noise: float = 3.0,
    *,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Draws a linear regression problem as scikit-learn's function of this name does.

    `y = x @ w + noise · ε`, with `x` and `ε` standard normal; `num_informative` entries of `w`,
    anywhere, are uniform in [0, 100), the others 0.

    >>> x, y = make_regression(4, 3, 2, seed=0)
    >>> x.shape, y.shape, x.dtype
    ((4, 3), (4, 1), dtype('float32'))

    Args:
        num_examples: rows.
        num_features: columns.
        num_informative: columns that `y` depends on.
        noise: standard deviation of the noise.
        seed: chooses all of it.

    Returns:
        `x` `[examples, features]` and `y` `[examples, 1]`, float32.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((num_examples, num_features), dtype=np.float32)
    w = np.zeros((num_features, 1))
    informative = rng.permutation(num_features)[:num_informative]
    w[informative, 0] = rng.uniform(0.0, 100.0, num_informative)
    y = x @ w + noise * rng.standard_normal((num_examples, 1))
    return x, y.astype(np.float32)
