import numpy as np
import pytest

from tfticket.graph import channel_graph
from tfticket.scores import Evidence, Magnitude
from tfticket.slimming import ChannelScore, channel_scores


@pytest.fixture
def model(build):
    """Two convolutions whose sum goes on; kernels are 1 x 1, so that scores show by eye."""

    def network(k):
        image = k.layers.Input((2, 2, 2), name="image")
        x = k.layers.Conv2D(3, 1, use_bias=False, name="a")(image)
        x = k.layers.BatchNormalization(name="bn")(x)
        y = k.layers.Conv2D(3, 1, use_bias=False, name="b")(image)
        x = k.layers.Add(name="add")([x, y])
        x = k.layers.GlobalAveragePooling2D(name="pool")(x)
        return k.Model(image, k.layers.Dense(1, name="out")(x))

    built = build(network)
    built.get_layer("a").kernel.assign(np.reshape([1, -2, 0, 3, 0, 0], (1, 1, 2, 3)))
    built.get_layer("b").kernel.assign(np.reshape([0, 0, 4, 0, 2, 0], (1, 1, 2, 3)))
    built.get_layer("bn").gamma.assign([0.1, -0.3, 0.2])
    return built


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ("l1", [4, 4, 4]),
        ("l2", [10**0.5, 8**0.5, 4]),
        ("scale", [0.1, 0.3, 0.2]),
        ("magnitude", [1, 1, 1]),
        (Magnitude(), [1, 1, 1]),
        (ChannelScore(pooling="max"), [3, 2, 4]),
    ],
)
def test_scores_are_pooled_over_every_weight_that_makes_a_channel(model, score, expected):
    found = channel_scores(model, channel_graph(model), score)
    assert list(found) == ["a"]
    assert np.allclose(found["a"], expected)


def test_taylor_squares_the_sum_over_a_filter_in_every_batch(model):
    rng = np.random.default_rng(0)
    pairs = [(rng.normal(size=(4, 2, 2, 2)).astype("f"), np.zeros((4, 1), "f")) for _ in range(2)]
    graph = channel_graph(model)
    both = channel_scores(model, graph, "taylor", Evidence({}, batch=pairs, loss="mse"))["a"]
    each = [
        channel_scores(model, graph, "taylor", Evidence({}, batch=p, loss="mse"))["a"]
        for p in pairs
    ]
    assert np.allclose(both, np.mean(each, axis=0), rtol=1e-5)
    assert (both > 0).all()
    with pytest.raises(ValueError, match="batch and a loss"):
        channel_scores(model, graph, "taylor")


def test_random_scores_come_from_the_seed(model):
    graph = channel_graph(model)
    first, again, other = (
        channel_scores(model, graph, "random", Evidence({}, seed=s))["a"] for s in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    with pytest.raises(ValueError, match="seed"):
        channel_scores(model, graph, "random")


def test_groups_without_a_scale_get_no_score(build):
    model = build("mlp")
    assert channel_scores(model, channel_graph(model), "scale") == {}


def test_an_unknown_pooling_is_refused():
    with pytest.raises(ValueError, match="pooling='median'"):
        ChannelScore(pooling="median")


def test_an_unknown_score_is_answered_with_those_of_channels_and_of_weights(model):
    graph = channel_graph(model)
    with pytest.raises(ValueError, match=r"'l1'.*'magnitude'.*'scale'.*Did you mean 'magnitude'\?"):
        channel_scores(model, graph, "magnitud")


@pytest.mark.parametrize("score", ["scale", "l1", "random"])
def test_without_a_free_channel_the_reasons_are_told_and_the_score_is_not_blamed(keras, score):
    given = keras.layers.Input((3,))
    x = keras.layers.LayerNormalization(name="norm")(keras.layers.Dense(4, name="first")(given))
    model = keras.Model(given, keras.layers.Dense(2, name="last")(x))
    with pytest.raises(ValueError, match="it has none") as caught:
        channel_scores(model, channel_graph(model), score, Evidence({}, seed=0))
    said = str(caught.value)
    assert "`score`" not in said
    assert "not followed: norm: it takes its mean and variance over the channels" in said
