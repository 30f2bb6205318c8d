"""Python calls with something wrong in them, and what their messages have to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tfticket as tt
from benchmarks.bad_inputs.workshop import network
from tfticket import callbacks, lottery, masks, recipes, slimming, zoo
from tfticket.schedules import Exponential, OneShot

__all__ = ["CALLS", "TRAINING"]

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
Y = np.arange(60) % 3
NAN = np.where(np.arange(240).reshape(60, 4) == 14, np.nan, X)
KEPT = {"first/kernel": np.ones((4, 8), bool)}


def keras() -> Any:
    """Keras 3, imported when it is needed."""
    import keras as found

    return found


def model(units: int = 3, **compiled: Any) -> Any:
    """The small network, compiled anew if there are options."""
    made = network(keras(), units)
    if compiled:
        made.compile(**compiled)
    return made


def find(data: Any = (X, Y), build: Any = None, **settings: Any) -> Any:
    """Searches for a ticket with one setting wrong."""
    recipe = settings.pop("recipe", "snip")
    return getattr(recipes, recipe)(build or model, data, **{"num_steps": 2, **settings})


def train(made: Any, given: list[Any]) -> None:
    """One epoch."""
    made.fit(X, Y, verbose=0, callbacks=given)


def level(evaluate: Any, made: Any = None, do: Any = train) -> Any:
    """Asks a search for its first level."""
    return next(lottery.find_ticket(made or model(), do, schedule=OneShot(0.5), evaluate=evaluate))


def batches(x: Any, y: Any = Y) -> Callable[[], Any]:
    """A pipeline of two batches."""
    return lambda: [(x[:30], y[:30]), (x[30:], y[30:])]


def pruned(value: Any) -> dict[str, np.ndarray]:
    """Masks of one value."""
    return {"first/kernel": np.full((4, 8), value)}


def other_model() -> Any:
    """A network of other shapes."""
    layers = keras().layers
    return keras().Sequential([keras().Input((5,)), layers.Dense(8, name="first")])


def ticket(path: Path) -> Any:
    """The good ticket of the workshop."""
    return tt.Ticket.load(path / "ticket")


Case = tuple[str, Callable[[Path], Any], tuple[str, ...]]

#: Name, call and what must be said; nothing is trained.
CALLS: tuple[Case, ...] = (
    ("masks that are no mapping", lambda f: masks.Masks([1]), ("mapping", "list")),
    ("no masks", lambda f: masks.Masks({}), ("at least one weight", "{}")),
    *(
        (f"a mask of {value}", lambda f, v=value: callbacks.EnforceMasks(pruned(v)), said)
        for value, said in (
            (0.5, ("boolean", "float64", "first/kernel")),
            (float("nan"), ("boolean", "float64", "first/kernel")),
            (-1, ("boolean", "int64", "first/kernel")),
            ("x", ("boolean", "<U1", "first/kernel")),
        )
    ),
    ("enforce 0.5", lambda f: tt.enforce(model(), pruned(0.5)), ("boolean", "float64")),
    ("shrink by 0.5", lambda f: slimming.shrink(model(), pruned(0.5)), ("boolean", "float64")),
    (
        "masks of another weight",
        lambda f: tt.enforce(model(), masks.Masks({"nobody/kernel": np.ones(3, bool)})),
        ("nobody/kernel",),
    ),
    (
        "masks of another shape",
        lambda f: tt.enforce(model(), masks.Masks({"first/kernel": np.ones((3, 3), bool)})),
        ("first/kernel", "(3, 3)"),
    ),
    ("a ticket for another network", lambda f: ticket(f).apply(other_model()), ("last/kernel",)),
    ("a folder without a ticket", lambda f: tt.Ticket.load(f / "full"), ("full",)),
    ("a damaged ticket", lambda f: tt.Ticket.load(f / "damaged_ticket"), ("manifest.json",)),
    ("no ticket", lambda f: tt.Ticket.load(f / "nowhere"), ("nowhere",)),
    ("sparsity 1", lambda f: OneShot(1.0), ("1.0",)),
    ("sparsity 90", lambda f: OneShot(90), ("90",)),
    ("sparsity nan", lambda f: OneShot(float("nan")), ("nan",)),
    ("no schedule", lambda f: tt.prune(model()), ("`schedule` must be given",)),
    ("a number as schedule", lambda f: tt.prune(model(), schedule=0.5), ("`schedule`", "float")),
    ("rounds 0", lambda f: Exponential(0.5, rounds=0), ("rounds", "0")),
    (
        "an unknown score",
        lambda f: tt.prune(model(), schedule=OneShot(0.5), score="beauty"),
        ("`score` must be one of", "beauty"),
    ),
    (
        "an unknown scope",
        lambda f: tt.prune(model(), schedule=OneShot(0.5), scope="universe"),
        ("`scope` must be one of", "universe"),
    ),
    (
        "a granularity that fits nothing",
        lambda f: tt.prune(model(), schedule=OneShot(0.5), granularity="3x1"),
        ("`granularity` must fit", "first/kernel"),
    ),
    (
        "prunable that matches nothing",
        lambda f: tt.prune(model(), schedule=OneShot(0.5), prunable="nobody"),
        ("`prunable` must match", "nobody"),
    ),
    (
        "a bad pattern",
        lambda f: tt.prune(model(), schedule=OneShot(0.5), prunable="("),
        ("regular expression", "'('"),
    ),
    (
        "a score without its batch",
        lambda f: tt.prune(model(), schedule=OneShot(0.5), score="snip"),
        ("batch",),
    ),
    ("no model", lambda f: tt.prune(3, schedule=OneShot(0.5)), ("keras", "int")),
    ("no model to enforce on", lambda f: tt.enforce(3, masks.Masks(KEPT)), ("keras", "int")),
    ("no model to search in", lambda f: level(None, made=3), ("keras", "int")),
    ("labels beyond the outputs", lambda f: find((X, Y + 1)), ("0 … 2", "1 … 3")),
    ("negative labels", lambda f: find((X, Y - 1)), ("numbered from 0", "-1")),
    ("NaN in inputs", lambda f: find((NAN, Y)), ("inputs must be finite", "[3, 2]")),
    (
        "infinity in targets",
        lambda f: find((X, np.where(Y == 0, np.inf, 1.0))),
        ("targets must be finite", "[0]"),
    ),
    ("NaN in a pipeline", lambda f: find((batches(NAN), batches(X))), ("train, batch 0", "nan")),
    ("NaN in the test", lambda f: find(((X, Y), (NAN, Y))), ("test: inputs", "[3, 2]")),
    ("a narrow test", lambda f: find(((X, Y), (X[:, :3], Y))), ("[4] in train, [3] in test",)),
    ("wide inputs", lambda f: find((X[:, :3], Y)), ("must be what the network takes", "[None, 3]")),
    ("one-hot targets", lambda f: find((X, np.eye(3)[Y])), ("one-hot", "argmax")),
    (
        "ragged inputs",
        lambda f: find(([[1.0], [1.0, 2.0]] * 30, Y)),
        ("of one shape", "list of 60"),
    ),
    ("fewer targets", lambda f: find((X, Y[:-1])), ("len(x)=60, len(y)=59",)),
    ("no data", lambda f: find(3), ("`data` must be", "int")),
    ("five examples", lambda f: find((X[:5], Y[:5])), ("at least 10", "5 examples")),
    ("a generator", lambda f: find(x for x in X), ("`data` must be", "generator")),
    ("an endless pipeline", lambda f: find((_endless(), _endless())), ("must end", "repeat")),
    ("batch size", lambda f: find(batch_size=1000), ("`batch_size` must be at most", "1000")),
    (
        "end of the schedule",
        lambda f: find(recipe="gradual", end_step=9),
        ("`end_step` must lie", "end_step=9"),
    ),
    ("rewinding too late", lambda f: find(recipe="late_rewinding", rewind_to=9), ("rewind_to=9",)),
    ("no normalisation", lambda f: find(recipe="slimming"), ("BatchNormalization",)),
    (
        "nor for an early bird",
        lambda f: find(recipe="early_bird", num_steps=6),
        ("BatchNormalization",),
    ),
    ("granularity", lambda f: find(granularity="3x1"), ("`granularity` must fit", "first/kernel")),
    (
        "granularity of a search with rounds",
        lambda f: find(recipe="lottery_ticket", granularity="5x1"),
        ("`granularity` must fit", "first/kernel"),
    ),
    ("an unknown setting", lambda f: find(sparsty=0.5), ("sparsty", "`sparsity`")),
    ("a text as number", lambda f: find(sparsity="half"), ("`sparsity` must", "half")),
    ("class weights", lambda f: find(class_weight={0: 1.0}), ("3 classes", "{0: 1.0}")),
    ("an unknown control", lambda f: find(controls=("nobody",)), ("`controls` must", "nobody")),
    ("not compiled", lambda f: find(build=other_model), ("compiled model", "without an optimizer")),
    (
        "a crossentropy of yes or no for three classes",
        lambda f: find(build=lambda: model(1, optimizer="sgd", loss="binary_crossentropy")),
        ("0 to 1", "0 … 2"),
    ),
    (
        "as many numbers as there are not",
        lambda f: find((X, X), build=lambda: model(3, optimizer="sgd", loss="mse")),
        ("not as many", "[4]"),
    ),
    ("no callbacks", lambda f: find(callbacks=lambda: 3, eval_every=1), ("callbacks", "[3]")),
    ("an unknown network", lambda f: zoo.get_model("lenet"), ("lenet_300_100", "'lenet'")),
    ("unknown data", lambda f: zoo.load_data("digitz"), ("digits", "'digitz'")),
    ("a flipped .keras", lambda f: _built(f / "flipped.keras"), ("damaged", "flipped.keras")),
)

#: The same, after some training.
TRAINING: tuple[Case, ...] = (
    ("evaluate gives nothing", lambda f: level(lambda m: None), ("`evaluate`", "NoneType")),
    ("evaluate gives text", lambda f: level(lambda m: "0.5"), ("`evaluate`", "str")),
    ("evaluate gives two", lambda f: level(lambda m: [0.1, 0.2, 0.3]), ("`evaluate`", "3 numbers")),
    ("evaluate by numbers", lambda f: level(lambda m: {1: 0.5}), ("`evaluate`", "{1: 0.5}")),
    (
        "a learning rate beyond all bounds",
        lambda f: find(build=lambda: model(optimizer=keras().optimizers.SGD(1e38), loss=_loss())),
        ("level 0 must be finite", "learning rate"),
    ),
    (
        "callbacks are not passed on",
        lambda f: level(None, do=lambda made, given: made.fit(X, Y, verbose=0)),
        ("`callbacks`", "`fit`"),
    ),
    (
        "a trained model",
        lambda f: level(None, made=_trained()),
        ("`model` must be at its initialisation", "iterations="),
    ),
)


def _loss() -> Any:
    return keras().losses.SparseCategoricalCrossentropy(from_logits=True)


def _trained() -> Any:
    made = model()
    train(made, [])
    return made


def _endless() -> Any:
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, Y)).batch(8).repeat()


def _built(path: Path) -> Any:
    return zoo.get_model(str(path), trust=True).compiled()
