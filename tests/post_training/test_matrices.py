"""Wanda and SparseGPT on single matrices, against plain computations in float64."""

import numpy as np
import pytest

from tfticket.post_training import sparsegpt, wanda
from tfticket.post_training.matrices import relative_error
from tfticket.selection import NByM


def _problem(inputs=24, outputs=10, rows=200, seed=0):
    rng = np.random.default_rng(seed)
    mixing = np.eye(inputs) + rng.normal(size=(inputs, inputs)) / np.sqrt(inputs)
    given = rng.normal(size=(rows, inputs)) @ mixing
    matrix = rng.normal(size=(inputs, outputs))
    return matrix.astype("f4"), (given.T @ given).astype("f4")


def _by_inverses(matrix, gram, count_until, pattern, block_size, damping=0.01):
    """Optimal brain surgery input by input: the inverse of what is left is computed anew."""
    hessian = gram.astype("f8") + damping * np.diagonal(gram).mean() * np.eye(len(gram))
    inverses = [np.linalg.inv(hessian[j:, j:]) for j in range(len(gram))]
    left, mask = matrix.astype("f8"), np.ones(matrix.shape, bool)
    for start in range(0, len(left), block_size):
        stop = min(start + block_size, len(left))
        if pattern is None:
            costs = [left[j] ** 2 / inverses[j][0, 0] for j in range(start, stop)]
            order = np.argsort(-np.array(costs).ravel(), kind="stable")
            block = np.zeros((stop - start) * left.shape[1], bool)
            block[order[: count_until(stop) - mask[:start].sum()]] = True
            mask[start:stop] = block.reshape(stop - start, -1)
        for j in range(start, stop):
            if pattern is not None and j % pattern.m == 0:
                group = range(j, j + pattern.m)
                costs = np.array([left[i] ** 2 / inverses[i][0, 0] for i in group])
                mask[j : j + pattern.m] = np.argsort(np.argsort(-costs, axis=0), axis=0) < pattern.n
            error = np.where(mask[j], 0, left[j] / inverses[j][0, 0])
            left[j:] -= inverses[j][0][:, None] * error
    return mask, left * mask


@pytest.mark.parametrize("block_size", [1, 7, 24, 128])
@pytest.mark.parametrize("sparsity", [0.3, 0.5, 0.9])
def test_sparsegpt_is_optimal_brain_surgery_column_by_column(sparsity, block_size):
    matrix, gram = _problem()
    whole = round((1 - sparsity) * matrix.size)
    expected = _by_inverses(
        matrix, gram, lambda stop: whole * stop // len(matrix), None, block_size
    )
    found = sparsegpt(matrix, gram, sparsity, block_size=block_size)
    assert np.array_equal(found.mask, expected[0])
    assert np.allclose(found.weights, expected[1], atol=1e-4)
    assert found.mask.sum() == whole
    assert not found.weights[~found.mask].any()


@pytest.mark.parametrize("pattern", [NByM(2, 4), NByM(1, 3)])
def test_sparsegpt_keeps_n_of_m(pattern):
    matrix, gram = _problem()
    expected = _by_inverses(matrix, gram, None, pattern, 24)
    found = sparsegpt(matrix, gram, pattern, block_size=10)
    assert np.array_equal(found.mask, expected[0])
    assert np.allclose(found.weights, expected[1], atol=1e-4)
    groups = found.mask.reshape(-1, pattern.m, matrix.shape[1])
    assert (groups.sum(1) == pattern.n).all()


