"""Pruning beside the callbacks that stop, save and restore a training; the right values of each."""

from __future__ import annotations

import contextlib

import pytest

from tfticket import callbacks
from tfticket.schedules import Polynomial
from tfticket.tfmot_bridge import prune_low_magnitude, strip_pruning

SCHEDULE = Polynomial(0.8, begin_step=0, end_step=20, frequency=4)
WROTE = "wrote weights of sparsity 0"
AT_TARGET = 461  # 80 % of each kernel, 512 and 64 weights, to the nearest weight


class FirstIsBest(callbacks.Callback):
    """A loss to monitor that likes the dense epochs best."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = float(epoch)


class BreakOff(callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 3:
            raise KeyboardInterrupt


def stopping(keras, **options):
    settings = {"monitor": "val_loss", "patience": 99, "restore_best_weights": True, **options}
    return keras.callbacks.EarlyStopping(**settings)


@pytest.mark.parametrize("is_last", [True, False])
def test_weights_that_early_stopping_restores_obey_the_masks(keras, net, fit, num_zeros, is_last):
    pruning, stop = callbacks.PruneOnSchedule(SCHEDULE), stopping(keras)
    model, order = net(), [pruning, stop] if is_last else [stop, pruning]
    with pytest.warns(UserWarning, match=WROTE):
        fit(model, FirstIsBest(), *order)
    assert pruning.masks.sparsity == AT_TARGET / 576
    assert num_zeros(model) == AT_TARGET


def test_the_drop_in_holds_its_masks_too(keras, net, fit, num_zeros):
    model = prune_low_magnitude(net(), SCHEDULE)
    model.compile("sgd", net().loss)
    with pytest.warns(UserWarning, match=WROTE):
        fit(model, FirstIsBest(), callbacks.UpdatePruningStep(), stopping(keras))
    assert num_zeros(strip_pruning(model)) == AT_TARGET


@pytest.mark.parametrize("patience", [2, 99])
def test_after_pruning_early_stopping_counts_from_the_target_on(
    keras, net, fit, num_zeros, patience
):
    pruning = callbacks.PruneOnSchedule(SCHEDULE)
    stop = stopping(keras, patience=patience)
    model = net()
    history = fit(
        model, FirstIsBest(), callbacks.AfterPruning(stop, pruning), pruning, epochs=8
    ).history
    # Pruning is done in the third epoch, which is the best; two worse ones are waited for.
    assert len(history["loss"]) == (5 if patience == 2 else 8)
    assert num_zeros(model) == AT_TARGET
    assert pruning.is_done


def test_after_pruning_counts_from_where_masks_no_longer_move(keras, net, fit):
    moving = callbacks.DynamicSparse(0.8, method="set", frequency=1, end_step=6)
    stop, seen = stopping(keras, patience=99), []
    stop.on_epoch_end = lambda epoch, logs=None: seen.append((epoch, moving.history[-1][0]))
    fit(net(), callbacks.AfterPruning(stop, moving), moving, epochs=8)
    assert seen
    assert {last for _, last in seen} == {5}


def test_after_pruning_needs_a_callback_that_prunes(keras):
    with pytest.raises(TypeError, match="`pruning` must be the PruneOnSchedule"):
        callbacks.AfterPruning(stopping(keras), stopping(keras))


def test_a_checkpoint_of_a_dense_epoch_is_loaded_pruned(keras, net, fit, num_zeros, tmp_path):
    path = str(tmp_path / "best.weights.h5")
    best = keras.callbacks.ModelCheckpoint(path, save_best_only=True, save_weights_only=True)
    model, pruning = net(), callbacks.PruneOnSchedule(SCHEDULE)
    fit(model, FirstIsBest(), pruning, best)
    with pytest.warns(UserWarning, match=f"`load_weights` {WROTE}"):
        model.load_weights(path)
    assert num_zeros(model) == AT_TARGET


def test_an_average_of_dense_weights_is_written_pruned(net, fit, num_zeros):
    class Average(callbacks.Callback):
        average = None

        def on_epoch_end(self, epoch, logs=None):
            now = self.model.get_weights()
            before = self.average or now
            self.average = [0.5 * a + 0.5 * w for a, w in zip(before, now, strict=True)]

        def on_train_end(self, logs=None):
            self.model.set_weights(self.average)

    model, pruning = net(), callbacks.PruneOnSchedule(SCHEDULE)
    with pytest.warns(UserWarning, match=WROTE):
        fit(model, pruning, Average())
    assert num_zeros(model) == AT_TARGET


@pytest.mark.parametrize("is_first", [True, False])
def test_a_restarted_program_goes_on_with_the_masks(keras, net, fit, num_zeros, tmp_path, is_first):
    found = []
    for callback in (BreakOff(), callbacks.Callback()):
        model, pruning = net(), callbacks.PruneOnSchedule(SCHEDULE)
        backup = keras.callbacks.BackupAndRestore(str(tmp_path))
        order = [pruning, backup] if is_first else [backup, pruning]
        try:
            seen = fit(model, *order, callback, epochs=6).history["sparsity"]
        except KeyboardInterrupt:
            seen = [pruning.masks.sparsity]
        found += seen
    assert found == [AT_TARGET / 576] * 4
    assert num_zeros(model) == AT_TARGET


@pytest.mark.parametrize("is_first", [True, False])
def test_a_restart_before_the_target_goes_on_where_the_schedule_was(
    keras, net, fit, num_zeros, tmp_path, is_first
):
    schedule = Polynomial(0.8, begin_step=0, end_step=40, frequency=4)
    whole = callbacks.PruneOnSchedule(schedule)
    fit(net(), whole, epochs=6)
    with pytest.raises(KeyboardInterrupt):
        broken = callbacks.PruneOnSchedule(schedule)
        fit(net(), broken, keras.callbacks.BackupAndRestore(str(tmp_path)), BreakOff(), epochs=6)
    resumed = callbacks.PruneOnSchedule(schedule)
    order = [resumed, keras.callbacks.BackupAndRestore(str(tmp_path))]
    model = net()
    fit(model, *(order if is_first else order[::-1]), epochs=6)
    # The step at which it was broken off is followed again, and changes nothing there.
    assert [s for s in resumed.history if s[0] > 24] == [s for s in whole.history if s[0] > 24]
    assert resumed.history[0][0] >= 24
    assert num_zeros(model) == AT_TARGET


@pytest.mark.parametrize("is_first", [True, False])
def test_a_restarted_program_of_the_drop_in_goes_on(keras, net, fit, num_zeros, tmp_path, is_first):
    sparsities = []
    for callback in (BreakOff(), callbacks.Callback()):
        model, update = prune_low_magnitude(net(), SCHEDULE), callbacks.UpdatePruningStep()
        model.compile("sgd", net().loss)
        backup = keras.callbacks.BackupAndRestore(str(tmp_path))
        order = [update, backup] if is_first else [backup, update]
        with contextlib.suppress(KeyboardInterrupt):
            sparsities += fit(model, *order, callback, epochs=6).history["sparsity"]
    assert sparsities == [AT_TARGET / 576] * 3
    assert num_zeros(strip_pruning(model)) == AT_TARGET


def test_zeros_that_the_schedule_does_not_explain_are_told(net, fit):
    model = net()
    fit(model, epochs=1)
    kernel, *rest = model.layers[0].get_weights()
    kernel[0] = 0
    model.layers[0].set_weights([kernel, *rest])
    pruning = callbacks.PruneOnSchedule(SCHEDULE)
    with pytest.warns(UserWarning, match="zeros that the schedule does not explain: 544 weights"):
        fit(model, pruning)
    assert pruning.is_done
