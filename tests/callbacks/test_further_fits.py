"""One callback, one model, many fits: what goes on, what begins afresh, and by which clock."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest

from tfticket import callbacks, errors, masks
from tfticket.schedules import Constant, Polynomial
from tfticket.tfmot_bridge import prune_low_magnitude

SCHEDULE = Polynomial(0.8, begin_step=0, end_step=20, frequency=4)
AT_TARGET = 461  # 80 % of each kernel, 512 and 64 weights, to the nearest weight

#: A frozen base leaves few weights to prune, and it is said.
FEW_PRUNABLE = pytest.mark.filterwarnings("ignore::tfticket.share.PrunableShareWarning")


class FirstIsBest(callbacks.Callback):
    """A loss to monitor that likes the first epoch best."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = float(epoch)


def test_another_model_begins_afresh_and_the_same_one_goes_on(keras, net, fit):
    pruning, found, sparsities = callbacks.PruneOnSchedule(SCHEDULE), [], []
    for seed in range(2):
        model, draw = net(), np.random.default_rng(seed)
        model.set_weights([draw.normal(size=w.shape) for w in model.get_weights()])
        sparsities.append(fit(model, pruning).history["sparsity"])
        found.append((pruning.masks, list(pruning.history)))
    assert sparsities[0] == sparsities[1]
    assert sparsities[0][0] < 0.7
    assert found[0][1] == found[1][1]
    assert found[0][0] != found[1][0]
    model.compile("sgd", model.loss)
    fit(model, pruning)
    assert pruning.masks == found[1][0]


def test_a_new_callback_goes_on_with_the_masks_in_force(net, fit):
    model, first = net(), callbacks.PruneOnSchedule(SCHEDULE)
    fit(model, first)
    model.compile("sgd", model.loss)
    second = callbacks.PruneOnSchedule(Polynomial(0.9, begin_step=0, end_step=8, frequency=4))
    fit(model, second)
    assert not any((second.masks[p] & ~first.masks[p]).any() for p in first.masks)
    assert second.masks.sparsity == pytest.approx(0.9, abs=1 / 576)


def test_a_deep_copy_has_what_was_found_and_begins_afresh(net, fit):
    pruning, enforcing = callbacks.PruneOnSchedule(SCHEDULE), callbacks.EnforceMasks()
    early = callbacks.StopAtEarlyBird(0.5, granularity="weight", stop=False)
    first = net()
    fit(first, pruning, early)
    fit(first, enforcing)
    copies = copy.deepcopy([pruning, early])
    assert copies[0].masks == pruning.masks
    assert copies[0].history == pruning.history
    assert copies[1].masks == early.masks
    fit(net(), *copies)
    assert [s for s, _ in copies[0].history] == [s for s, _ in pruning.history]
    assert len(copies[1].early_bird.observations) == 4
    again = copy.deepcopy(enforcing)
    assert again.masks == pruning.masks


def test_what_others_found_belongs_to_its_model(net, fit):
    recorder = callbacks.RecordRewindPoint(4)
    early = callbacks.StopAtEarlyBird(
        0.5, epsilon=0.99, queue_length=2, granularity="weight", stop=False
    )
    states = []
    for _ in range(2):
        fit(net(), recorder, early, epochs=3)
        states.append((recorder.state.step, early.found_at))
    assert states == [(4, 16)] * 2


