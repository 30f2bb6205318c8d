"""EnforceMasks in `fit`: among other callbacks, across compile, clone and interruption."""

from __future__ import annotations

import numpy as np
import pytest

from tfticket import weights
from tfticket.callbacks import Callback, EnforceMasks
from tfticket.errors import EnforcementError
from tfticket.masks import Masks
from tfticket.tickets import Ticket

X = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(8, 1)).astype(np.float32)
PATH = "hidden/kernel"
MASKS = Masks({PATH: np.arange(12).reshape(4, 3) % 3 == 0})

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def model(keras):
    layers = keras.layers
    keras.utils.set_random_seed(1)
    hidden = layers.Dense(3, name="hidden", activation="tanh")
    net = keras.Sequential([layers.Input((4,)), hidden, layers.Dense(1)])
    net.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse", run_eagerly=True)
    return net


@pytest.fixture
def backup(keras, tmp_path):
    return lambda: keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))


class Watch(Callback):
    """Counts pruned weights that are not 0 before and after each batch."""

    seen = ()

    def on_train_batch_begin(self, batch, logs=None):
        self.seen += (num_leaks(self.model),)

    on_train_batch_end = on_train_batch_begin


class BreakOff(Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def clone(keras, model):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse", run_eagerly=True)
    return copy


def fit(model, *callbacks, **options):
    options = {"batch_size": 4, "shuffle": False, "verbose": 0, **options}
    model.fit(X, Y, callbacks=list(callbacks), **options)


def num_leaks(model, masks=MASKS):
    return np.count_nonzero(weights.read(model)[PATH][~masks[PATH]])


def test_masks_hold_from_the_first_batch_wherever_the_callback_stands(model):
    before, after = Watch(), Watch()
    model.compile(model.optimizer, "mse")  # for a step that is traced, and before the masks
    fit(model)
    fit(model, before, EnforceMasks(MASKS), after)
    assert before.seen == after.seen == (0, 0, 0, 0)


def test_checkpoints_are_sparse_wherever_the_callback_stands(keras, model, tmp_path):
    def checkpoint(name):
        path = tmp_path / f"{name}.weights.h5"
        return keras.callbacks.ModelCheckpoint(str(path), save_weights_only=True, save_freq=1)

    fit(model, checkpoint("before"), EnforceMasks(MASKS), checkpoint("after"))
    for name in ("before", "after"):
        model.load_weights(tmp_path / f"{name}.weights.h5")
        assert num_leaks(model) == 0


def test_masks_stay_in_force_until_released(model):
    callback = EnforceMasks(MASKS)
    fit(model, callback)
    fit(model)
    assert num_leaks(model) == 0
    callback.release()
    fit(model)
    assert num_leaks(model) > 0


def test_masks_follow_the_model_through_compile(keras, model):
    callback = EnforceMasks(MASKS)
    fit(model, callback)
    first = model.optimizer
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, use_ema=True), "mse", run_eagerly=True)
    fit(model, callback)
    assert num_leaks(model) == 0
    for slots in (model.optimizer.momentums, model.optimizer._model_variables_moving_average):
        assert not np.any(slots[0].numpy()[~MASKS[PATH]])
    assert not {"apply", "apply_gradients"} & set(vars(first))


def test_a_clone_needs_the_callback_and_gets_along_with_it(keras, model):
    callback = EnforceMasks(MASKS)
    fit(model, callback)
    copy = clone(keras, model)
    fit(copy)
    assert num_leaks(copy) > 0
    fit(copy, callback)
    assert num_leaks(copy) == 0
    fit(model)  # the callback went over to the clone; the masks stay in force here, too
    assert num_leaks(model) == 0


def test_training_that_was_broken_off_goes_on_as_if_it_had_not_been(keras, model, backup):
    broken, resumed = clone(keras, model), clone(keras, model)
    fit(model, EnforceMasks(MASKS), epochs=2)
    with pytest.raises(KeyboardInterrupt):
        fit(broken, EnforceMasks(MASKS), backup(), BreakOff(), epochs=2)
    fit(resumed, EnforceMasks(MASKS), backup(), Watch(), epochs=2)
    np.testing.assert_array_equal(weights.read(resumed)[PATH], weights.read(model)[PATH])


@pytest.mark.filterwarnings("ignore:`load_weights` wrote weights of sparsity 0:UserWarning")
@pytest.mark.parametrize("is_first", [True, False])
def test_a_dense_backup_is_made_sparse_before_the_first_step(keras, model, backup, is_first):
    with pytest.raises(KeyboardInterrupt):
        fit(model, backup(), BreakOff(), epochs=2)
    assert num_leaks(model) > 0
    resumed, watch = clone(keras, model), Watch()
    callbacks = [EnforceMasks(MASKS), backup()]
    fit(resumed, *(callbacks if is_first else callbacks[::-1]), watch, epochs=2)
    assert watch.seen == (0, 0, 0, 0)  # before and after each batch of the second epoch


def test_masks_can_be_put_in_before_and_after_the_model_is_met(model):
    callback = EnforceMasks(Masks({PATH: np.ones((4, 3), bool)}))
    callback.update(MASKS)
    fit(model, callback)
    assert num_leaks(model) == 0
    smaller = Masks({PATH: MASKS[PATH] & (np.arange(3) > 0)})
    callback.update(smaller)
    assert callback.masks == smaller
    assert num_leaks(model, smaller) == 0
    callback.release()
    callback.update(MASKS)
    fit(model, callback)
    assert num_leaks(model) == 0


def test_pruned_values_are_held(model):
    values = weights.read(model)
    fit(model, EnforceMasks(MASKS, pruned_values={PATH: values[PATH]}))
    pruned = ~MASKS[PATH]
    np.testing.assert_array_equal(weights.read(model)[PATH][pruned], values[PATH][pruned])
    assert np.all(weights.read(model)[PATH][~pruned] != values[PATH][~pruned])


def test_a_pruned_weight_that_changed_stops_the_training(model):
    class Vandal(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.layers[0].kernel.assign(np.ones((4, 3)))

    with pytest.raises(EnforcementError, match="'hidden/kernel': 8"):
        fit(model, EnforceMasks(MASKS), Vandal())


def test_a_fit_without_the_callback_is_found_out():
    with pytest.raises(EnforcementError, match="never in force"):
        EnforceMasks(MASKS).check()


def test_a_ticket_brings_its_masks_and_the_values_that_pruned_weights_hold(model):
    start = weights.read_all(model)
    held = {PATH: np.full((4, 3), 0.25, np.float32)}
    ticket = Ticket(MASKS, start, pruned_values=held)
    ticket.apply(model)
    model.fit(X, Y, verbose=0, callbacks=[EnforceMasks(ticket)])
    kernel = weights.read_all(model)[PATH]
    assert (kernel[~MASKS[PATH]] == 0.25).all()
    assert not np.array_equal(kernel[MASKS[PATH]], start[PATH][MASKS[PATH]])
