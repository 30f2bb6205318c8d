import numpy as np
import pytest

from tfticket import weights
from tfticket.enforcement import enforce
from tfticket.errors import MismatchError
from tfticket.graph import channel_graph
from tfticket.slimming import channel_masks, max_relative_difference, shrink


def two_convolutions(padding, between=lambda k: []):
    """One BatchNormalization whose betas are 0.5, -0.5, 0.5 and -0.5; then ReLU."""

    def network(k):
        layers = [
            k.layers.Input((6, 6, 2), name="image"),
            k.layers.Conv2D(4, 3, use_bias=False, name="first"),
            k.layers.BatchNormalization(name="bn"),
            k.layers.ReLU(name="relu"),
            *between(k),
            k.layers.Conv2D(3, 3, padding=padding, use_bias=False, name="second"),
            k.layers.GlobalAveragePooling2D(name="pool"),
        ]
        return k.Sequential(layers)

    return network


@pytest.fixture
def constant(build):
    """The network, and masks that drop the scales of channels 0 and 1: they become constants."""

    def made(padding, between=lambda k: []):
        model = build(two_convolutions(padding, between))
        model.get_layer("bn").beta.assign([0.5, -0.5, 0.5, -0.5])
        return model, {"bn/gamma": np.array([False, False, True, True])}

    return made


def test_a_constant_is_folded_into_the_next_bias(constant, batch):
    model, masks = constant("valid")
    shrunk = shrink(model, masks)
    assert shrunk.model.get_layer("first").filters == 2
    assert shrunk.report.folded == {"second": 1}  # the other constant is ReLU(-0.5) = 0
    expected = 0.5 * np.asarray(model.get_layer("second").kernel)[:, :, 0].sum((0, 1))
    assert np.allclose(np.asarray(shrunk.model.get_layer("second").bias), expected, atol=1e-6)
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-6


def test_a_masked_bias_that_takes_up_a_constant_is_kept(build, batch):
    def network(k):
        layers = [k.layers.Dense(3, "relu", name="a"), k.layers.Dense(2, name="b")]
        return k.Sequential([k.layers.Input((4,)), *layers])

    model = build(network)
    model.get_layer("a").bias.assign([1.0, 1.0, 1.0])
    masks = {"a/kernel": np.array([[False, True, True]] * 4), "b/bias": np.array([False, True])}
    shrunk = shrink(model, masks)
    assert shrunk.masks["b/bias"].all()
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-6


def test_a_constant_that_meets_zero_padding_keeps_its_channel(constant, batch):
    model, masks = constant("same")
    shrunk = shrink(model, masks)
    (group,) = shrunk.report.groups
    assert (group.before, group.after) == (4, 3)
    assert group.blocked == {"second: its constant meets zero padding": 1}
    assert shrunk.report.is_exact
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-6


@pytest.mark.parametrize("padding", [0, 1])
def test_the_channel_goes_on_request_and_the_report_says_where(constant, batch, keras, padding):
    layers = [keras.layers.ZeroPadding2D(padding)] if padding else []
    model, masks = constant("same", lambda k: layers)
    shrunk = shrink(model, masks, allow_inexact=True)
    assert shrunk.model.get_layer("first").filters == 2
    assert shrunk.report.inexact == {"second": 0.5}
    assert not shrunk.report.is_exact
    model.get_layer("bn").gamma.assign(masks["bn/gamma"] * np.asarray(model.get_layer("bn").gamma))
    before, after = (
        np.asarray(keras.Model(m.inputs[0], m.get_layer("second").output)(batch(model)))
        for m in (model, shrunk.model)
    )
    inside = slice(1 + padding, -1 - padding)
    assert np.allclose(before[:, inside, inside], after[:, inside, inside], atol=1e-6)
    assert np.abs(before - after).max() > 1e-3


def test_a_channel_that_leads_nowhere_goes_whatever_it_holds(constant, batch):
    model, _ = constant("same")
    mask = np.ones((3, 3, 4, 3), bool)
    mask[:, :, 1] = False
    shrunk = shrink(model, {"second/kernel": mask})
    assert shrunk.model.get_layer("first").filters == 3
    assert shrunk.masks["second/kernel"].all()
    assert (
        max_relative_difference(model, {"second/kernel": mask}, shrunk.model, batch(model)) < 1e-6
    )