def test_the_clock_counts_updates_under_gradient_accumulation(keras, net, fit):
    if keras.__name__ == "tf_keras":
        pytest.skip("tf_keras gathers no gradients")
    model = net(keras.optimizers.SGD(0.01, gradient_accumulation_steps=4))
    pruning = callbacks.PruneOnSchedule(Constant(0.5, begin_step=4, end_step=4, frequency=1))
    seen = []

    class Look(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((int(self.model.optimizer.iterations), len(pruning.history)))

    fit(model, callbacks.RecordRewindPoint(4), pruning, Look())
    assert [n for step, n in seen if step < 4] == [0] * 15
    assert {n for step, n in seen if step >= 4} == {1}
    assert pruning.history[0] == (4, 0.5)
    beyond = callbacks.PruneOnSchedule(Constant(0.5, begin_step=9, end_step=9, frequency=1))
    with pytest.raises(errors.UnreachableSparsityError, match="from step 0 to 8"):
        fit(net(keras.optimizers.SGD(0.01, gradient_accumulation_steps=4)), beyond)


def test_the_early_bird_counts_updates_too(keras, net, fit):
    if keras.__name__ == "tf_keras":
        pytest.skip("tf_keras gathers no gradients")
    model = net(keras.optimizers.SGD(0.01, gradient_accumulation_steps=4))
    early = callbacks.StopAtEarlyBird(0.5, every="1.5ep", granularity="weight", stop=False)
    fit(model, early, epochs=6)  # two updates an epoch: a look at 3, 6, 9 and 12
    assert len(early.early_bird.observations) == 4


def test_a_second_fit_after_the_target_is_fine_where_rates_do_not_divide(net, fit):
    model, schedule = net(units=33), Polynomial(0.8, begin_step=0, end_step=16, frequency=4)
    pruning = callbacks.PruneOnSchedule(schedule)
    fit(model, pruning)
    assert pruning.masks.sparsity < 0.8  # of 594 weights 475.2 are 80 %
    for again in (pruning, callbacks.PruneOnSchedule(schedule, masks=pruning.masks)):
        fit(model, again)
        assert again.masks == pruning.masks
        assert again.is_done


def test_the_drop_in_says_nothing_false_of_a_second_fit(net, fit):
    schedule = Polynomial(0.8, begin_step=0, end_step=16, frequency=4)
    model = prune_low_magnitude(net(units=33), schedule)
    model.compile("sgd", net().loss)
    for _ in range(2):
        fit(model, callbacks.UpdatePruningStep())  # warnings are errors


@FEW_PRUNABLE
@pytest.mark.parametrize("is_new", [True, False])
def test_an_unfrozen_base_starts_all_kept(keras, fit, is_new):
    layers, schedule = keras.layers, Polynomial(0.75, begin_step=0, end_step=16, frequency=4)
    base = keras.Sequential([layers.Dense(32, activation="relu", name="inner")], name="base")
    given = keras.Input((16,))
    model = keras.Model(given, layers.Dense(2, name="head")(base(given)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    base.trainable = False
    model.compile("sgd", loss)
    pruning = callbacks.PruneOnSchedule(schedule)
    fit(model, pruning)
    head = pruning.masks["head/kernel"]
    assert list(pruning.masks) == ["head/kernel"]
    base.trainable = True
    model.compile(keras.optimizers.Adam(1e-4), loss)
    if is_new:
        pruning = callbacks.PruneOnSchedule(schedule, masks=pruning.masks)
    fit(model, pruning)
    assert pruning.masks.kept_per_path() == {"base/inner/kernel": 128, "head/kernel": 16}
    assert np.array_equal(pruning.masks["head/kernel"], head)


@FEW_PRUNABLE
def test_a_base_that_is_frozen_later_keeps_its_zeros(keras, net, fit, num_zeros):
    model, pruning = net(), callbacks.PruneOnSchedule(SCHEDULE)
    fit(model, pruning)
    before = pruning.masks
    model.layers[0].trainable = False
    model.compile("sgd", model.loss)
    higher = callbacks.PruneOnSchedule(Polynomial(0.9, begin_step=0, end_step=8, frequency=4))
    fit(model, higher)
    assert np.array_equal(higher.masks["a/kernel"], before["a/kernel"])
    assert higher.masks.kept_per_path()["b/kernel"] == 6


def test_training_that_ends_early_says_what_was_reached(keras, net, fit):
    pruning = callbacks.PruneOnSchedule(Polynomial(0.8, begin_step=0, end_step=32, frequency=4))
    stop = keras.callbacks.EarlyStopping("val_loss", patience=1)
    with pytest.warns(UserWarning, match="ended at step 16, before the schedule did: .* is 0.6997"):
        fit(net(), FirstIsBest(), pruning, stop)


def test_a_pruned_model_that_is_loaded_keeps_its_zeros(keras, net, fit, num_zeros, tmp_path):
    model, pruning = net(), callbacks.PruneOnSchedule(SCHEDULE)
    fit(model, pruning)
    model.save(tmp_path / "pruned.keras")
    loaded = keras.models.load_model(tmp_path / "pruned.keras")
    assert masks.from_zeros(loaded) == pruning.masks
    enforcing = callbacks.EnforceMasks()
    fit(loaded, enforcing, epochs=2)
    assert enforcing.masks == pruning.masks
    assert num_zeros(loaded) == AT_TARGET


def test_a_dense_model_has_no_zeros_to_keep(net, fit):
    with pytest.raises(ValueError, match="`masks` must be given for a model without zeros"):
        fit(net(), callbacks.EnforceMasks())


def test_masks_never_come_back_over_all_of_it(keras, net, fit, num_zeros):
    """One model through everything above: its zeros only ever become more."""
    model, pruning = net(), callbacks.PruneOnSchedule(SCHEDULE)
    counts = []
    fit(model, pruning)
    counts.append(num_zeros(model))
    model.compile("sgd", model.loss)
    fit(model, epochs=1)
    counts.append(num_zeros(model))
    with pytest.warns(UserWarning, match="`set_weights` wrote"):
        model.layers[0].set_weights([np.ones_like(w) for w in model.layers[0].get_weights()])
    counts.append(num_zeros(model))
    fit(model, copy.deepcopy(pruning), epochs=4)
    counts.append(num_zeros(model))
    assert all(a <= b for a, b in itertools.pairwise(counts))


class WritesLast(callbacks.Callback):
    """Assigns the first kernel's start again at the end of the last epoch, unseen by anyone."""

    def on_train_begin(self, logs=None):
        self.kernel = next(w for w in self.model.trainable_weights if len(w.shape) == 2)
        self.start = self.kernel.numpy()

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.params["epochs"] - 1:
            self.kernel.assign(self.start)


def test_what_is_assigned_after_the_last_step_is_put_back_with_a_warning(net, fit):
    model, pruning = net(), callbacks.PruneOnSchedule(SCHEDULE)
    with pytest.warns(UserWarning, match="were written to after the last step"):
        fit(model, pruning, WritesLast())
    assert masks.from_zeros(model).sparsity == pytest.approx(pruning.masks.sparsity)


def test_a_schedule_behind_the_optimizers_count_is_told_what_steps_are(net, fit):
    model = net()
    fit(model)
    with pytest.raises(
        errors.UnreachableSparsityError, match="which has made .* compile the model"
    ):
        fit(model, callbacks.PruneOnSchedule(SCHEDULE))
