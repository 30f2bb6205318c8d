"""When an early bird is drawn, and what its search computes in."""

import numpy as np
import pytest

from tests.experiments.test_runner import contents
from tests.networks import SMALL_CONV
from tests.recipes.test_structured import conv_fn  # noqa: F401
from tfticket import recipes
from tfticket.experiments.runner import run
from tfticket.experiments.spec import Spec
from tfticket.low_precision import LowPrecision
from tfticket.recipes.early_bird import EarlyBird
from tfticket.recipes.run import Task
from tfticket.zoo.training import Training

SETTINGS = {"channel_sparsity": 0.5, "num_steps": 40, "every": 5, "queue_length": 2}
SPEC = {"recipe": "early_bird", "model": SMALL_CONV, "data": "digits", "num_steps": 6}
SPEC |= {"controls": (), "export": (), "every": 2, "queue_length": 2}


def test_a_ticket_may_be_drawn_at_a_step_settled_or_not(conv_fn, data):  # noqa: F811
    found = recipes.early_bird(conv_fn, data, draw_at=18, epsilon=0.45, **SETTINGS)
    log = found.level.log
    assert log["search"]["end_step"] == log["start_step"] == 18
    assert log["end_step"] == 40
    assert [look["step"] for look in log["looks"]] == [5, 10, 15]
    assert sum(log["channels"].values()) == 10
    drawn = found.ticket.weights  # as they were at that step
    removed = sorted(np.abs(np.concatenate([drawn["norm_1/gamma"], drawn["norm_2/gamma"]])))[:10]
    masks = found.level.masks
    for path in ("norm_1/gamma", "norm_2/gamma"):
        gone = np.abs(drawn[path])[~masks[path]]
        assert set(gone) <= set(removed)


@pytest.mark.parametrize(
    ("settings", "training", "said"),
    [
        ({"draw_at": "0it"}, Training(40), "1 or later.*draw_at=0, num_steps=40"),
        ({"draw_at": 41}, Training(40), "a step of the training.*draw_at=41"),
        ({"draw_at": 5}, Training(40, eval_every=10), "multiple of `eval_every`"),
        ({"every": 10}, Training(40), "for `queue_length` looks.*every=10, num_steps=40"),
    ],
)
def test_a_step_that_is_none_of_the_training_is_refused(settings, training, said):
    with pytest.raises(ValueError, match=said):
        EarlyBird(**settings).resolved(Task(training, 100))


def test_moments_are_epochs_too():
    made = EarlyBird(draw_at="2ep").resolved(Task(Training(40, batch_size=10), 100))
    assert made.draw_at == 20
    assert 20 in made.moments()


@pytest.mark.parametrize(
    "precision",
    [*(pytest.param(p, marks=pytest.mark.long) for p in ("bfloat16", "float8")), "int8"],
)
def test_a_search_in_low_precision_is_followed_by_training_in_float32(
    precision,
    conv_fn,  # noqa: F811
    data,
    monkeypatch,
):
    models = []
    release = LowPrecision.release
    monkeypatch.setattr(
        LowPrecision, "release", lambda self: models.append(self.model) or release(self)
    )
    found = recipes.early_bird(conv_fn, data, search_precision=precision, epsilon=0.45, **SETTINGS)
    log = found.level.log
    assert log["search_precision"].startswith(f"{precision}: ")
    assert log["search_precision"].endswith("emulated in float32")
    assert log["found_at"] is not None and log["end_step"] == 40
    assert f"searched in {log['search_precision']}, trained in float32" in str(found)
    assert all("call" not in vars(layer) for layer in [models[0], *models[0].layers])
    plain = recipes.early_bird(conv_fn, data, epsilon=0.45, **SETTINGS)
    assert "search_precision" not in plain.level.log
    gamma = "norm_1/gamma"
    assert not np.array_equal(plain.ticket.weights[gamma], found.ticket.weights[gamma])


def test_a_network_in_mixed_precision_is_refused_before_it_is_trained(keras, data):
    def build():
        half = {"dtype": "mixed_bfloat16"}
        layers = keras.layers
        inner = [layers.Flatten(), layers.Dense(8, name="half", **half)]
        normed = [layers.BatchNormalization(), layers.Dense(10)]
        model = keras.Sequential([keras.Input((8, 8, 1)), *inner, *normed])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", loss, metrics=["accuracy"])
        return model

    events = []
    with pytest.raises(ValueError, match=r"instead of mixed precision.*'half': 'bfloat16'"):
        recipes.early_bird(build, data, search_precision="int8", on_event=events.append)
    assert not [e for e in events if e.kind == "result"]


@pytest.mark.long
def test_a_search_that_was_killed_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    spec = Spec(**SPEC, search_precision="int8", channel_sparsity=0.5, replicates=1)
    run(spec, tmp_path / "whole")
    release = LowPrecision.release

    def killed(self):
        release(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(LowPrecision, "release", killed)
        run(spec, tmp_path / "parts")
    run(spec, tmp_path / "parts")
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_masks_that_are_alike_at_any_rate_are_refused_by_the_settings():
    with pytest.raises(
        ValueError, match=r"at most twice `channel_sparsity`.*channel_sparsity=0.04"
    ):
        EarlyBird(channel_sparsity=0.04)
    with pytest.raises(ValueError, match="at most twice"):
        EarlyBird(channel_sparsity=0.96)
    assert EarlyBird(channel_sparsity=0.04, epsilon=0.08)


def test_it_is_said_when_a_ticket_was_drawn_and_that_one_was_never_trained(conv_fn, data):  # noqa: F811
    found = recipes.early_bird(conv_fn, data, epsilon=0.45, controls=(), **SETTINGS)
    at = found.level.log["found_at"]
    assert f"drawn at step {at} of 40; its mask had settled by step {at}" in str(found)
    never = {**SETTINGS, "num_steps": 10}
    found = recipes.early_bird(conv_fn, data, epsilon=1e-6, controls=(), **never)
    assert found.level.log["found_at"] is None
    assert found.level.log["start_step"] == found.level.log["end_step"] == 10
    assert "never settled: the ticket was drawn at the last step, 10, and not" in str(found)
