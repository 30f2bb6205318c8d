"""What is measured of a champion: with shared weights, with trained ones, and beside others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.weight_agnostic.plain_loop import One

SEED, EPOCHS, NUM_TEST_EPISODES = 0, 30, 100


def classification(state, settings, data, out: Path) -> dict[str, Any]:
    import keras

    from tfticket import controls
    from tfticket.reports import plot_network, plots
    from tfticket.weight_agnostic import Champion, keras_model, ticket_of, tuned_weight, verdict_on

    champion = Champion.of(state.champion)
    validation, test = data.validation, data.test
    weight = tuned_weight(champion, validation.x, validation.y)
    verdict = verdict_on(
        champion,
        test.x,
        test.y,
        reward="accuracy",
        shared_weights=np.array(settings.shared_weights),
        tuned=weight,
        seed=SEED,
    )
    model = keras_model(champion, weight, keras=keras, input_shape=data.input_shape)
    ticket = ticket_of(champion, model, weight, round=1)
    others = [controls.make("shuffle_mask", ticket, model, seed=seed) for seed in range(5)]
    plots.save(plot_network(champion), out / f"{data.name}.png", dpi=90)
    return {
        "champion": str(champion),
        "sparsity_of_its_layers": round(ticket.masks.sparsity, 4),
        "test": _rounded(verdict.to_dict()),
        "trained_connections": trained(model, ticket, data),
        "trained_linear_model": trained(linear(data), None, data),
        "same_counts_other_connections": [_swept(t, model, data) for t in others],
        "every_connection_on": _swept(controls.make("dense", ticket, model, seed=0), model, data),
        "chance": _percent(np.bincount(test.y).max() / len(test.y)),
        "tflite": exported(model, ticket, data, out),
    }


def linear(data):
    import keras

    keras.utils.set_random_seed(SEED)
    layers = [keras.Input(data.input_shape), keras.layers.Flatten(), keras.layers.Dense(10)]
    return keras.Sequential(layers)


def trained(model, ticket, data) -> dict[str, Any]:
    """Trains 30 epochs with Adam; the epoch is chosen on validation, and measured once on test."""
    import keras

    from tfticket import weights
    from tfticket.callbacks import EnforceMasks

    keras.utils.set_random_seed(SEED)
    if ticket is not None:
        ticket.apply(model)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    masks = [] if ticket is None else [EnforceMasks(ticket)]
    best, held, chosen = -1.0, None, 0
    for epoch in range(EPOCHS):
        model.fit(data.train.x, data.train.y, batch_size=64, verbose=0, callbacks=masks)
        found = model.evaluate(data.validation.x, data.validation.y, verbose=0, batch_size=1000)[1]
        if found > best:
            best, held, chosen = found, weights.read_all(model), epoch + 1
    weights.write(model, held)
    accuracy = model.evaluate(data.test.x, data.test.y, verbose=0, batch_size=1000)[1]
    parameters = model.count_params() if ticket is None else ticket.masks.num_kept
    return {"accuracy": _percent(accuracy), "epoch": chosen, "parameters": int(parameters)}


def _swept(ticket, model, data) -> dict[str, Any]:
    """Test accuracy of other connections at the shared weight that is best for them.

    The weight is chosen on validation among those of the sweep.
    """
    from tfticket import weights

    sweep, found = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0), {}
    for weight in sweep:
        held = {p: np.where(m, np.float32(weight), 0) for p, m in ticket.masks.items()}
        weights.write(model, held)
        found[weight] = {
            name: float((_predicted(model, split.x) == split.y).mean())
            for name, split in (("validation", data.validation), ("test", data.test))
        }
    best = max(sweep, key=lambda w: found[w]["validation"])
    mean = np.mean([f["test"] for f in found.values()])
    return {"mean": _percent(mean), "best_weight": best, "best": _percent(found[best]["test"])}


def _predicted(model, x):
    return model.predict(x, batch_size=1000, verbose=0).argmax(axis=1)


def exported(model, ticket, data, out: Path) -> dict[str, Any]:
    """Writes the champion with its shared weight as a TFLite file, which is run and compared."""
    import tempfile

    from tfticket import export

    ticket.apply(model)
    with tempfile.TemporaryDirectory() as folder:
        report = export.tflite(model, Path(folder) / "model.tflite", inputs=data.train.x[:256])
    return {
        "file_bytes": report.file_bytes,
        "gzip_bytes": report.gzip_bytes,
        "layout": report.layout,
        "largest_relative_difference": max(c.relative_diff for c in report.kept),
    }


class Erratic(One):
    """Pushes at random."""

    weights = np.ones(1)

    def __init__(self, rng):
        self._rng = rng

    def act(self, seen):
        return self._rng.uniform(-1, 1, (1, 1, *seen.shape[2:]))


def swing_up(state, settings, data, out: Path) -> dict[str, Any]:
    from tfticket.reports import plot_network, plots
    from tfticket.seeds import generator
    from tfticket.weight_agnostic import Champion, Networks, SwingUp

    del data
    champion, task = Champion.of(state.champion), SwingUp()
    weights = np.array(settings.shared_weights)
    fine = np.array([w for w in np.linspace(-3, 3, 61) if abs(w) > 1e-9])
    by_fine = task.validate(Networks(champion.genomes, fine))[0]
    tuned = float(fine[by_fine.argmax()])
    largest = np.abs(weights).max()
    drawn = generator(SEED, "shared_weights").uniform(-largest, largest, 100)
    both = np.concatenate([weights, [tuned], drawn])
    test_seed = 2_000_003  # of no generation and not of validation
    earned = task.earned(Networks(champion.genomes, both), test_seed, NUM_TEST_EPISODES)[0]
    random = task.earned(Erratic(np.random.default_rng(SEED)), test_seed, NUM_TEST_EPISODES)
    means = earned.mean(axis=1)
    plots.save(plot_network(champion), out / "swing_up.png", dpi=90)
    k = len(weights)
    return {
        "champion": str(champion),
        "test_episodes": NUM_TEST_EPISODES,
        "by_weight": {f"{w:g}": round(float(m), 1) for w, m in zip(weights, means, strict=False)},
        "mean": round(float(means[:k].mean()), 1),
        "best": round(float(means[:k].max()), 1),
        "tuned_weight": round(tuned, 3),
        "tuned": round(float(means[k]), 1),
        "tuned_deviation": round(float(earned[k].std()), 1),
        "random": round(float(means[k + 1 :].mean()), 1),
        "random_deviation": round(float(means[k + 1 :].std()), 1),
        "random_pushes": round(float(random.mean()), 1),
    }


def _percent(share: float) -> float:
    return round(100 * float(share), 2)


def _rounded(verdict: dict[str, Any]) -> dict[str, Any]:
    kept = {"by_weight": {w: _percent(a) for w, a in verdict["by_weight"].items()}}
    kept["tuned_weight"] = round(verdict["tuned_weight"], 4)
    rest = {n: _percent(v) for n, v in verdict.items() if n not in kept}
    return kept | rest
