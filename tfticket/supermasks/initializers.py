"""Kaiming's initialisations, in the forms that untrained subnetworks are searched with.

All are drawn by NumPy from a seed that the layer's configuration keeps, so both Kerases get the
same bits from it, and a kernel need not be stored to have it again.
"""

from __future__ import annotations

import abc
import dataclasses
import math
import random
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket.registry import by_name, look_up
from tfticket.supermasks.registration import register

__all__ = [
    "Kaiming",
    "KaimingConstant",
    "KaimingNormal",
    "KaimingUniform",
    "SignedKaimingConstant",
    "any_seed",
    "get",
]


@dataclasses.dataclass(frozen=True)
class Kaiming(abc.ABC):
    """Values of standard deviation `gain / √(fan_in · density)`, with `gain = √(2 / (1 + slope²))`.

    Args:
        seed: chooses the values, >= 0 and below 2**32. Without one every call draws others; a
            supermask layer then chooses a seed and keeps it.
        density: fraction of the weights that will be kept; a density below 1 makes up for the
            missing inputs ("scaled fan").
        slope: of the leaky ReLU that follows, 0 for ReLU.
        inputs: which of a kernel's last two axes are summed over, besides its positions: `(-2,)` in
            Dense and Conv, which is what `None` means, `(-1,)` in Conv2DTranspose, `()` in
            depthwise convolutions. Supermask layers fill in theirs.

    Raises:
        ValueError: if `density` is not in (0, 1] or the seed is not in its range.

    References:
        He et al. 2015, "Delving Deep into Rectifiers", https://arxiv.org/abs/1502.01852
        Ramanujan et al. 2020, "What's Hidden in a Randomly Weighted Neural Network?",
        https://arxiv.org/abs/1911.13299
    """

    name: ClassVar[str]

    seed: int | None = None
    density: float = 1.0
    slope: float = 0.0
    inputs: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.density <= 1.0:
            raise ValueError(
                "`density` must be in (0, 1]: it is the fraction of the weights that is kept."
                f" Received: density={self.density!r}"
            )
        if self.seed is not None and not 0 <= self.seed < 2**32:
            raise ValueError(
                f"`seed` must be at least 0 and below 2**32. Received: seed={self.seed!r}"
            )
        if self.inputs is not None:
            object.__setattr__(self, "inputs", tuple(self.inputs))

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> np.ndarray:
        """Draws values.

        Args:
            shape: of the kernel.
            dtype: of the values; float32 if not given.
        """
        shape = tuple(int(n) for n in shape)
        seed = any_seed() if self.seed is None else self.seed
        # Not `default_rng`: the numbers of this one will never change, which the
        # seed-only ticket rests on.
        rng = np.random.RandomState(seed)
        values = self.draw(rng, shape, self.deviation(shape))
        return values.astype(tf.as_dtype(dtype or "float32").as_numpy_dtype)

    def deviation(self, shape: tuple[int, ...]) -> float:
        """Returns the standard deviation of a kernel's values, or their magnitude if constant."""
        inputs = (-2,) if self.inputs is None else self.inputs
        fan_in = max(1, math.prod(shape[:-2]) * math.prod(shape[axis] for axis in inputs))
        return math.sqrt(2.0 / (1.0 + self.slope**2) / (fan_in * self.density))

    @abc.abstractmethod
    def draw(
        self, rng: np.random.RandomState, shape: tuple[int, ...], deviation: float
    ) -> np.ndarray:
        """Draws float64 values of a shape and standard deviation."""

    def get_config(self) -> dict[str, Any]:
        """Returns the settings as plain JSON values."""
        inputs = None if self.inputs is None else list(self.inputs)
        return {**dataclasses.asdict(self), "inputs": inputs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Kaiming:
        """Makes the initialiser of a configuration."""
        return cls(**config)

    def plain(self, keras: Any, shape: tuple[int, ...]) -> Any:
        """Returns Keras' own initialiser of the same variance, for models without tfticket.

        For the constants, which Keras has not, it is the normal distribution.

        Args:
            keras: which Keras.
            shape: of the kernel: Keras counts the inputs of some layers in another way.
        """
        theirs = math.prod(shape[:-1])
        return _keras.module(keras).initializers.VarianceScaling(
            scale=self.deviation(shape) ** 2 * theirs,
            mode="fan_in",
            distribution="uniform" if self.name == "kaiming_uniform" else "untruncated_normal",
            seed=self.seed,
        )


@register
class KaimingNormal(Kaiming):
    """Normal values of mean 0 and standard deviation `gain / √(fan_in · density)`."""

    name = "kaiming_normal"

    def draw(self, rng: np.random.RandomState, shape: Any, deviation: float) -> np.ndarray:
        return rng.standard_normal(shape) * deviation


@register
class KaimingUniform(Kaiming):
    """Uniform values within `±√3 · gain / √(fan_in · density)`.

    With `slope=√5` that is `±1 / √fan_in`, from which edge-popup's scores start.
    """

    name = "kaiming_uniform"

    def draw(self, rng: np.random.RandomState, shape: Any, deviation: float) -> np.ndarray:
        return (2.0 * rng.random_sample(shape) - 1.0) * (math.sqrt(3.0) * deviation)


@register
class SignedKaimingConstant(Kaiming):
    """Values `±gain / √(fan_in · density)` with random signs: those of `KaimingNormal`.

    >>> SignedKaimingConstant(seed=0)((2, 3)).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, -1.0]]
    """

    name = "signed_kaiming_constant"

    def draw(self, rng: np.random.RandomState, shape: Any, deviation: float) -> np.ndarray:
        return np.where(rng.standard_normal(shape) < 0, -deviation, deviation)


@register
class KaimingConstant(Kaiming):
    """All values `gain / √(fan_in · density)`: no sign, nothing random."""

    name = "kaiming_constant"

    def draw(self, rng: np.random.RandomState, shape: Any, deviation: float) -> np.ndarray:
        return np.full(shape, deviation)


_NAMED: dict[str, type[Kaiming]] = by_name(
    (KaimingNormal, KaimingUniform, SignedKaimingConstant, KaimingConstant)
)


def any_seed() -> int:
    """Returns a seed that depends on Python's own, which `keras.utils.set_random_seed` sets."""
    return random.randrange(2**31)


def get(identifier: Any) -> Any:
    """Returns one of these initialisers by name or configuration; anything else as it is.

    >>> get({"name": "kaiming_normal", "seed": 1})
    KaimingNormal(seed=1, density=1.0, slope=0.0, inputs=None)
    >>> get("glorot_uniform")  # Keras will know
    'glorot_uniform'

    Args:
        identifier: a name, a mapping `{"name": …, setting: value}`, or anything that Keras takes.
    """
    name = identifier.get("name") if isinstance(identifier, Mapping) else identifier
    is_ours = isinstance(name, str) and name in _NAMED
    return look_up(identifier, _NAMED, "initializer", Kaiming) if is_ours else identifier