def test_a_layer_without_survivors_keeps_one_channel(constant, batch):
    model, _ = constant("same")
    masks = channel_graph(model).masks({"first": np.zeros(4, bool)})
    shrunk = shrink(model, masks)
    assert shrunk.model.get_layer("first").filters == 1
    assert shrunk.report.silenced == ("first",)
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) == 0


def test_calls_of_a_shared_layer_must_agree_on_a_constant(build, batch):
    def network(k):
        given = k.layers.Input((3,))
        shared = k.layers.Dense(2, name="shared")
        x = k.layers.Dense(4, name="x")(given)
        return k.Model(given, k.layers.Add()([shared(x), shared(k.layers.ReLU()(x))]))

    model = build(network)
    model.get_layer("x").bias.assign([1.0, -1.0, 1.0, -1.0])
    masks = {"x/kernel": np.array([[False, False, True, True]] * 3)}
    shrunk = shrink(model, masks)
    assert shrunk.model.get_layer("x").units == 3  # 1 and ReLU(1) agree, -1 and ReLU(-1) do not
    assert max_relative_difference(model, masks, shrunk.model, batch(model)) <= 1e-6


def test_a_constant_output_stays(build, batch):
    def network(k):
        return k.Sequential([k.layers.Input((3,)), k.layers.Dense(4, name="out")])

    model, mask = build(network), np.ones((3, 4), bool)
    mask[:, 1] = False
    shrunk = shrink(model, {"out/kernel": mask})
    assert shrunk.model.output_shape == (None, 4)
    assert max_relative_difference(model, {"out/kernel": mask}, shrunk.model, batch(model)) == 0


def test_the_model_itself_is_left_as_it_is(build):
    model = build("residual")
    before = weights.read_all(model)
    shrink(model, channel_masks(model, 0.5))
    after = weights.read_all(model)
    assert all(np.array_equal(before[p], after[p]) for p in before)


def test_masks_of_other_weights_are_refused(build):
    model = build("mlp")
    with pytest.raises(MismatchError, match="nowhere"):
        shrink(model, {"nowhere/kernel": np.ones((2, 2), bool)})
    with pytest.raises(MismatchError, match="first/kernel"):
        shrink(model, {"first/kernel": np.ones((2, 2), bool)})


def test_a_subclassed_model_is_refused(keras):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    model(np.zeros((1, 3), "float32"))
    path = next(iter(weights.prunable_weights(model).variables))
    with pytest.raises(ValueError, match="functional or Sequential"):
        shrink(model, {path: np.ones((3, 2), bool)})


def test_a_layer_in_two_models_stays_one_layer(build, batch):
    def network(k):
        inner_in = k.layers.Input((4,), name="inner_in")
        shared = k.layers.Dense(4, name="shared")
        inner = k.Model(inner_in, shared(inner_in), name="inner")
        outer = k.layers.Input((4,), name="outer")
        x = shared(inner(k.layers.Dense(4, name="before")(outer)))
        return k.Model(outer, k.layers.Dense(2, name="out")(x))

    model = build(network)
    masks = channel_masks(model, 0.5)
    shrunk = shrink(model, masks).model
    assert shrunk.get_layer("shared") is shrunk.get_layer("inner").get_layer("shared")
    assert max_relative_difference(model, masks, shrunk, batch(model)) < 1e-6


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_an_activation_of_ones_own_is_kept(build, batch):
    def network(k):
        layers = [k.layers.Dense(4, lambda x: 2 * x + 1, name="dense"), k.layers.Dense(2)]
        return k.Sequential([k.layers.Input((3,)), *layers])

    model = build(network)
    mask = np.ones((3, 4), bool)
    mask[:, :2] = False
    shrunk = shrink(model, {"dense/kernel": mask})
    assert shrunk.model.get_layer("dense").units == 2
    assert max_relative_difference(model, {"dense/kernel": mask}, shrunk.model, batch(model)) < 1e-6


