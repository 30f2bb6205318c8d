import dataclasses

import numpy as np
import pytest

from tfticket import weights, zoo
from tfticket.weights import matching


@pytest.mark.parametrize(
    ("name", "optimizer", "learning_rate", "batch_size", "num_steps"),
    [
        ("lenet_300_100", "Adam", 1.2e-3, 60, 50_000),
        ("conv_431k", "SGD", 0.01, 64, 4_690),
        ("conv_2", "Adam", 2e-4, 60, 20_000),
        ("conv_4", "Adam", 3e-4, 60, 25_000),
        ("conv_6", "Adam", 3e-4, 60, 30_000),
        ("regression_mlp", "Adam", 1e-3, 1_024, 1_600),
    ],
)
def test_entries_train_as_published(keras, name, optimizer, learning_rate, batch_size, num_steps):
    entry = zoo.get_model(name)
    assert (entry.batch_size, entry.num_steps) == (batch_size, num_steps)
    built = entry.optimizer.build(keras)
    assert type(built).__name__ == optimizer
    assert float(built.learning_rate) == pytest.approx(learning_rate)


@pytest.mark.parametrize(
    ("name", "rates"),
    [
        ("lenet_300_100", {"dense": 0.2, "output": 0.1}),
        ("conv_2", {"conv": 0.1, "dense": 0.2, "output": 0.1}),
        ("conv_4", {"conv": 0.1, "dense": 0.2, "output": 0.1}),
        ("conv_6", {"conv": 0.15, "dense": 0.2, "output": 0.1}),
    ],
)
def test_each_kernel_has_one_published_pruning_rate(name, rates):
    entry = zoo.get_model(name)
    paths = list(weights.read(entry.build(input_shape=(8, 8, 1))))
    rate_of = {}
    for pattern, rate in entry.pruning_rates.items():
        for path in matching(pattern, paths, "pruning_rates"):
            assert path not in rate_of
            rate_of[path] = rate
    assert rate_of == {p: rates[p.partition("/")[0].partition("_")[0]] for p in paths}


@pytest.mark.parametrize("name", list(zoo.MODELS))
def test_every_entry_names_its_output_layer(name):
    entry = zoo.get_model(name)
    assert entry.name == name
    paths = list(weights.read(entry.build()))
    assert matching(entry.output_pattern, paths, "output_pattern") == {"output/kernel"}


@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_a_compiled_network_learns_the_digits(keras, steps_per_execution):
    data = zoo.load_data("digits")
    model = zoo.get_model("lenet_300_100").compiled(
        keras=keras, input_shape=data.input_shape, steps_per_execution=steps_per_execution
    )
    stream = zoo.batches(data.train, batch_size=60, num_steps=200, seed=0)
    model.fit(stream, verbose=0, shuffle=False)
    assert zoo.evaluate(model, data.test)["accuracy"] > 0.93


def test_both_kerases_learn_the_same():
    data, results = zoo.load_data("digits"), []
    for keras in ("keras", "tf_keras"):
        model = zoo.get_model("lenet_300_100").compiled(keras=keras, input_shape=(8, 8, 1))
        stream = zoo.batches(data.train, batch_size=60, num_steps=20, seed=0)
        model.fit(stream, verbose=0, shuffle=False)
        results.append(weights.read(model))
    for path, array in results[0].items():
        np.testing.assert_allclose(array, results[1][path], atol=1e-6)


def test_the_regression_network_learns_values(keras):
    entry = zoo.get_model("regression_mlp")
    model = entry.compiled(keras=keras, input_shape=(5,))
    x = np.random.default_rng(0).standard_normal((64, 5)).astype(np.float32)
    split = zoo.Split(x, x[:, :1])
    before = zoo.evaluate(model, split)["loss"]
    stream = zoo.batches(split, batch_size=32, num_steps=60, seed=0)
    model.fit(stream, verbose=0, shuffle=False)
    assert zoo.evaluate(model, split)["loss"] < before / 2


def test_a_regression_network_takes_no_number_of_classes():
    with pytest.raises(TypeError, match="takes no \\['num_classes'\\]"):
        zoo.get_model("regression_mlp").compiled(num_classes=3)


def test_an_unknown_name_is_answered_with_the_names():
    with pytest.raises(ValueError, match="lenet_300_100.*regression_mlp.* 'lenet'"):
        zoo.get_model("lenet")


