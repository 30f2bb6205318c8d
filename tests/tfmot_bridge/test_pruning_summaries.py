import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.util import event_pb2

from tfticket.callbacks import PruneOnSchedule, PruningSummaries
from tfticket.schedules import Linear, OneShot

# Keras' own, while its TensorBoard callback writes the learning rate.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)


def trained(keras, folder, schedule, epochs=1, **settings):
    """Four steps an epoch."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(4, name="d")])
    model.compile("sgd", "mse")
    callbacks = [PruneOnSchedule(schedule), PruningSummaries(str(folder), **settings)]
    model.fit(X, X[:, :4], batch_size=10, epochs=epochs, verbose=0, callbacks=callbacks)
    return model


def written(folder):
    """`{tag: {step: value}}` of all that was written about masks."""
    found = {}
    for file in sorted((folder / "metrics").iterdir()):
        for record in tf.data.TFRecordDataset(str(file)):
            event = event_pb2.Event.FromString(record.numpy())
            for value in event.summary.value:
                array = tf.make_ndarray(value.tensor)
                found.setdefault(value.tag, {})[event.step] = array
    return found


def test_sparsity_threshold_and_mask_distance_are_written_at_every_epoch(keras, tmp_path):
    schedule = Linear(0.5, begin_step=0, end_step=8, frequency=4)
    model = trained(keras, tmp_path, schedule, epochs=2)
    found = written(tmp_path)
    assert {s: float(v) for s, v in found["sparsity"].items()} == {0: 0, 4: 0.25, 8: 0.5}
    assert {s: float(v) for s, v in found["d/kernel/mask_distance"].items()} == {4: 0.25, 8: 0.25}
    kernel = np.abs(model.get_weights()[0])
    assert found["d/kernel/threshold"][8] == pytest.approx(kernel[kernel > 0].min())


def test_masks_are_written_as_images_when_they_change(keras, tmp_path):
    model = trained(keras, tmp_path, OneShot(0.5, begin_step=2), epochs=2)
    images = written(tmp_path)["d/kernel/mask"]
    assert list(images) == [0, 4]
    width, height, png = images[4]
    assert (width, height) == (b"4", b"8")
    pixels = tf.io.decode_png(png).numpy()[..., 0]
    assert np.array_equal(pixels > 0, model.get_weights()[0] != 0)


def test_a_large_mask_is_shrunk_to_its_densities():
    from tfticket.tfmot_bridge.pruning_summaries import _shrunk

    kept = np.zeros((1024, 600), bool)
    kept[:512] = True
    picture = _shrunk(kept)
    assert picture.shape == (256, 200)
    assert picture.mean() == 0.5


def test_it_writes_as_often_as_asked_for(keras, tmp_path):
    trained(keras, tmp_path, OneShot(0.5), update_freq=2, images=False)
    found = written(tmp_path)
    assert list(found["sparsity"]) == [0, 2, 4]
    assert "d/kernel/mask" not in found


def test_keras_own_figures_are_written_where_the_library_is_installed(keras, tmp_path):
    pytest.importorskip("tensorboard")
    trained(keras, tmp_path, OneShot(0.5))
    assert any((tmp_path / "train").iterdir())


@pytest.mark.long
def test_without_the_library_only_what_needs_it_is_refused(tmp_path):
    program = """if True:
        import sys
        sys.modules["tensorboard"] = None
        import numpy as np, keras, importlib.util
        find = importlib.util.find_spec
        importlib.util.find_spec = lambda n, *a: None if n == "tensorboard" else find(n, *a)
        from tfticket.callbacks import PruneOnSchedule, PruningSummaries
        from tfticket.schedules import OneShot
        model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(4)])
        model.compile("sgd", "mse")
        callbacks = [PruneOnSchedule(OneShot(0.5)), PruningSummaries(sys.argv[1])]
        model.fit(np.ones((4, 8)), np.ones((4, 4)), verbose=0, callbacks=callbacks)
        try:
            PruningSummaries(sys.argv[1], histogram_freq=1)
        except ImportError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert "pip install tensorboard" in done.stdout, done.stderr
    assert float(written(tmp_path)["sparsity"][1]) == 0.5


@pytest.mark.parametrize("log_dir", ["", None, object()])
def test_a_log_dir_must_be_a_name(log_dir):
    with pytest.raises(ValueError, match="`log_dir` must be a non-empty string"):
        PruningSummaries(log_dir)


def test_an_update_frequency_must_be_one():
    with pytest.raises(ValueError, match="`update_freq` must be"):
        PruningSummaries("logs", update_freq="hour")
