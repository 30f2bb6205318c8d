"""RigL and SET as recipes: sparse from the first step, beside the dense training."""

import numpy as np
import pytest

from tfticket import recipes
from tfticket.experiments.plan import make_plan
from tfticket.experiments.spec import Spec


@pytest.mark.parametrize("name", ["rigl", "set"])
def test_a_sparse_training_and_its_controls(model_fn, data, name):
    given = {"num_steps": 200, "frequency": 20, "sparsity": 0.8}
    found = getattr(recipes, name)(model_fn, data, **given, controls=("reinitialize",))
    dense, level = found.levels[0]
    assert dense.masks.sparsity == 0
    assert level.masks.sparsity == pytest.approx(0.8, abs=1e-3)
    assert [step for step, _ in level.log["moves"]] == list(range(20, 150, 20))
    assert level.metrics["test_accuracy"] > 0.4
    for path, mask in level.masks.items():
        assert not level.trained.weights[path][~mask].any()
        np.testing.assert_array_equal(level.ticket.weights[path], dense.ticket.weights[path])
    control = next(r for r in found.outcome.results if r.arm == "reinitialize")
    assert control.num_kept == level.masks.num_kept
    again = getattr(recipes, name)(model_fn, data, **given, controls=())
    for path, array in again.level.trained.weights.items():
        np.testing.assert_array_equal(array, level.trained.weights[path])


def test_what_does_not_fit_is_told_before_training():
    given = {"model": "lenet_300_100", "data": "digits", "num_steps": 40}
    plan = make_plan(Spec(**given, recipe="rigl", end_step="20it", fraction=0.5))
    assert (plan.recipe.fraction, plan.recipe.scope) == (0.5, "erk")
    with pytest.raises(ValueError, match="`granularity`"):
        make_plan(Spec(**given, recipe="set", granularity="2:4"))
    with pytest.raises(ValueError, match="`end_step` must lie within"):
        make_plan(Spec(**given, recipe="rigl", end_step=41))
    with pytest.raises(ValueError, match="`fraction`"):
        make_plan(Spec(**given, recipe="rigl", fraction=0))
