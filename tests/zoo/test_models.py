import numpy as np
import pytest

from tfticket import weights, zoo

NETWORKS = [
    "lenet_300_100",
    "conv_431k",
    "conv_1200k",
    "conv_2",
    "conv_4",
    "conv_6",
    "regression_mlp",
    "vgg_11_bn",
    "vgg_small",
    "resnet_20",
    "mobilenet_small",
]


def num_prunable(model):
    return sum(w.size for w in weights.read(model).values())


@pytest.mark.parametrize(
    ("name", "num_weights", "num_parameters"),
    [
        ("lenet_300_100", 266_200, 266_610),
        ("conv_431k", 430_500, 431_080),
        ("conv_1200k", 1_199_648, 1_199_648),
        ("conv_2", 4_300_992, 4_301_642),
        ("conv_4", 2_425_024, 2_425_930),
        ("conv_6", 2_261_184, 2_262_602),
        ("regression_mlp", 2_073_600, 2_075_649),
        ("vgg_11_bn", 9_222_848, 9_233_866),
        ("vgg_16_bn", 14_715_584, 14_732_490),
        ("resnet_20", 270_896, 274_042),
        ("resnet_56", 851_504, 860_026),
        ("vgg_small", 77_328, 78_234),
        ("mobilenet_small", 812_768, 834_666),
    ],
)
def test_networks_have_their_papers_numbers_of_weights(keras, name, num_weights, num_parameters):
    model = zoo.get_model(name).build(keras=keras)
    assert num_prunable(model) == num_weights
    assert model.count_params() == num_parameters
    assert model.name == name


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("lenet_300_100", ["dense_1", "dense_2", "output"]),
        ("conv_431k", ["conv_1", "conv_2", "dense_1", "output"]),
        ("conv_2", ["conv_1", "conv_2", "dense_1", "dense_2", "output"]),
        ("conv_4", ["conv_1", "conv_2", "conv_3", "conv_4", "dense_1", "dense_2", "output"]),
        ("regression_mlp", ["dense_1", "dense_2", "output"]),
    ],
)
def test_weight_paths_are_named_by_kind_and_position(keras, name, paths):
    model = zoo.get_model(name).build(keras=keras)
    assert list(weights.read(model)) == [f"{p}/kernel" for p in paths]


@pytest.mark.parametrize("name", NETWORKS)
def test_one_seed_gives_the_same_initial_weights_in_both_kerases(name):
    build = zoo.get_model(name).build
    first, second = (weights.read(build(keras=k, seed=4)) for k in ("keras", "tf_keras"))
    assert list(first) == list(second)
    for path, array in first.items():
        np.testing.assert_array_equal(array, second[path])


def test_initial_weights_depend_on_the_seed(keras):
    def kernels(seed):
        return weights.read(zoo.lenet_300_100(keras=keras, seed=seed))

    first, again, other = kernels(0), kernels(0), kernels(1)
    for path, array in first.items():
        np.testing.assert_array_equal(array, again[path])
        assert not np.array_equal(array, other[path])


def test_layers_of_one_shape_start_from_different_weights(keras):
    kernels = weights.read(zoo.conv_2(keras=keras, input_shape=(4, 4, 64)))
    assert not np.array_equal(kernels["conv_1/kernel"], kernels["conv_2/kernel"])


def test_a_reinitialisation_with_the_same_seed_draws_other_weights(keras):
    from tfticket import initializers

    model = zoo.lenet_300_100(keras=keras, seed=3)
    drawn = initializers.draws(model, weights.read(model))
    for path, array in weights.read(model).items():
        assert not np.array_equal(drawn[path](3), array)


def test_a_clone_does_not_start_from_the_same_weights(keras):
    model = zoo.lenet_300_100(keras=keras, seed=3)
    clone = keras.models.clone_model(model)
    assert not np.array_equal(clone.layers[-1].get_weights()[0], model.layers[-1].get_weights()[0])


def test_initial_weights_are_spread_as_published(keras):
    kernels = weights.read(zoo.lenet_300_100(keras=keras))
    glorot = np.sqrt(2 / (784 + 300))
    assert kernels["dense_1/kernel"].std() == pytest.approx(glorot, rel=0.02)
    torch = weights.variables(zoo.conv_431k(keras=keras))
    for name, fan_in in (("conv_1", 25), ("conv_2", 500), ("dense_1", 800), ("output", 500)):
        for kind in ("kernel", "bias"):
            values = np.asarray(torch[f"{name}/{kind}"])
            assert 0 < np.abs(values).max() <= fan_in**-0.5
    he = weights.read(zoo.regression_mlp(keras=keras))["dense_1/kernel"]
    assert he.std() == pytest.approx(np.sqrt(2 / 1_000), rel=0.02)


@pytest.mark.parametrize("name", ["lenet_300_100", "conv_2", "conv_4", "conv_6"])
def test_networks_fit_small_digits(keras, name):
    model = zoo.get_model(name).build(keras=keras, input_shape=(8, 8, 1), num_classes=3)
    assert model.output_shape == (None, 3)


def test_networks_give_logits(keras):
    model = zoo.lenet_300_100(keras=keras)
    logits = np.asarray(model(5 * np.ones((2, 28, 28, 1), np.float32)))
    assert logits.shape == (2, 10)
    assert logits.min() < 0
    assert model.layers[-1].activation is keras.activations.linear


def test_a_module_is_as_good_as_its_name(keras):
    assert isinstance(zoo.lenet_300_100(keras=keras), keras.Model)
    assert isinstance(zoo.lenet_300_100(keras=keras.__name__), keras.Model)


def test_images_too_small_for_the_convolutions_are_refused():
    with pytest.raises(ValueError, match=r"at least 16 pixels.*input_shape=\(8, 8, 1\)"):
        zoo.conv_431k(input_shape=(8, 8, 1))
    with pytest.raises(ValueError, match=r"at least 8 pixels.*input_shape=\(4, 8, 1\)"):
        zoo.conv_6(input_shape=(4, 8, 1))
    with pytest.raises(ValueError, match=r"at least 6 pixels.*input_shape=\(5, 8, 1\)"):
        zoo.conv_1200k(input_shape=(5, 8, 1))
    with pytest.raises(ValueError, match=r"input_shape=\(64,\)"):
        zoo.conv_2(input_shape=(64,))


def test_vgg_wants_images_that_can_be_halved_five_times(keras):
    assert zoo.vgg_11_bn(keras=keras, input_shape=(32, 40, 1)).output_shape == (None, 10)
    with pytest.raises(ValueError, match=r"at least 32 pixels.*input_shape=\(28, 28, 1\)"):
        zoo.vgg_16_bn(keras=keras, input_shape=(28, 28, 1))


def test_a_residual_block_carries_its_input_around(keras):
    model = zoo.resnet_20(keras=keras, num_classes=3)
    projections = [name for name in weights.read(model) if "projection" in name]
    assert projections == [f"stage_{s}_block_1_projection/kernel" for s in (2, 3)]
    block = model.get_layer("stage_1_block_2_add").input
    assert {t.shape[-1] for t in block} == {16}
    assert model.output_shape == (None, 3)


def test_a_smallest_image_still_fits(keras):
    assert zoo.conv_431k(keras=keras, input_shape=(16, 16, 1)).output_shape == (None, 10)
    assert zoo.conv_6(keras=keras, input_shape=(8, 9, 3)).output_shape == (None, 10)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="non-negative"):
        zoo.lenet_300_100(seed=-1)