def test_an_entry_is_changed_by_making_another():
    entry = dataclasses.replace(zoo.get_model("conv_2"), num_steps=7)
    assert (entry.num_steps, zoo.get_model("conv_2").num_steps) == (7, 20_000)


def test_an_optimizer_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="optimizer.*'Adamm'"):
        zoo.OptimizerConfig("Adamm", 0.1).build()


def test_options_reach_the_optimizer(keras):
    built = zoo.OptimizerConfig("SGD", 0.1, {"momentum": 0.5}).build(keras)
    assert built.momentum == 0.5


SCRIPT = """
import keras
from tfticket import zoo

def seeded(*, keras, seed, num_classes=2):
    return zoo.lenet_300_100(keras=keras, seed=seed, input_shape=(4,), num_classes=num_classes)

def plain():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="output")])

def compiled():
    model = plain()
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss="mse")
    return model

entry = zoo.Entry("mine", plain, num_steps=12)
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SCRIPT)
    return path


def test_a_function_of_the_user_builds_a_model(keras, script):
    model = zoo.get_model(f"{script}:seeded").compiled(keras=keras, num_classes=5)
    assert model.output_shape == (None, 5)
    assert model.optimizer is not None


def test_a_function_without_seed_still_gives_seeded_weights(script):
    build = zoo.get_model(f"{script}:plain").compiled
    first, again, other = (build(seed=s).get_weights()[0] for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_model_that_comes_compiled_stays_so(script):
    model = zoo.get_model(f"{script}:compiled").compiled()
    assert float(model.optimizer.learning_rate) == 0.5


def test_an_entry_of_the_user_is_taken_as_it_is(script):
    assert zoo.get_model(f"{script}:entry").num_steps == 12


def test_a_model_of_the_other_keras_is_refused(script):
    with pytest.raises(TypeError, match="must come from tf_keras.*a model of keras"):
        zoo.get_model(f"{script}:plain").compiled(keras="tf_keras")


def test_a_shape_that_a_function_cannot_take_is_refused(script):
    with pytest.raises(TypeError, match="takes no \\['input_shape', 'num_classes'\\]"):
        zoo.get_model(f"{script}:plain").compiled(input_shape=(3,), num_classes=2)


# Keras 3 reads its variables through an `__array__` that NumPy 2 finds old-fashioned.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
def test_a_saved_model_comes_back_with_its_weights(keras, tmp_path):
    model = zoo.lenet_300_100(keras=keras, seed=8, input_shape=(4,))
    model.save(tmp_path / "net.keras")
    entry = zoo.get_model(str(tmp_path / "net.keras"), trust=True)
    loaded = entry.compiled(keras=keras, seed=1)
    assert entry.name == "net"
    for path, array in weights.read(model).items():
        np.testing.assert_array_equal(array, weights.read(loaded)[path])


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
def test_a_file_of_the_other_keras_or_none_is_named(keras, tmp_path):
    zoo.lenet_300_100(keras=keras, seed=8, input_shape=(4,)).save(tmp_path / "net.keras")
    (other,) = {"keras", "tf_keras"} - {keras.__name__}
    with pytest.raises(ValueError, match=rf"--keras {keras.__name__}\)(.|\n)*net.keras"):
        zoo.get_model(str(tmp_path / "net.keras")).compiled(keras=other, seed=1)
    (tmp_path / "broken.keras").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"must be a .keras file(.|\n)*broken.keras"):
        zoo.get_model(str(tmp_path / "broken.keras")).compiled(keras=keras, seed=1)


def test_a_file_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must be an existing .keras file"):
        zoo.get_model(str(tmp_path / "none.keras"))


@pytest.mark.parametrize("activation", ["softmax", None])
def test_a_network_without_a_loss_gets_that_of_what_it_ends_in(keras, activation, tmp_path):
    layers = keras.layers
    ending = layers.Dense(4, activation=activation)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(6, activation="relu"), ending])
    model.save(tmp_path / "model.keras")
    made = zoo.get_model(str(tmp_path / "model.keras"), trust=True).compiled(keras=keras)
    assert made.loss.get_config()["from_logits"] is (activation is None)


def test_a_network_of_several_outputs_must_come_compiled(keras, tmp_path):
    given = keras.Input((8,))
    model = keras.Model(given, [keras.layers.Dense(2)(given), keras.layers.Dense(3)(given)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match="must come compiled: it has 2 outputs"):
        zoo.get_model(str(tmp_path / "model.keras"), trust=True).compiled(keras=keras)
