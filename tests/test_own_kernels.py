"""Layers whose kernel is their own say what makes them plain, and save all their variables."""

from __future__ import annotations

import pytest

from tfticket.factorization import layers as factorized
from tfticket.own_kernels import OwnKernel
from tfticket.supermasks import layers as supermask


@pytest.mark.parametrize("change", ["quantize", "enable_lora"])
def test_keras_may_not_change_a_kernel_that_is_not_there(keras, change):
    name = keras.__name__
    for layer, made_plain_by in (
        (factorized.of(name).FactorizedDense(4, kernel_rank=2), "factorization.defactorize"),
        (supermask.of(name).SupermaskDense(4), "supermasks.to_plain"),
    ):
        assert isinstance(layer, OwnKernel)
        layer.build((None, 3))
        with pytest.raises(NotImplementedError, match=rf"must be made plain .*: {made_plain_by}"):
            getattr(layer, change)("int8")
