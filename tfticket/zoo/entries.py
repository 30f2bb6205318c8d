"""A network together with how its paper trains and prunes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfticket import _keras, references
from tfticket.zoo.splits import Task

__all__ = ["Entry", "OptimizerConfig"]


@dataclass(frozen=True)
class OptimizerConfig:
    """An optimizer by name, in either Keras.

    Args:
        name: class name, such as `"Adam"` or `"SGD"`.
        learning_rate: a number.
        options: further arguments of the class.
    """

    name: str
    learning_rate: float
    options: Mapping[str, Any] = field(default_factory=dict)

    def build(self, keras: Any = "keras") -> Any:
        """Returns a new optimizer of that Keras.

        Raises:
            ValueError: if that Keras has no such optimizer.
        """
        found = getattr(_keras.module(keras).optimizers, self.name, None)
        if found is None:
            raise ValueError(
                f"the optimizer must be one of {_keras.module(keras).__name__}, by the name of its"
                f" class, such as 'SGD' or 'Adam'. Received: {self.name!r}"
            )
        return found(learning_rate=self.learning_rate, **self.options)


@dataclass(frozen=True)
class Entry:
    """A network and its published training.

    Args:
        name: what it is called in the zoo.
        build: function of the keywords `keras`, `seed` and, where it can, `input_shape` and
            `num_classes`, that returns a built model with logits or values.
        task: `"classification"` or `"regression"`.
        input_shape: shape of one example in the paper; `None` if `build` alone knows.
        batch_size: examples per step.
        num_steps: steps of one training.
        optimizer: the optimizer.
        output_pattern: regular expression of the output layer's weight paths.
        pruning_rates: fraction of the surviving weights removed per round, by regular expression
            of weight paths that together cover every kernel once; empty where nothing is published.
        has_logits: whether a network for classification puts out logits, and not probabilities;
            `None` looks at it.
    """

    name: str
    build: Callable[..., Any]
    task: Task = "classification"
    input_shape: tuple[int, ...] | None = None
    batch_size: int = 64
    num_steps: int = 10_000
    optimizer: OptimizerConfig = OptimizerConfig("Adam", 1e-3)
    output_pattern: str = "(^|/)output/kernel$"
    pruning_rates: Mapping[str, float] = field(default_factory=dict)
    has_logits: bool | None = True

    def compiled(
        self,
        *,
        keras: Any = "keras",
        seed: int = 0,
        input_shape: tuple[int, ...] | None = None,
        num_classes: int | None = None,
        steps_per_execution: int = 1,
        jit_compile: bool = False,
    ) -> Any:
        """Builds the model and compiles it for its task.

        Cross-entropy and accuracy, from logits unless the model ends in a softmax, or mean squared
        error. A model that `build` returns compiled stays as it is, with its own
        `steps_per_execution`.

        Args:
            keras: `"keras"`, `"tf_keras"` or either module.
            seed: chooses the initial weights.
            input_shape: shape of one example; `None` means the network's own.
            num_classes: number of logits; `None` means the network's own.
            steps_per_execution: steps inside one call of the compiled function.
            jit_compile: whether XLA compiles the step. On CPU a dense net gains a fifth to a third,
                a convolutional one becomes more than twice as slow.

        Raises:
            TypeError: if the network takes no `input_shape` or `num_classes` and one is given, or
                it comes from the other Keras.
            ValueError: if a network of several outputs does not come compiled.
        """
        model = self._built(_keras.module(keras), seed, input_shape, num_classes)
        if getattr(model, "optimizer", None) is None:
            loss, metrics = _objective(_keras.module(keras), self.task, self._has_logits(model))
            model.compile(
                optimizer=self.optimizer.build(keras),
                loss=loss,
                metrics=metrics,
                steps_per_execution=steps_per_execution,
                jit_compile=jit_compile,
            )
        return model

    def _has_logits(self, model: Any) -> bool:
        """Looks at what a model ends in, if that is not known."""
        if self.has_logits is not None or self.task == "regression":
            return bool(self.has_logits)
        import tensorflow as tf

        from tfticket.tracing.examples import evaluation, input_specs
        from tfticket.tracing.losses import output_kinds

        traced = tf.function(evaluation(model), autograph=False)
        kinds = output_kinds(traced.get_concrete_function(input_specs(model)))
        if len(kinds) != 1:
            raise ValueError(
                f"the network {self.name!r} must come compiled: it has {len(kinds)} outputs, and"
                " which loss is whose is not known."
            )
        return kinds != ["probabilities"]

    def _built(
        self, keras: Any, seed: int, input_shape: tuple[int, ...] | None, num_classes: int | None
    ) -> Any:
        shape = {"input_shape": input_shape, "num_classes": num_classes}
        wanted = {k: v for k, v in shape.items() if v is not None}
        general = references.accepted(self.build, {"keras": keras, "seed": seed})
        refused = wanted.keys() - references.accepted(self.build, wanted).keys()
        if refused:
            raise TypeError(f"the network {self.name!r} takes no {sorted(refused)}.")
        if "seed" not in general:
            keras.utils.set_random_seed(seed)
        model = references.called(self.build, {"keras": keras, "seed": seed, **wanted}, self.name)
        if _keras.flavour_or_none(model) is None:
            raise TypeError(
                f"the network {self.name!r} must be a function that returns a model."
                f" Received: {type(model).__name__}"
            )
        if _keras.module(model) is not keras:
            raise TypeError(
                f"the network {self.name!r} must come from {keras.__name__}: give its function a"
                f" parameter `keras`. Received: a model of {_keras.flavour(model)}"
            )
        return model


def _objective(keras: Any, task: Task, has_logits: bool) -> tuple[Any, list[Any]]:
    if task == "regression":
        return keras.losses.MeanSquaredError(), []
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=has_logits)
    return loss, [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]
