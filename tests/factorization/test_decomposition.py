from __future__ import annotations

import numpy as np
import pytest

from tfticket.factorization import decomposition

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(7, 5), (3, 5, 4, 6), (1, 1, 4, 6)])
def test_no_product_of_a_rank_is_closer_to_a_kernel(shape):
    """Eckart and Young: what is lost are the singular values that were cut off."""
    kernel = RNG.normal(size=shape)
    values = np.linalg.svd(decomposition.unfolded(kernel), compute_uv=False)
    np.testing.assert_allclose(decomposition.spectrum(kernel), values)
    for rank in range(1, len(values) + 1):
        product = decomposition.product(*decomposition.factors(kernel, rank))
        lost = np.sqrt(np.square(values[rank:]).sum())
        assert np.linalg.norm(kernel - product) == pytest.approx(lost, abs=1e-12)
        assert np.linalg.matrix_rank(decomposition.unfolded(product)) == rank


def test_a_convolution_unfolds_to_rows_by_columns():
    kernel = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    matrix = decomposition.unfolded(kernel)
    assert matrix.shape == (2 * 4, 3 * 5)
    for y, x, i, o in np.ndindex(kernel.shape):
        assert matrix[y * 4 + i, x * 5 + o] == kernel[y, x, i, o]


def test_both_factors_have_the_same_norm():
    left, right = decomposition.factors(RNG.normal(size=(9, 6)).astype(np.float32), 3)
    assert left.dtype == right.dtype == np.float32
    assert np.linalg.norm(left) == pytest.approx(np.linalg.norm(right), rel=1e-6)
    np.testing.assert_allclose(left.T @ left, right @ right.T, atol=1e-5)  # balanced


def test_factors_have_the_shapes_of_two_thin_convolutions():
    left, right = decomposition.factors(RNG.normal(size=(3, 5, 4, 6)), 2)
    assert (left.shape, right.shape) == ((3, 1, 4, 2), (1, 5, 2, 6))
    assert decomposition.factor_shapes((3, 5, 4, 6), 2) == (left.shape, right.shape)
    assert decomposition.factor_shapes((7, 5), 2) == ((7, 2), (2, 5))
