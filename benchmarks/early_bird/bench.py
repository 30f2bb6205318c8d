"""One replicate of the early-bird benchmark: its network, its trainings, what is measured."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Data, steps of an epoch and examples of a step, penalty on scales and what they start from.
DATA, PER_EPOCH, BATCH, PENALTY, SCALE = "mnist_16", 100, 64, 5e-4, 0.5
#: Channels of the three convolutions; a pool by two follows the second and the third.
CHANNELS = (16, 32, 64)
NUM_EPOCHS = 8
NUM_STEPS = NUM_EPOCHS * PER_EPOCH
RATES = {"large": 0.05, "small": 0.005}
SPARSITIES = (0.3, 0.5, 0.7)
#: Epochs after which a ticket is drawn whatever the distance.
DRAWN = (1, 2, 4, 8)
EVERY = PER_EPOCH // 4
PRECISIONS = ("float32", "bfloat16", "float8", "int8")
#: The search in float32 once more, with the same weights and the batches in another order.
AGAIN = "float32, other order"


@dataclass
class Bench:
    """What the trainings of one replicate share.

    Args:
        number: of the replicate: seed of weights, examples and order.
        rate: large or small, by name.
    """

    number: int
    rate: str

    def __post_init__(self) -> None:
        from tfticket import zoo
        from tfticket.determinism import restart_names, set_seeds
        from tfticket.rewinding import capture

        set_seeds(self.number)
        restart_names("keras")
        self.data = _smaller(zoo.load_data(DATA, seed=self.number), PER_EPOCH * BATCH)
        k = __import__("keras")
        self.model = _network(k)
        rate = RATES[self.rate]
        falls = [round(0.5 * NUM_STEPS), round(0.75 * NUM_STEPS)]
        schedule = k.optimizers.schedules.PiecewiseConstantDecay(
            falls, [rate, rate / 10, rate / 100]
        )
        loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
        accuracy = k.metrics.SparseCategoricalAccuracy(name="accuracy")
        self.model.compile(
            k.optimizers.SGD(schedule, momentum=0.9),
            loss,
            metrics=[accuracy],
            steps_per_execution=25,
        )
        self.initial = capture(self.model)

    def dense(self) -> dict[str, Any]:
        """Trains the dense network, without a penalty."""
        from tfticket.rewinding import restore

        restore(self.model, self.initial)
        return {"arm": "dense", **self._trained(self.model)}

    def drawn(self) -> dict[str, Any]:
        """Searches once to the end, looking at three masks, and retrains each that is drawn."""
        from tfticket.callbacks import RecordRewindPoint, StopAtEarlyBird
        from tfticket.rewinding import restore
        from tfticket.slimming import penalize_scales

        restore(self.model, self.initial)
        looks = {p: StopAtEarlyBird(p, every=EVERY, stop=False) for p in SPARSITIES}
        points = {e: RecordRewindPoint(e * PER_EPOCH) for e in DRAWN}
        with penalize_scales(self.model, PENALTY, initial_scale=SCALE):
            self.fit(self.model, [*looks.values(), *points.values()])
        rows = [
            self._retrained(points[epoch].state, epoch, p) for epoch in DRAWN for p in SPARSITIES
        ]
        return {
            "arm": "drawn",
            "found_at": {str(p): one.found_at for p, one in looks.items()},
            "distances": {str(p): _by_epoch(one.early_bird) for p, one in looks.items()},
            "tickets": rows,
        }

    def _retrained(self, state: Any, epoch: int, sparsity: float) -> dict[str, Any]:
        """Trains a ticket in full, from the weights it had when it was drawn."""
        from tfticket.rewinding import fresh_optimizer, restore
        from tfticket.slimming import channel_masks, shrink

        restore(self.model, state)
        masks = channel_masks(self.model, sparsity, score="scale")
        small = shrink(self.model, masks, carry_optimizer=True)
        fresh_optimizer(small.model)
        report = small.report
        costs = {"flops": report.after.num_flops / report.before.num_flops}
        return {"epoch": epoch, "sparsity": sparsity, **costs, **self._trained(small.model)}

    def searched(self, precision: str) -> dict[str, Any]:
        """Lets the recipe search in a precision, and train the ticket on in float32."""
        from tfticket.graph import channel_graph
        from tfticket.lottery import Level
        from tfticket.recipes.early_bird import EarlyBird
        from tfticket.recipes.run import Run, Task
        from tfticket.tickets import Ticket

        in_float32 = precision == AGAIN
        made = EarlyBird(
            penalty=PENALTY,
            initial_scale=SCALE,
            every=EVERY,
            search_precision="float32" if in_float32 else precision,
        )
        training = self.training(self.number + 100 if in_float32 else self.number)
        start = Ticket(channel_graph(self.model).masks({}), self.initial.weights)
        before = Level(0, start, self.initial, states={0: self.initial})
        run = Run(self.model, self.data, training, seed=self.number, recipe_name="early_bird")
        seconds: list[float] = []
        run._train = _timed(run._train, seconds)
        recipe = made.resolved(Task(training, PER_EPOCH * BATCH))
        recipe.check(run)
        level = recipe.treat(run, before)
        log, metrics = level.log, level.metrics
        groups = {n: m for n, m in level.masks.items() if n.endswith("gamma")}
        return {
            "arm": precision,
            "found_at": log["found_at"],
            "computes": log.get("search_precision", "float32"),
            "looks": [max(o["distances"], default=None) for o in log["looks"]],
            "validation_accuracy": metrics["validation_accuracy"],
            "test_accuracy": metrics["test_accuracy"],
            "flops": log["flops"] / log["dense_flops"],
            "search_cpu_s": round(seconds[0], 2),
            "cpu_s_per_step": round(seconds[0] / log["search"]["end_step"], 5),
            "kept": {n: np.flatnonzero(m).tolist() for n, m in groups.items()},
        }

    def training(self, seed: int) -> Any:
        """What every training here is like."""
        from tfticket.zoo.training import Training

        return Training(NUM_STEPS, BATCH, seed=seed)

    def fit(self, model: Any, callbacks: list[Any]) -> None:
        """Trains a model to the end."""
        from tfticket.zoo.training import train_on

        train_on(self.data, self.training(self.number))(model, callbacks)

    def _trained(self, model: Any) -> dict[str, Any]:
        from tfticket.zoo.training import evaluate_on

        start = time.process_time()
        self.fit(model, [])
        seconds = round(time.process_time() - start, 2)
        metrics = evaluate_on(self.data)(model)
        kept = ("validation_accuracy", "test_accuracy")
        return {"cpu_s": seconds, **{n: metrics[n] for n in kept}}


def _by_epoch(seen: Any) -> list[list[float]]:
    """The distance of every two masks drawn at the end of an epoch."""
    at = [n for n, o in enumerate(seen.observations) if o.step % PER_EPOCH == 0]
    return [[round(float(d), 4) for d in row] for row in seen.distance_matrix()[np.ix_(at, at)]]


def _network(k: Any) -> Any:
    """A small VGG for images of 8 x 8: convolution, normalisation and ReLU three times."""
    layers = [k.Input((8, 8, 1), name="image")]
    for number, channels in enumerate(CHANNELS, start=1):
        name = f"conv_{number}"
        layers.append(k.layers.Conv2D(channels, 3, padding="same", use_bias=False, name=name))
        layers.append(k.layers.BatchNormalization(name=f"{name}_norm"))
        layers.append(k.layers.ReLU(name=f"{name}_relu"))
        if number > 1:
            layers.append(k.layers.MaxPooling2D(name=f"pool_{number}"))
    layers += [k.layers.Flatten(name="flatten"), k.layers.Dense(10, name="output")]
    return k.Sequential(layers, name="conv_3")


def _timed(train: Any, seconds: list[float]) -> Any:
    def timed(*arguments: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return train(*arguments, **options)
        finally:
            seconds.append(time.process_time() - start)

    return timed


def _smaller(data: Any, num_examples: int) -> Any:
    """The data set with fewer examples in its train split and pixels averaged two by two."""
    import dataclasses

    def smaller(split: Any, number: int | None = None) -> Any:
        x = split.x[:number]
        x = x.reshape(len(x), 8, 2, 8, 2, 1).mean((2, 4))
        return dataclasses.replace(split, x=x, y=split.y[:number])

    splits = {n: smaller(getattr(data, n)) for n in ("validation", "test")}
    return dataclasses.replace(data, train=smaller(data.train, num_examples), **splits)
