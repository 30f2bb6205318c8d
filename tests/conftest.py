"""What every test file may use: both Kerases, quiet TensorFlow, and converted files to edit."""

from __future__ import annotations

import functools
import gc
import importlib
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="Run the tests that are marked long too.")
    parser.addoption("--both", action="store_true", help="Try everything with both Kerases.")


#: Most of what these try does not know which Keras made the network: with tf_keras it is long.
ONCE = {
    *("cli", "collapse", "compression", "experiments", "export", "litert", "low_precision"),
    *("recipes", "strong_tickets", "test_lottery.py", "tflite", "weight_agnostic", "zoo"),
}
#: What does know it there is tried with both, as masks, scores, callbacks and shrinking are.
BOTH = {
    *("export/test_checks.py", "export/test_quantizers.py", "export/test_reloading.py"),
    *("export/test_savedmodel.py", "export/test_signature.py"),
    *("recipes/test_recipes.py", "zoo/test_training.py"),
}


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    skipped = pytest.mark.skip(reason="takes long: `make test LONG=1`")
    is_once = not config.getoption("--both")
    for item in items:
        if "long" in item.keywords or (is_once and _is_second_run(item)):
            item.add_marker(skipped)


def _is_second_run(item):
    params = item.callspec.params.values() if hasattr(item, "callspec") else ()
    if not any(isinstance(value, str) and value == "tf_keras" for value in params):
        return False
    own = item.path.relative_to(Path(__file__).parent).as_posix()
    return own not in BOTH and any(own == n or own.startswith(f"{n}/") for n in ONCE)


@pytest.fixture(params=["keras", "tf_keras"])
def keras(request):
    """Each Keras in turn: Keras 3, then tf_keras. Tests that take it run twice."""
    return importlib.import_module(request.param)


@pytest.fixture(autouse=True)
def nothing_is_trusted():
    """Forgets the `--trust` of a command that another test gave in this process."""
    from tfticket.trust import trusting

    token = trusting.set(False)
    yield
    trusting.reset(token)


@pytest.fixture(autouse=True, scope="module")
def what_stays_is_looked_at_once():
    """Keeps collections short: TensorFlow keeps what was traced, and Keras asks for full ones.

    One took 40 s at the end of a process of some thousand tests.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def root() -> Path:
    """Where the repository lies."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def run_script():
    """Runs a script that needs a process of its own; what it complains of fails the test."""
    import tfticket

    def run(path):
        root = str(Path(tfticket.__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            [sys.executable, path], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]

    return run


NUMBERS = ("float32", "float16", "int8")


@functools.cache
def _converted(flavour: str, name: str, weights: str) -> bytes:
    from tfticket.export.convert import dense_tflite, quantized_tflite
    from tfticket.export.signature import signature

    keras = importlib.import_module(flavour)
    keras.utils.set_random_seed(0)
    model = MODELS[name](keras)
    given = signature(model)
    dense = dense_tflite(model, given)
    if weights == "float32":
        return dense.blob
    calibration = given.sample(8, 0)
    return quantized_tflite(model, given, dense, weights=weights, calibration=calibration).blob


def _lenet(keras):
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((784,), name="image"),
            layers.Dense(300, activation="relu", bias_initializer="random_normal", name="first"),
            layers.Dense(100, activation="relu", bias_initializer="random_normal", name="second"),
            layers.Dense(10, bias_initializer="random_normal", name="logits"),
        ],
        name="lenet_300_100",
    )


def _odd(keras):
    layers = keras.layers
    return keras.Sequential([layers.Input((90,)), layers.Dense(70), layers.Dense(13)])


def _shared(keras):
    layers = keras.layers
    twice = layers.Dense(64, activation="relu")
    given = keras.Input((64,))
    return keras.Model(given, layers.Dense(8)(twice(twice(given))))


def _tied(keras):
    layers = keras.layers
    given = keras.Input((6,), dtype="int32")
    embedded = layers.Flatten()(layers.Embedding(50, 16)(given))
    return keras.Model(given, layers.Dense(40)(embedded))


def _conv(keras):
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((12, 12, 8)),
            layers.Conv2D(24, 3, activation="relu"),
            layers.DepthwiseConv2D(3),
            layers.Flatten(),
            layers.Dense(40, activation="relu"),
            layers.Dense(10),
        ]
    )


def _pointwise(keras):
    layers = keras.layers
    convolved = [layers.Input((6, 6, 8)), layers.Conv2D(16, 1), layers.Flatten()]
    return keras.Sequential([*convolved, layers.Dense(40)])


