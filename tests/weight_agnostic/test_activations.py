import numpy as np
import pytest

from tfticket.weight_agnostic.activations import ACTIVATIONS, LINEAR, USUAL, activate


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_its_formula(name, formulas):
    x = np.linspace(-3, 3, 101, dtype=np.float32)
    found = x.copy()
    activate(list(ACTIVATIONS).index(name), found)
    np.testing.assert_allclose(found, formulas[name](x.astype(np.float64)), atol=2e-6)


def test_outputs_are_linear_and_the_usual_ones_leave_out_step_and_square():
    assert list(ACTIVATIONS)[LINEAR] == "linear"
    assert set(ACTIVATIONS) - set(USUAL) == {"step", "squared"}
