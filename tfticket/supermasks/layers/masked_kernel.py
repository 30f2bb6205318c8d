"""What all supermask layers do: score, mask, and let the parent compute."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket.own_kernels import OwnKernel
from tfticket.supermasks import initializers, maskers

__all__ = ["Frozen", "MaskedKernel"]

_NONE: Mapping[int, Any] = {}
#: Masked kernels of the layers that are computing just now, by the layer's id. Replicas of a model
#: share its layers and compute in threads; each thread has its own mapping.
_IN_USE: ContextVar[Mapping[int, Any]] = ContextVar("masked kernels in use", default=_NONE)


class Frozen:
    """Mixed into a Keras layer: its weights are made untrainable, not switched off afterwards.

    `layer.trainable = True` does not bring them back. They have no regulariser and no constraint
    either, which would only act on them; the layer keeps both in its configuration.
    """

    def add_weight(self, *args: Any, **options: Any) -> Any:
        """Makes a weight as the parent asks for it, but frozen."""
        options.update(trainable=False, regularizer=None, constraint=None)
        return super().add_weight(*args, **options)  # type: ignore[misc]

    def add_trainable_weight(self, *args: Any, **options: Any) -> Any:
        """Makes a weight as other layers do: one that trains unless it is asked not to."""
        return super().add_weight(*args, **options)  # type: ignore[misc]


class MaskedKernel(Frozen, OwnKernel):
    """Mixed into a Keras layer with a kernel: the parent computes with `kernel · mask`.

    Args:
        *args: what the parent takes.
        masker: a `Masker`, its name, or a configuration.
        scores_initializer: for the scores; `None` means the masker's own.
        scores_regularizer: for the scores.
        **options: what the parent takes; the kernel's initialiser may also be one of
            `tfticket.supermasks.initializers` or its name, and is `"kaiming_normal"` by default.

    Attributes:
        masker: the `Masker`.
        scores: the trainable scores, float32, of the kernel's shape or one for the layer.
        masker_state: variables in which the masker keeps what it must remember.
        plain_class: the parent, of which this layer is a supermask version.
        initializer_name: what the parent calls the initialiser of its kernel.
        kernel_inputs: as `inputs` of `initializers.Kaiming`.
    """

    made_plain_by: ClassVar[str] = "supermasks.to_plain"
    plain_class: ClassVar[type]
    initializer_name: ClassVar[str] = "kernel_initializer"
    kernel_inputs: ClassVar[tuple[int, ...]] = (-2,)
    masker_state: dict[str, Any]
    _own_kernel: Any
    _is_followed = False

    def __init__(
        self,
        *args: Any,
        masker: Any = "edge_popup",
        scores_initializer: Any = None,
        scores_regularizer: Any = None,
        **options: Any,
    ):
        given = inspect.signature(self.plain_class).bind(*args, **options)
        named = {**given.arguments, **given.arguments.get("kwargs", {})}
        chosen = named.get(self.initializer_name, "kaiming_normal")
        given.arguments[self.initializer_name] = self._with_seed(initializers.get(chosen))
        super().__init__(*given.args, **given.kwargs)  # type: ignore[call-arg]
        self.masker = maskers.get(masker)
        self.masker.join(self)
        keras: Any = _keras.module(self)
        scores = self.masker.initial_scores if scores_initializer is None else scores_initializer
        scores = self._with_seed(initializers.get(scores))
        self.scores_initializer = keras.initializers.get(scores)
        self.scores_regularizer = keras.regularizers.get(scores_regularizer)

    def build(self, input_shape: Any) -> None:
        """Builds the parent with its weights, then the scores."""
        super().build(input_shape)  # type: ignore[misc]
        no_cast = _no_cast(self)  # ranks and streams need every bit
        self.scores = self.add_trainable_weight(
            name="scores",
            shape=self.masker.scores_shape(tuple(self._own_kernel.shape)),
            dtype="float32",
            initializer=self.scores_initializer,
            regularizer=_sum(self, self.scores_regularizer, self.masker.regularizer(self)),
            **no_cast,
        )
        state = {
            name: self.add_weight(
                name=name,
                shape=value.shape,
                dtype=value.dtype.name,
                trainable=False,
                initializer=_Given(value),
                aggregation=_only_first(self),
                **no_cast,
            )
            for name, value in self.masker.state(self).items()
        }
        object.__setattr__(self, "masker_state", state)  # tracked once already, by `add_weight`

    def add_weight(self, *args: Any, **options: Any) -> Any:
        """Makes a weight, frozen if so the masker says; a kernel is called `kernel`."""
        if options.get("name") == "depthwise_kernel":
            options["name"] = "kernel"
        if not self.masker.trains_weights:
            return super().add_weight(*args, **options)
        if "kernel" in (options.get("name"), *args[:1]):
            options |= _no_cast(self)  # masked in full precision, as `to_plain` does
        return self.add_trainable_weight(*args, **options)

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Computes what the parent does, with the masked kernel."""
        return self._call(inputs, bool(training))

    @tf.autograph.experimental.do_not_convert
    def _call(self, inputs: Any, training: bool) -> Any:
        with self._in_use(self.masked_kernel(training)):
            return super().call(inputs)  # type: ignore[misc]

    def masked_kernel(self, training: bool = False) -> Any:
        """Returns the kernel times its mask, as a tensor; gradients reach the scores."""
        warning = self.masker.unattended(self)
        if training and warning is not None and not self._is_followed:
            warnings.warn(warning, UserWarning, stacklevel=2)
        kernel = _keras.value_of(self._own_kernel)
        scores = _keras.value_of(self.scores)
        masked = self.masker.forward(self, kernel, scores, training)
        return tf.cast(masked, self.compute_dtype)  # type: ignore[attr-defined]

    def current_mask(self) -> np.ndarray:
        """Returns the mask at evaluation: int8, 1 = kept, 0 = masked, -1 = inverted."""
        return self.masker.mask(self)

    @property
    def density_schedule(self) -> Any:
        """The schedule that the masker's density follows, or `None`."""
        ranking = getattr(self.masker, "ranking", None)
        return None if ranking is None else ranking.schedule

    @property
    def density(self) -> float:
        """The fraction that is kept now, by schedule; as of the mask, where there is none."""
        if self.density_schedule is None:
            return float(np.count_nonzero(mask := self.current_mask())) / mask.size
        return float(_keras.to_numpy(self.masker_state["density"]))

    def set_density(self, density: float) -> None:
        """Sets the fraction that is kept from now on, in a layer whose density is scheduled.

        Raises:
            ValueError: if it is not scheduled, or `density` is not in [0, 1].
        """
        if self.density_schedule is None:
            raise ValueError(
                "the masker's density must be a schedule: one given as a number is never changed."
                f" Received: masker={self.masker!r}"
            )
        if not 0.0 <= density <= 1.0:
            raise ValueError(f"`density` must be in [0, 1]. Received: density={density!r}")
        self._is_followed = True
        _keras.assign(self.masker_state["density"], density)

    @property
    def temperature(self) -> float | None:
        """The temperature of a soft mask as it is now; `None` where the masker has none."""
        found = self.masker_state.get("temperature")
        return None if found is None else float(_keras.to_numpy(found))

    def set_temperature(self, temperature: float) -> None:
        """Sets the temperature of a soft mask from now on.

        Raises:
            ValueError: if the masker has none, or `temperature` is not above 0.
        """
        if "temperature" not in self.masker_state:
            raise ValueError(
                "the masker must have a temperature, as `ContinuousSparsification` has."
                f" Received: masker={self.masker!r}"
            )
        if not 0.0 < temperature < np.inf:
            raise ValueError(f"`temperature` must be above 0. Received: {temperature!r}")
        self._is_followed = True
        _keras.assign(self.masker_state["temperature"], temperature)

    def get_config(self) -> dict[str, Any]:
        """Returns the parent's configuration, and what a supermask adds."""
        keras: Any = _keras.module(self)
        with warnings.catch_warnings():  # tf_keras doubts initialisers that are not its own
            warnings.filterwarnings("ignore", message="The `keras.initializers.serialize")
            config = super().get_config()  # type: ignore[misc]
            scores_initializer = keras.initializers.serialize(self.scores_initializer)
        return {
            **config,
            "masker": keras.saving.serialize_keras_object(self.masker),
            "scores_initializer": scores_initializer,
            "scores_regularizer": keras.regularizers.serialize(self.scores_regularizer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Makes the layer of a configuration."""
        masker = config["masker"]
        if isinstance(masker, Mapping) and "class_name" in masker:
            keras: Any = _keras.module(cls.plain_class.__module__.partition(".")[0])
            masker = keras.saving.deserialize_keras_object(masker)
        return super().from_config({**config, "masker": masker})  # type: ignore[misc]

    @contextmanager
    def _in_use(self, kernel: Any) -> Iterator[None]:
        token = _IN_USE.set({**_IN_USE.get(), id(self): kernel})
        try:
            yield
        finally:
            _IN_USE.reset(token)

    def _get_kernel(self) -> Any:
        """The kernel itself; while the layer computes, the masked one."""
        masked = _IN_USE.get().get(id(self))
        return self._own_kernel if masked is None else masked

    def _set_kernel(self, variable: Any) -> None:
        object.__setattr__(self, "_own_kernel", variable)  # tracked already, by `add_weight`

    def _with_seed(self, initializer: Any) -> Any:
        """Lets one of ours know this layer's axes, and a seed that its configuration then keeps."""
        if not isinstance(initializer, initializers.Kaiming):
            return initializer
        inputs = self.kernel_inputs if initializer.inputs is None else initializer.inputs
        seed = initializers.any_seed() if initializer.seed is None else initializer.seed
        return dataclasses.replace(initializer, inputs=inputs, seed=seed)


class _Given:
    """An initialiser that returns one array."""

    def __init__(self, value: np.ndarray):
        self._value = value

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> np.ndarray:
        return self._value


def _no_cast(layer: Any) -> dict[str, bool]:
    """Keeps mixed precision from reading a weight in another type than it has."""
    name = "autocast" if _keras.flavour(layer) == "keras" else "experimental_autocast"
    return {name: False}


def _sum(layer: Any, *regularizers: Any) -> Any:
    """Returns the sum of regularisers, of which any may be `None`, as the layer's Keras takes it.

    Keras 3.12 and 3.13 take nothing but their own class.
    """
    given = [one for one in regularizers if one is not None]
    return _summing(_keras.flavour(layer))(given) if given else None


@functools.cache
def _summing(flavour: str) -> type:
    keras = _keras.module(flavour)

    class Sum(keras.regularizers.Regularizer):
        def __init__(self, parts: list[Any]):
            self.parts = parts

        def __call__(self, scores: Any) -> Any:
            return sum(part(scores) for part in self.parts)

    return Sum


def _only_first(layer: Any) -> Any:
    """How replicas write a masker's state: all the same, so the first one does."""
    if _keras.flavour(layer) == "keras":
        return "only_first_replica"
    return tf.VariableAggregation.ONLY_FIRST_REPLICA