def _transposed(keras):
    layers = keras.layers
    convolved = [layers.Input((5, 5, 8)), layers.Conv2DTranspose(16, 3), layers.Flatten()]
    return keras.Sequential([*convolved, layers.Dense(20)])


def _stem(keras):
    """The entry and the exit of XNNPACK's sparse clusters, with a pool between that spoils them."""
    layers = keras.layers
    entry = [layers.Input((8, 8, 3)), layers.ZeroPadding2D(1), layers.Conv2D(16, 3, strides=2)]
    inside = [layers.Conv2D(16, 1), layers.MaxPooling2D(), layers.Conv2D(16, 1)]
    return keras.Sequential([*entry, *inside, layers.GlobalAveragePooling2D(), layers.Dense(40)])


def _no_bias(keras):
    layers = keras.layers
    first = layers.Dense(64, use_bias=False, activation="relu")
    return keras.Sequential([layers.Input((64,)), first, layers.Dense(32, use_bias=False)])


MODELS = {
    "lenet": _lenet,
    "odd": _odd,
    "shared": _shared,
    "tied": _tied,
    "conv": _conv,
    "pointwise": _pointwise,
    "transposed": _transposed,
    "stem": _stem,
    "no_bias": _no_bias,
}


@pytest.fixture
def converted(keras):
    """Gives the dense file of one of `MODELS` made with this Keras."""
    return lambda name, weights="float32": _converted(keras.__name__, name, weights)


@pytest.fixture
def zeroed():
    """Returns a dense file with a share of its weights set to zero, in blocks along the inputs."""
    from tfticket.tflite import flatbuffer

    def edit(blob, sparsity, block=1, only=None, seed=0):
        model, generator = flatbuffer.read(blob), np.random.default_rng(seed)
        for tensor in model.subgraphs[0].tensors:
            values, shape = flatbuffer.stored_values(model, tensor), flatbuffer.shape(tensor)
            is_weight = len(shape) >= 2 and values is not None and values.dtype.name in NUMBERS
            if is_weight and only in (None, shape):
                units = values.copy().reshape(-1, block)
                gone = generator.permutation(len(units))[: round(len(units) * sparsity)]
                units[gone] = 0
                model.buffers[tensor.buffer].data = units.ravel().view(np.uint8)
        return flatbuffer.write(model)

    return edit


@pytest.fixture
def outputs():
    """Runs a trusted file in this process: `{(has_delegates, batch_size): outputs}`."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from tfticket.litert.worker import run_in_batches

    def run(blob, num_samples=7):
        resolvers = [(True, OpResolverType.AUTO)]
        resolvers += [(False, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)]
        found = {}
        for has_delegates, resolver in resolvers:
            for batch_size in (1, 3):
                interpreter = Interpreter(
                    model_content=blob, experimental_op_resolver_type=resolver, num_threads=1
                )
                inputs = _inputs(interpreter, num_samples)
                found[has_delegates, batch_size] = run_in_batches(interpreter, inputs, batch_size)
        return found

    return run


def _inputs(interpreter, num_samples):
    generator = np.random.default_rng(1)
    drawn = {}
    (signature,) = interpreter.get_signature_list().values()
    for name, detail in zip(signature["inputs"], interpreter.get_input_details(), strict=True):
        size = (num_samples, *detail["shape"][1:])
        is_float = detail["dtype"] == np.float32
        array = generator.normal(size=size) if is_float else generator.integers(0, 50, size)
        drawn[name] = array.astype(detail["dtype"])
    return drawn


@pytest.fixture
def assert_same_outputs(outputs):
    """Compares two files bit for bit, or within a share of the output range."""

    def compare(found, expected, tolerance=0.0):
        left, right = outputs(found), outputs(expected)
        for setting, by_name in right.items():
            for name, array in by_name.items():
                if not tolerance:
                    np.testing.assert_array_equal(left[setting][name], array, str(setting))
                worst = np.abs(left[setting][name] - array).max()
                assert worst <= tolerance * np.ptp(array), (setting, name)

    return compare


@pytest.fixture
def small(keras):
    """A built LeNet-300-100 in miniature with 90 % zeros, its layers named."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((64,), name="image"),
            layers.Dense(96, activation="relu", name="hidden"),
            layers.Dense(10, name="head"),
        ],
        name="small",
    )
    generator = np.random.default_rng(0)
    model.set_weights([w * (generator.random(w.shape) < 0.1) for w in model.get_weights()])
    return model
