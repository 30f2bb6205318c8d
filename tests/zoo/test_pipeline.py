import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfticket.zoo import Split, batches, evaluate, in_order, lenet_300_100, load_data
from tfticket.zoo.pipeline import positions


def numbered(count):
    return Split(np.arange(count, dtype=np.float32).reshape(-1, 1), np.arange(count))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 30), st.integers(0, 99))
def test_every_example_is_seen_once_an_epoch(num_examples, batch_size, num_steps, seed):
    stream = positions(num_examples, batch_size=batch_size, num_steps=num_steps, seed=seed)
    assert stream.shape == (num_steps, batch_size)
    epochs = np.array_split(stream.ravel(), range(num_examples, stream.size, num_examples))
    for epoch in epochs[:-1]:
        assert sorted(epoch) == list(range(num_examples))
    assert len(set(epochs[-1])) == len(epochs[-1])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 30), st.data())
def test_a_later_start_gives_the_rest_of_the_stream(num_examples, batch_size, num_steps, data):
    start = data.draw(st.integers(0, num_steps))
    options = {"batch_size": batch_size, "num_steps": num_steps, "seed": 7}
    whole = positions(num_examples, **options)
    np.testing.assert_array_equal(
        positions(num_examples, **options, start_step=start), whole[start:]
    )


def test_epochs_and_seeds_have_orders_of_their_own():
    first, second = positions(50, batch_size=50, num_steps=2, seed=0)
    other = positions(50, batch_size=50, num_steps=1, seed=1)[0]
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_a_longer_training_begins_with_the_shorter_one():
    short, long = (positions(9, batch_size=4, num_steps=n, seed=0) for n in (5, 50))
    np.testing.assert_array_equal(short, long[:5])


@pytest.mark.parametrize("start", [0, 1, 5, 8])
def test_batches_start_where_they_are_told_to(start):
    split = numbered(10)
    whole = list(batches(split, batch_size=4, num_steps=8, seed=3).as_numpy_iterator())
    later = batches(split, batch_size=4, num_steps=8, seed=3, start_step=start)
    assert later.cardinality() == 8 - start
    for (x, y), (expected_x, expected_y) in zip(later, whole[start:], strict=True):
        np.testing.assert_array_equal(x, expected_x)
        np.testing.assert_array_equal(y, expected_y)


def test_inputs_stay_with_their_targets():
    for x, y in batches(numbered(10), batch_size=4, num_steps=8, seed=0).as_numpy_iterator():
        np.testing.assert_array_equal(x[:, 0], y)


def test_shapes_are_known_before_training():
    x, y = batches(numbered(10), batch_size=4, num_steps=3, seed=0).element_spec
    assert (x.shape.as_list(), y.shape.as_list()) == ([4, 1], [4])


@pytest.mark.parametrize(
    "wrong", [{"batch_size": 0}, {"start_step": 4}, {"start_step": -1}, {"num_steps": -1}]
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="`batch_size` must be positive"):
        batches(numbered(5), **{"batch_size": 2, "num_steps": 3, "seed": 0, **wrong})


def test_in_order_gives_every_example_once():
    parts = [y for _, y in in_order(numbered(10), batch_size=4).as_numpy_iterator()]
    assert [len(p) for p in parts] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(10))


PASSES = """
from pathlib import Path
import numpy as np
from tfticket.zoo import Split, batches, in_order

split = Split(np.ones((8_000, 1_000), np.float32), np.zeros(8_000))  # 32 MB

def megabytes_after(rounds):
    for _ in range(rounds):
        for _ in batches(split, batch_size=10, num_steps=2, seed=0):
            pass
        for _ in in_order(split, batch_size=4_000):
            pass
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096 / 2**20

before = megabytes_after(2)
grown = megabytes_after(6) - before
assert grown < 150, grown
"""


@pytest.mark.parametrize("steps_per_execution", [1, 2, 7])
def test_evaluation_counts_every_example_once(keras, steps_per_execution):
    """The last, smaller batch holds all the errors; a mean over batches would differ."""
    y = np.array([0] * 8 + [1] * 3)
    split = Split(np.ones((11, 1), np.float32), y)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, name="output")])
    model.layers[-1].set_weights([np.array([[2.0, 0.0]]), np.zeros(2)])
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        steps_per_execution=steps_per_execution,
    )
    found = evaluate(model, split, batch_size=4)
    right = np.log1p(np.exp(-2.0))
    assert found["accuracy"] == pytest.approx(8 / 11)
    assert found["loss"] == pytest.approx((8 * right + 3 * (right + 2)) / 11, rel=1e-5)


def test_names_are_checked_without_tensorflow():
    code = (
        "import sys; from tfticket import zoo\n"
        "try: zoo.get_model('nope')\n"
        "except ValueError: pass\n"
        "zoo.load_data('digits')\n"
        "assert not {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
@pytest.mark.long
def test_a_training_leaves_no_copy_of_the_data_behind(run_script, tmp_path):
    """In a process of its own: what other tests leave behind is given back at any time."""
    script = tmp_path / "passes.py"
    script.write_text(PASSES)
    run_script(script)


def test_a_training_in_two_parts_ends_like_one_in_one(keras):
    data = load_data("digits", validation_size=1_000)
    results = []
    for cuts in ([0, 23], [0, 10, 23]):
        model = lenet_300_100(keras=keras, input_shape=(8, 8, 1))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", loss, steps_per_execution=4)
        for start, end in itertools.pairwise(cuts):
            part = batches(data.train, batch_size=60, num_steps=end, seed=0, start_step=start)
            model.fit(part, verbose=0, shuffle=False)
        results.append(model.get_weights())
    for once, twice in zip(*results, strict=True):
        np.testing.assert_array_equal(once, twice)
