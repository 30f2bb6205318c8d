"""`from tfticket import tfmot_bridge as tfmot`, and the rest of a script stays as it is."""

import numpy as np
import pytest

from tfticket import tfmot_bridge
from tfticket import tfmot_bridge as tfmot
from tfticket._tfmot import tfmot as load_tfmot


def public(namespace):
    return {n for n in dir(namespace) if not n.startswith("_")}


def test_every_name_of_tfmot_is_there():
    theirs = load_tfmot()
    assert public(theirs.sparsity.keras) <= set(tfmot.sparsity.keras.__all__)
    for name in ("clustering", "quantization", "experimental"):
        assert getattr(tfmot, name) is getattr(theirs, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tfmot.nothing


def test_what_prunes_is_ours_and_the_rest_tfmots():
    theirs, found = load_tfmot().sparsity.keras, tfmot.sparsity.keras
    assert found.prune_low_magnitude is tfmot_bridge.prune_low_magnitude
    same = {n for n in public(theirs) if getattr(theirs, n) is getattr(found, n)}
    assert same == {
        *("ConstantSparsity", "PolynomialDecay", "PruningSchedule"),
        *("PrunableLayer", "PruneForLatencyOnXNNPack", "PruningPolicy"),
    }


def test_a_script_of_tfmots_guide_runs_as_it_is(keras, tmp_path):
    keras.utils.set_random_seed(0)

    class Own(keras.layers.Dense, tfmot.sparsity.keras.PrunableLayer):
        def get_prunable_weights(self):
            return [self.kernel, self.bias]

    x = np.random.default_rng(0).standard_normal((64, 8)).astype("float32")
    schedule = tfmot.sparsity.keras.PolynomialDecay(
        initial_sparsity=0.5, final_sparsity=0.8, begin_step=0, end_step=np.int32(8), frequency=2
    )
    model = keras.Sequential(
        [
            keras.layers.Input((8,)),
            tfmot.sparsity.keras.prune_low_magnitude(Own(10), pruning_schedule=schedule),
            keras.layers.Dense(2),
        ]
    )
    model.compile("sgd", "mse")
    callback = tfmot.sparsity.keras.UpdatePruningStep()
    model.fit(x, x[:, :2], batch_size=8, verbose=0, callbacks=callback)
    stripped = tfmot.sparsity.keras.strip_pruning(model)
    kernel, bias = stripped.layers[0].get_weights()
    assert (np.count_nonzero(kernel), np.count_nonzero(bias)) == (16, 2)
