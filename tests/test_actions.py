import numpy as np
import pytest

from tfticket import actions
from tfticket.actions import RewindPoints
from tfticket.initializers import draws
from tfticket.masks import Masks
from tfticket.weights import read

MASKS = Masks({"kernel": np.array([True, True, False, True])})
INITIAL = {"kernel": np.array([1.0, 2.0, 3.0, 4.0], np.float32), "bias": np.zeros(1, np.float32)}
AT_500 = {"kernel": np.array([1.5, 2.5, 3.5, 4.5], np.float32), "bias": np.ones(1, np.float32)}
TRAINED = {"kernel": np.array([9.0, 8.0, 0.0, 6.0], np.float32), "bias": np.full(1, 7, np.float32)}
POINTS = RewindPoints({0: INITIAL, 500: AT_500}, {"kernel": lambda seed: np.full(4, seed * 1.0)})


@pytest.mark.parametrize(("step", "expected"), [(0, INITIAL), (500, AT_500)])
def test_rewind_returns_every_variable_to_its_value_at_the_step(step, expected):
    action = actions.Rewind(step)
    start = action(TRAINED, MASKS, POINTS)
    assert start["kernel"].tolist() == expected["kernel"].tolist()
    assert start["bias"].tolist() == expected["bias"].tolist()
    assert action.rewind_step == step


def test_rewinding_to_a_step_that_was_not_recorded_names_the_recorded_ones():
    with pytest.raises(ValueError, match=r"\[0, 500\].*step=7"):
        actions.Rewind(7)(TRAINED, MASKS, POINTS)


def test_weights_stay_under_learning_rate_rewinding_and_fine_tuning():
    for action, rewound in ((actions.RewindLearningRate(500), 500), (actions.FineTune(), None)):
        assert action(TRAINED, MASKS, POINTS)["kernel"].tolist() == [9, 8, 0, 6]
        assert action.rewind_step == rewound


def test_reinitialize_draws_kernels_anew_and_takes_the_rest_from_the_initialisation():
    start = actions.Reinitialize(seed=5)(TRAINED, MASKS, POINTS)
    assert start["kernel"].tolist() == [5, 5, 5, 5]
    assert start["bias"].tolist() == [0]


def test_reinitialize_from_kept_draws_from_the_kept_initial_values_only():
    drawn = {
        float(v)
        for seed in range(20)
        for v in actions.ReinitializeFromKept(seed)(TRAINED, MASKS, POINTS)["kernel"][[0, 1, 3]]
    }
    assert drawn == {1.0, 2.0, 4.0}


def test_reshuffle_keeps_the_multiset_of_kept_values_and_moves_them():
    shuffled = [actions.Reshuffle(s)(TRAINED, MASKS, POINTS)["kernel"] for s in range(6)]
    assert all(sorted(k[[0, 1, 3]].tolist()) == [1, 2, 4] for k in shuffled)
    assert len({tuple(k.tolist()) for k in shuffled}) > 1


@pytest.mark.parametrize("name", sorted(actions.ACTIONS))
def test_every_action_returns_copies_of_every_variable_and_reloads_from_its_config(name):
    action = actions.get(name)
    start = action(TRAINED, MASKS, POINTS)
    assert set(start) == set(TRAINED)
    for path, array in start.items():
        assert array.dtype == np.float32
        for source in (TRAINED, INITIAL, AT_500):
            assert not np.shares_memory(array, source[path])
    assert actions.get(action.config()) == action


def test_an_unknown_action_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="fine_tune"):
        actions.get("forget")


def test_drawing_anew_follows_the_layers_own_initialiser_and_the_seed(keras):
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((4, 4, 1)),
            layers.DepthwiseConv2D(2, depthwise_initializer="he_normal", name="depthwise"),
            layers.SeparableConv2D(2, 2, name="separable"),
            layers.Flatten(),
            layers.Dense(50, kernel_initializer=keras.initializers.Constant(0.5), name="fixed"),
            layers.Dense(50, name="drawn"),
        ]
    )
    weights = read(model)
    found = draws(model, weights)
    assert set(found) == set(weights)
    assert (found["fixed/kernel"](1) == 0.5).all()
    first, again, other = (found["drawn/kernel"](s) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert abs(first).max() <= np.sqrt(6 / 100)  # Glorot uniform
    assert not np.array_equal(first, weights["drawn/kernel"])
