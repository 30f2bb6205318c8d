import numpy as np
import pytest

import tfticket as tt
from tfticket import _keras
from tfticket.pruning import prune
from tfticket.schedules import Exponential, OneShot
from tfticket.weights import read, read_all, variables


def make_model(keras):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [layers.Input((10,)), layers.Dense(20, name="hidden"), layers.Dense(5, name="output")]
    )


def test_the_model_is_left_as_it_was_and_the_ticket_applies(keras):
    model = make_model(keras)
    before = read_all(model)
    ticket = prune(model, schedule=OneShot(0.9), scope="global")
    assert all(np.array_equal(before[p], w) for p, w in read_all(model).items())
    assert ticket.masks.num_kept == 30
    ticket.apply(model)
    assert sum(np.count_nonzero(w) for w in read(model).values()) == 30


def test_how_sparse_must_be_said(keras):
    with pytest.raises(ValueError, match=r"`schedule` must be given(.|\n)*Received: sparsity"):
        prune(make_model(keras), sparsity=0.8)


def test_one_shot_magnitude_keeps_the_largest_of_each_scope(keras):
    model = make_model(keras)
    weights = read(model)
    for scope in ("global", "layer"):
        masks = prune(model, schedule=OneShot(0.5), scope=scope).masks
        groups = [list(masks)] if scope == "global" else [[p] for p in masks]
        for paths in groups:
            kept = np.concatenate([np.abs(weights[p])[masks[p]] for p in paths])
            gone = np.concatenate([np.abs(weights[p])[~masks[p]] for p in paths])
            assert kept.min() >= gone.max()


def test_iterating_follows_the_schedule_and_reports_every_round(keras):
    seen = []
    ticket = prune(
        make_model(keras),
        schedule=Exponential(0.9),
        rounds=4,
        score="random",
        scope="global",
        evidence=tt.Evidence({}, seed=1),
        on_round=lambda round_, masks: seen.append((round_, masks.num_kept)),
    )
    assert seen == [(1, 169), (2, 95), (3, 53), (4, 30)]
    assert ticket.sparsity == 0.9
    assert ticket.provenance["method"]["score"] == "random"


def test_a_score_that_fails_leaves_the_model_as_it_was(keras):
    class Broken(tt.scores.Score):
        name = "broken"

        def compute(self, model, evidence):
            raise RuntimeError("no")

    model = make_model(keras)
    before = read_all(model)
    with pytest.raises(RuntimeError, match="no"):
        prune(model, schedule=OneShot(0.9), score=Broken())
    assert all(np.array_equal(before[p], w) for p, w in read_all(model).items())


def test_a_ticket_copies_no_weights_and_stays_as_the_model_trains_on(keras):
    model = make_model(keras)
    ticket = prune(model, schedule=OneShot(0.5), score="synflow", scope="global")
    before, now = read_all(model), weights_of(model)
    assert all(np.shares_memory(ticket.weights[p], w) for p, w in now.items())
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 10)), np.ones((8, 5)), verbose=0)
    assert all(np.array_equal(ticket.weights[p], w) for p, w in before.items())


def weights_of(model):
    return {p: np.asarray(_keras.value_of(v)) for p, v in variables(model).items()}