def test_the_error_in_float32_is_that_in_float64():
    matrix, gram = _problem(inputs=96, outputs=64, rows=1_000, seed=1)
    _, exact = _by_inverses(matrix, gram, lambda stop: matrix.size // 2 * stop // 96, None, 32)
    found = sparsegpt(matrix, gram, 0.5, block_size=32)
    errors = [
        relative_error(matrix.astype("f8"), w, gram.astype("f8")) for w in (found.weights, exact)
    ]
    assert abs(errors[0] / errors[1] - 1) < 1e-5


def test_sparsegpt_loses_less_than_wanda_and_wanda_less_than_magnitude():
    matrix, gram = _problem(inputs=64, outputs=48, rows=500)
    magnitude = matrix * (np.abs(matrix) >= np.median(np.abs(matrix)))
    by = [relative_error(matrix, sparsegpt(matrix, gram, 0.5).weights, gram)]
    by += [relative_error(matrix, w, gram) for w in (wanda(matrix, gram, 0.5).weights, magnitude)]
    assert by == sorted(by) and by[0] < 0.9 * by[1]


def test_wanda_keeps_the_largest_products_of_every_output():
    matrix, gram = _problem()
    scores = np.abs(matrix) * np.sqrt(np.diagonal(gram))[:, None]
    found = wanda(matrix, gram, 0.5)
    assert np.array_equal(found.mask, scores >= np.sort(scores, axis=0)[12])
    assert np.array_equal(found.weights, matrix * found.mask)
    pattern = wanda(matrix, gram, NByM(2, 4)).mask.reshape(6, 4, 10)
    assert (pattern.sum(1) == 2).all()


def test_inputs_that_are_always_zero_go_first_and_cost_nothing():
    matrix, gram = _problem()
    idle = np.arange(24) % 2 == 0
    gram[idle], gram[:, idle] = 0, 0
    found = sparsegpt(matrix, gram, 0.5)
    assert not found.weights[idle].any()
    assert relative_error(matrix, found.weights, gram) < 1e-6


@pytest.mark.parametrize(("value", "what"), [(np.nan, "NaN or infinity"), (0, "no inputs but 0")])
def test_what_cannot_be_calibrated_with_is_refused(value, what):
    matrix, gram = _problem()
    with pytest.raises(ValueError, match=what):
        sparsegpt(matrix, np.full_like(gram, value), 0.5)
    with pytest.raises(ValueError, match="`block_size` must be at least 1"):
        sparsegpt(matrix, gram, 0.5, block_size=0)


@pytest.mark.parametrize("sparsity", [0.5, 0.9, NByM(2, 4)])
@pytest.mark.parametrize("method", [sparsegpt, wanda])
def test_a_stack_of_groups_is_pruned_to_the_sparsity_of_the_whole(method, sparsity):
    problems = [_problem(inputs=8, outputs=1, seed=seed) for seed in range(5)]
    matrices, grams = (np.stack(parts) for parts in zip(*problems, strict=True))
    found = method(matrices, grams, sparsity)
    share = 0.5 if isinstance(sparsity, NByM) else sparsity
    assert found.mask.sum() == round((1 - share) * matrices.size)
    assert np.array_equal(found.weights != 0, found.mask)
    if method is sparsegpt or isinstance(sparsity, NByM):
        for mask, weights, matrix, gram in zip(
            found.mask, found.weights, matrices, grams, strict=True
        ):
            own = sparsity if isinstance(sparsity, NByM) else 1 - mask.mean()
            alone = method(matrix, gram, own)
            assert np.array_equal(alone.weights, weights)


def test_wanda_ranks_within_each_output_of_each_group():
    problems = [_problem(inputs=8, outputs=3, seed=seed) for seed in range(2)]
    matrices, grams = (np.stack(parts) for parts in zip(*problems, strict=True))
    found = wanda(matrices, grams, 0.5)
    alone = [wanda(matrix, gram, 0.5) for matrix, gram in problems]
    assert np.array_equal(found.mask, np.stack([one.mask for one in alone]))


def test_a_gram_matrix_without_an_inverse_is_refused():
    matrix, gram = _problem(inputs=16, rows=8)
    with pytest.raises(ValueError, match="`damping` must be larger"):
        sparsegpt(matrix, gram, 0.5, damping=0.0)
    with pytest.raises(ValueError, match="`damping` must be at least 0"):
        sparsegpt(matrix, gram, 0.5, damping=-1.0)
