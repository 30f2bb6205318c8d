from __future__ import annotations

import numpy as np
import pytest

from tfticket import _weight_decay, export, factorization, graph, reports, slimming, weights
from tfticket.factorization import decomposition
from tfticket.masks import Masks


def test_each_kernel_becomes_the_closest_of_its_rank(network, images):
    kept = weights.read_all(network)
    made = factorization.factorize(network, rank=4)
    assert made.report.ranks == {"rows": 4, "spread": 4, "hidden": 4}
    found = weights.read_all(made.model)
    assert list(made.report.skipped) == ["output"]
    for row in made.report.layers:
        kernel = kept[f"{row.path}/kernel"]
        product = decomposition.product(
            found[f"{row.path}/kernel_in"], found[f"{row.path}/kernel_out"]
        )
        values = np.linalg.svd(decomposition.unfolded(kernel), compute_uv=False)
        lost = np.sqrt(np.square(values[4:]).sum() / np.square(values).sum())
        relative = np.linalg.norm(kernel - product) / np.linalg.norm(kernel)
        assert relative == pytest.approx(lost, rel=1e-4) == row.error
    for path in ("rows/bias", "hidden/bias", "output/kernel"):
        np.testing.assert_array_equal(found[path], kept[path])
    for path, array in weights.read_all(network).items():  # left as it is
        np.testing.assert_array_equal(array, kept[path])


def test_all_of_the_energy_is_all_of_the_network(keras, images):
    """Kernels of rank 3 and 2 are found, and nothing is lost."""
    generator = np.random.default_rng(0)
    layers = keras.layers
    stack = [layers.Input((12, 10, 3)), layers.Conv2D(12, 3, name="conv"), layers.Flatten()]
    model = keras.Sequential([*stack, layers.Dense(20, name="hidden")])
    conv = generator.normal(size=(9, 3)) @ generator.normal(size=(3, 36))
    conv = conv.reshape(3, 3, 3, 12).transpose(0, 2, 1, 3)
    hidden = generator.normal(size=(960, 2)) @ generator.normal(size=(2, 20))
    weights.write(model, {"conv/kernel": conv, "hidden/kernel": hidden})
    made = factorization.factorize(model, energy=1 - 1e-9)
    assert made.report.ranks == {"conv": 3, "hidden": 2}
    expected = np.asarray(model(images))
    np.testing.assert_allclose(made.model(images), expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_budget_is_of_the_whole_model(network, share):
    for what, count in (("parameters", "num_parameters"), ("flops", "num_flops")):
        made = factorization.factorize(network, **{what: share})
        before, after = (getattr(c, count) for c in (made.report.before, made.report.after))
        assert 0.85 * share < after / before <= share  # the output layer stays whole
        assert factorization.factorize(network, **{what: after}).report.ranks == made.report.ranks


def test_the_report_counts_what_tickets_reports_count(network):
    made = factorization.factorize(network, rank=2)
    counted = graph.flops(made.model)
    assert counted.uncounted == ()
    rows = {row.path: row for row in made.report.layers}
    # [3, 1, 3, 2] at 6 x 10 positions, then [1, 5, 2, 16] at 6 x 5.
    assert rows["rows"].flops_after == 2 * (3 * 3 * 2 * 60 + 5 * 2 * 16 * 30)
    assert counted.dense["rows"] == rows["rows"].flops_after
    assert rows["hidden"].flops_after == 2 * rows["hidden"].parameters_after
    profile = reports.profile_model(made.model, prunable="hidden")
    assert [row.path for row in profile.layers] == ["hidden/kernel_in", "hidden/kernel_out"]
    assert profile.num_parameters == made.report.after.num_parameters
    saved = made.report.to_dict()
    assert saved["layers"][0]["rank"] == 2
    assert saved["after"]["num_flops"] == counted.total
    assert "left whole: output: its factors of rank 2 would have" in str(made.report)


def test_random_factors_come_from_the_initialisers(network):
    made = [factorization.factorize(network, rank=2, random_seed=s) for s in (0, 0, 1)]
    drawn = [weights.read_all(m.model)["hidden/kernel_in"] for m in made]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    limit = np.sqrt(6 / (drawn[0].shape[0] + 2))  # Glorot's
    assert 0.8 * limit < np.abs(drawn[0]).max() <= limit
    assert {row.error for row in made[0].report.layers} == {None}


def test_what_is_left_whole_is_said_with_its_reason(keras):
    layers = keras.layers
    stack = [
        layers.Input((8, 8, 4)),
        layers.Conv2D(16, 3, groups=2, name="grouped"),
        layers.DepthwiseConv2D(3, name="depthwise"),
        layers.Conv2D(16, 3, kernel_constraint="max_norm", name="bound"),
        layers.TimeDistributed(layers.Dense(16, name="inner"), name="each"),
        layers.Flatten(),
        layers.Dense(16, name="hidden"),
        layers.Dense(12, name="kept"),
    ]
    made = factorization.factorize(keras.Sequential(stack), rank=2, layers=r"^(?!kept)")
    assert list(made.report.ranks) == ["hidden"]
    said = {path.rpartition("/")[2]: reason for path, reason in made.report.skipped.items()}
    assert said["depthwise"] == "there is no factorised version of DepthwiseConv2D"
    assert "groups" in said["grouped"] and "kernel_constraint" in said["bound"]
    assert "inside a layer" in said["inner"]
    assert said["kept"] == weights.REASON_NOT_INCLUDED


def test_nested_shared_and_frozen_layers_are_factorised_where_they_are(keras):
    layers = keras.layers
    inner = keras.Sequential([layers.Input((16,)), layers.Dense(16, name="deep")], name="inner")
    shared = layers.Dense(16, activation="relu", name="shared")
    frozen = layers.Dense(16, trainable=False, name="frozen")
    given = keras.Input((16,))
    model = keras.Model(given, frozen(shared(inner(shared(given)))))
    made = factorization.factorize(model, rank=2)
    assert set(made.report.ranks) == {"shared", "inner/deep", "frozen"}
    assert graph.flops(made.model).dense["shared"] == 2 * 2 * (16 * 2 + 2 * 16)
    assert not made.model.get_layer("frozen").trainable_weights


def test_a_model_with_nothing_to_factorise_is_refused(keras, network):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="must have a layer that factors make smaller"):
        factorization.factorize(model, rank=1)
    with pytest.raises(ValueError, match="exactly one of"):
        factorization.factorize(network)
    with pytest.raises(ValueError, match="built Sequential or functional"):
        factorization.factorize(keras.layers.Dense(2), rank=1)