def test_what_is_left_of_other_arrays_can_be_taken(build):
    model = build("mlp")
    shrunk = shrink(model, channel_masks(model, 0.5, scope="layer"))
    taken = shrunk.take(weights.read_all(model))
    assert {p: a.shape for p, a in taken.items()} == {
        p: tuple(v.shape) for p, v in weights.variables(shrunk.model).items() if "seed" not in p
    } | {p: a.shape for p, a in taken.items() if "seed" in p}
    assert np.isin(taken["first/kernel"], np.asarray(model.get_layer("first").kernel)).all()


def test_the_report_reads_as_text_and_as_plain_values(constant):
    model, masks = constant("same")
    report = shrink(model, masks).report
    assert "1 of 4 channels removed" in str(report)
    assert "its constant meets zero padding" in str(report)
    kernels = 2 * 9 * (2 * 4 * 16 + 4 * 3 * 16)
    assert report.to_dict()["before"]["num_flops"] == report.before.num_flops == kernels
    assert report.before.num_parameters == 72 + 16 + 108
    assert report.before.num_bytes == 4 * (72 + 16 + 108)


@pytest.mark.parametrize(("optimizer", "name"), [("SGD", "vgg_like"), ("Adam", "deferred")])
def test_training_goes_on_where_it_was(build, batch, keras, optimizer, name):
    model = build(name)
    inputs, targets = batch(model), np.random.default_rng(3).normal(size=(4, 3)).astype("float32")
    made = {"SGD": lambda: keras.optimizers.SGD(0.01, momentum=0.9)}
    made["Adam"] = lambda: keras.optimizers.Adam(0.01, epsilon=1e-3)
    model.compile(made[optimizer](), "mse")
    masks = channel_masks(model, 0.5, scope="layer")
    with enforce(model, masks):
        model.fit(inputs, targets, epochs=2, verbose=0)
        shrunk = shrink(model, masks, carry_optimizer=True).model
        assert int(shrunk.optimizer.iterations) == 2
        model.fit(inputs, targets, epochs=2, verbose=0)
    shrunk.fit(inputs, targets, epochs=2, verbose=0)
    assert max_relative_difference(model, masks, shrunk, inputs) <= 1e-4


def test_an_uncompiled_model_has_no_optimizer_to_carry(build):
    model = build("mlp")
    with pytest.raises(ValueError, match="compiled"):
        shrink(model, channel_masks(model, 0.5), carry_optimizer=True)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras 3
def test_the_file_needs_nothing_of_tfticket(build, batch, keras, tmp_path):
    model = build("nested")
    shrunk = shrink(model, channel_masks(model, 0.5)).model
    shrunk.save(tmp_path / "shrunk.keras")
    loaded = keras.models.load_model(tmp_path / "shrunk.keras")
    inputs = batch(model)
    assert np.array_equal(np.asarray(loaded(inputs)), np.asarray(shrunk(inputs)))
    assert "tfticket" not in shrunk.to_json()


def test_what_the_smaller_model_learns_can_be_put_back(build, batch):
    model = build("residual")
    before = weights.read_all(model)
    masks = channel_masks(model, 0.5, score="l1")
    small = shrink(model, masks)
    there = small.put(weights.read_all(small.model), before)
    for path, array in small.take(there).items():
        assert np.array_equal(array, weights.read_all(small.model)[path])
    moved = {p: a + 1 for p, a in weights.read_all(small.model).items()}
    there = small.put(moved, {p: np.zeros_like(a) for p, a in before.items()})
    for path, array in there.items():
        expected = {0.0} | set(np.ravel(moved[small.renamed[path]]).tolist())
        assert set(np.ravel(array).tolist()) <= expected


def test_a_new_bias_has_no_place_in_the_old_model(constant):
    model, masks = constant("valid")
    small = shrink(model, masks)
    with pytest.raises(ValueError, match=r"\['second/bias'\] have none"):
        small.put(weights.read_all(small.model), weights.read_all(model))
