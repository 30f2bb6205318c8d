"""Any score, pruned over several rounds without training."""

import itertools

import numpy as np
import pytest

from tfticket import scores, weights
from tfticket.pruning import prune
from tfticket.schedules import Exponential
from tfticket.scores import SCORES, Evidence

BATCH = (np.random.default_rng(0).normal(size=(4, 8, 8, 2)).astype(np.float32), np.arange(4) % 3)


@pytest.mark.parametrize("name", sorted(SCORES))
def test_masked_weights_never_come_back_and_the_target_is_met_exactly(keras, networks, name):
    model = networks.convolutional(keras)
    before = weights.read_all(model)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    initial = {p: np.roll(w, 1) for p, w in weights.read(model).items()}
    given = {"batch": BATCH, "loss": loss, "seed": 0, "movement": initial}
    evidence = Evidence({}, rewind_points={0: initial}, **given)
    seen = []
    ticket = prune(
        model,
        score=name,
        scope="global",
        schedule=Exponential(0.9),
        rounds=4,
        on_collapse="ignore",
        evidence=evidence,
        on_round=lambda round_, masks: seen.append((round_, masks)),
    )
    assert [r for r, _ in seen] == [1, 2, 3, 4]
    for (_, earlier), (_, later) in itertools.pairwise(seen):
        assert not any((later[p] & ~earlier[p]).any() for p in later)
    total = ticket.masks.num_weights
    assert [m.num_kept for _, m in seen] == [round(0.1 ** (r / 4) * total) for r in (1, 2, 3, 4)]
    assert all(np.array_equal(before[p], v) for p, v in weights.read_all(model).items())


def test_a_score_sees_zeros_where_the_mask_is(networks):
    import keras

    class Watching(scores.Score):
        name = "watching"

        def compute(self, model, evidence):
            kept = {p: int(np.count_nonzero(w)) for p, w in evidence.weights.items()}
            counts.append((kept, {p: int(m.sum()) for p, m in evidence.masks.items()}))
            return {p: np.abs(w) for p, w in evidence.weights.items()}

    counts = []
    model = networks.dense(keras, [10, 10, 10])
    prune(model, score=Watching(), scope="global", schedule=Exponential(0.75), rounds=2)
    assert all(kept == masked for kept, masked in counts)
    assert [sum(kept.values()) for kept, _ in counts] == [200, 100]


def test_synflow_over_many_rounds_empties_no_layer_where_one_round_does(networks):
    import keras

    model = networks.dense(keras, [50, 300, 100, 10])
    settings = {"scope": "global", "schedule": Exponential(1 - 10**-2.5), "on_collapse": "ignore"}
    at_once, slowly = (prune(model, score="synflow", rounds=r, **settings).masks for r in (1, 50))
    assert at_once.num_kept == slowly.num_kept
    assert min(at_once.kept_per_path().values()) == 0 < min(slowly.kept_per_path().values())


def test_a_ticket_does_not_share_memory_with_the_model(keras, networks):
    model = networks.dense(keras, [5, 4, 3])
    ticket = prune(model, score="magnitude", scope="global", schedule=Exponential(0.5), rounds=2)
    before = {p: w.copy() for p, w in ticket.weights.items()}
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.fit(np.ones((8, 5)), np.ones((8, 3)), verbose=0)
    assert all(np.array_equal(before[p], w) for p, w in ticket.weights.items())
    assert any(not np.array_equal(before[p], w) for p, w in weights.read_all(model).items())