@pytest.mark.parametrize("target", ["keras_file", "savedmodel", "tflite"])
def test_files_of_it_are_compared_with_it(network, tmp_path, target):
    made = factorization.factorize(network, parameters=0.5).model
    name = {"keras_file": "made.keras", "savedmodel": "made", "tflite": "made.tflite"}[target]
    report = getattr(export, target)(made, tmp_path / name)  # raises if it differs too much
    assert report.to_dict()
    assert (tmp_path / name).exists()


def test_channels_of_factorised_layers_can_be_removed(keras, network, images):
    """Those of the layer, and those between its factors, which are its rank."""
    network = factorization.factorize(network, rank=6).model
    kernels = weights.read(network, "spread|hidden")
    masks = {p: np.ones(a.shape, bool) for p, a in kernels.items()}
    masks["spread/kernel_in"][..., :2] = False  # two of the rank
    masks["spread/kernel_out"][..., :5] = False  # five of the outputs
    masks["hidden/kernel_out"][:3] = False
    small = slimming.shrink(network, Masks(masks))
    assert small.model.get_layer("spread").kernel_rank == 4
    assert small.model.get_layer("spread").filters == 15
    assert small.model.get_layer("hidden").kernel_rank == 3
    assert slimming.max_relative_difference(network, masks, small.model, images) < 1e-5


def test_a_model_with_weights_that_are_not_finite_is_refused(network):
    hidden = network.get_layer("hidden")
    hidden.kernel.assign(np.full(hidden.kernel.shape, np.nan, np.float32))
    with pytest.raises(
        ValueError, match=r"must have finite weights.*NaN or infinity in \['hidden/"
    ):
        factorization.factorize(network, rank=2)


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_an_activation_that_is_a_layer_stays_what_it_is(keras, slope):
    layers = keras.layers
    given = layers.Input((20,))
    hidden = layers.Dense(16, activation=layers.ReLU(negative_slope=slope), name="hidden")
    model = keras.Model(given, layers.Dense(2, name="last")(hidden(given)))
    made = factorization.factorize(model, rank=5)
    x = np.random.default_rng(0).normal(size=(7, 20)).astype(np.float32)
    expected = np.asarray(factorization.defactorize(made.model)(x))
    np.testing.assert_allclose(made.model(x), expected, atol=1e-5)
    np.testing.assert_allclose(factorization.split(made.model)(x), expected, atol=1e-5)


@pytest.mark.parametrize("decay", [None, 1e-3])
@pytest.mark.parametrize("by", ["var_names", "var_list"])
def test_what_was_excluded_from_weight_decay_stays_excluded(keras, network, decay, by):
    optimizer = keras.optimizers.AdamW(weight_decay=0.1)
    excluded = [network.get_layer("hidden").bias, network.get_layer("rows").kernel]
    names = ["bias", "rows.*kernel|conv2d.*kernel"]
    optimizer.exclude_from_weight_decay(**{by: excluded if by == "var_list" else names})
    network.compile(optimizer, "mse")
    made = factorization.factorize(network, rank=2, frobenius_decay=decay).model
    held = weights.variables(made)
    acts = {p: _weight_decay.decays(made.optimizer, v) for p, v in held.items()}
    assert not acts["hidden/bias"]
    assert acts["output/kernel"] and acts["hidden/kernel_in"] is (decay is None)
    if by == "var_list":
        assert not acts["rows/kernel_in"] and not acts["rows/kernel_out"]
        assert acts["rows/bias"]
