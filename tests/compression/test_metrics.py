"""Metrics of outputs, by hand."""

import numpy as np
import pytest

from tfticket.compression import METRICS, Measure, Metric, metrics

OUTPUTS = np.array([[0.1, 2.0, -1.0], [3.0, 0.0, 1.0], [0.0, 0.1, 0.2], [1.0, 5.0, 0.0]])
CLASSES = np.array([1, 0, 1, 1])


@pytest.mark.parametrize("targets", [CLASSES, CLASSES[:, None], np.eye(3)[CLASSES]])
def test_classes_by_number_in_a_column_or_one_hot(targets):
    assert METRICS["accuracy"].function(targets, OUTPUTS) == 0.75


@pytest.mark.parametrize(
    ("outputs", "right"), [([[0.2], [0.7], [0.4]], 2 / 3), ([[-2.0], [0.3], [-4.0]], 2 / 3)]
)
@pytest.mark.parametrize("targets", [[0, 1, 1], [[0], [1], [1]]])
def test_one_output_is_a_probability_or_a_logit(outputs, right, targets):
    found = METRICS["accuracy"].function(np.array(targets), np.array(outputs))
    assert found == pytest.approx(right)


def test_pixels():
    outputs = np.zeros((1, 2, 2, 2))
    outputs[0, 0, :, 1] = 1.0  # the upper row is class 1
    targets = np.array([[[1, 0], [0, 0]]])
    assert METRICS["accuracy"].function(targets, outputs) == 0.75
    assert METRICS["mean_iou"].function(targets, outputs) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_a_single_output_is_of_two_classes_in_every_form():
    """Of eight pixels two are on, of which one is found: 6 of 7 for off, 1 of 2 for on."""
    targets = np.array([[1, 1, 0, 0], [0, 0, 0, 0]])
    outputs = np.array([[0.9, 0.1, 0.2, 0.0], [0.1, 0.1, 0.0, 0.3]])
    for found in (outputs[..., None], 10 * outputs[..., None] - 5):
        assert METRICS["mean_iou"].function(targets, found) == pytest.approx((6 / 7 + 1 / 2) / 2)
        assert METRICS["accuracy"].function(targets[..., None], found) == 7 / 8
    assert METRICS["accuracy"].function(targets.ravel(), outputs.ravel()) == 7 / 8


@pytest.mark.parametrize("name", ["accuracy", "mean_iou", "mae"])
def test_targets_that_do_not_fit_are_refused(name):
    for targets in (np.eye(3)[CLASSES % 3][:, :1].repeat(5, 1), np.array(list("abab"))):
        with pytest.raises(ValueError, match="targets must be numbers in the form of the outputs"):
            METRICS[name].function(targets, OUTPUTS)


def test_errors():
    targets, outputs = np.array([1, 2, 4]), np.array([[1.0], [4.0], [3.0]])
    assert METRICS["mae"].function(targets, outputs) == 1.0
    assert METRICS["mse"].function(targets, outputs) == pytest.approx(5 / 3)
    assert METRICS["rmse"].function(targets, outputs) == pytest.approx((5 / 3) ** 0.5)
    assert [m.loss(1.0, 2.0) for m in (METRICS["mae"], METRICS["accuracy"])] == [1.0, -1.0]


def test_a_function_says_which_way_is_better():
    with pytest.raises(ValueError, match="`higher_is_better` must be given with a function"):
        metrics.get(lambda y, found: 0.0)
    assert not metrics.get(lambda y, found: 0.0, higher_is_better=False).higher_is_better
    with pytest.raises(ValueError, match="`metric` must be one of accuracy, mean_iou, mae"):
        metrics.get("acuracy")


def test_examples_or_a_function_but_not_both():
    accuracy = METRICS["accuracy"]
    with pytest.raises(ValueError, match="one of them. Received: neither"):
        Measure(accuracy)
    with pytest.raises(ValueError, match="one of them. Received: both"):
        Measure(accuracy, (OUTPUTS, CLASSES), lambda predict: 0.0)
    with pytest.raises(ValueError, match=r"must be a pair \(inputs, targets\)"):
        Measure(accuracy, (OUTPUTS,))


def test_what_comes_out_is_a_finite_number():
    accuracy = METRICS["accuracy"]
    assert Measure(accuracy, (OUTPUTS, CLASSES)).of(lambda x: x) == 0.75
    assert Measure(accuracy, evaluate=lambda predict: predict(3) / 2).of(lambda x: x) == 1.5
    with pytest.raises(ValueError, match="accuracy must be finite. Received: nan"):
        Measure(accuracy, evaluate=lambda predict: np.nan).of(lambda x: x)
    with pytest.raises(TypeError, match="accuracy must be a number. Received: dict"):
        Measure(accuracy, evaluate=lambda predict: {"accuracy": 1}).of(lambda x: x)
    with pytest.raises(TypeError, match="network with several outputs"):
        Measure(accuracy, (OUTPUTS, CLASSES)).of(lambda x: [x, x])
    with pytest.raises(ValueError, match="as many targets as inputs. Received: 4 and 3"):
        Measure(accuracy, (OUTPUTS, CLASSES[:3])).of(lambda x: x)


def test_digests_are_of_examples_and_functions():
    accuracy = METRICS["accuracy"]
    first = Measure(accuracy, (OUTPUTS, CLASSES)).digest()
    assert first == Measure(accuracy, (OUTPUTS.copy(), CLASSES)).digest()
    assert first != Measure(accuracy, (OUTPUTS + 1, CLASSES)).digest()
    assert first != Measure(METRICS["mae"], (OUTPUTS, CLASSES)).digest()
    assert first != Measure(Metric("own", len, True), (OUTPUTS, CLASSES)).digest()
