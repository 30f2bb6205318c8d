"""Pruning one matrix by what it is multiplied with: Wanda and SparseGPT.

A matrix W is `[inputs, outputs]` and is multiplied with rows x; what both methods know of the rows
is their Gram matrix, the sum of x xᵀ, `[inputs, inputs]`. A kernel of several groups is a stack of
such, `[groups, inputs, outputs]`, of which the sparsity is met as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket.layouts import Layout
from tfticket.selection import NByM
from tfticket.selection.outputs import keep_of_each_output
from tfticket.selection.scope import num_kept
from tfticket.selection.top import keep_top

__all__ = ["Pruned", "relative_error", "sparsegpt", "wanda"]


@dataclass(frozen=True)
class Pruned:
    """A pruned matrix.

    Args:
        mask: booleans of the matrix' shape, True = kept.
        weights: of the same shape, 0 where pruned.
    """

    mask: np.ndarray
    weights: np.ndarray


def wanda(weights: np.ndarray, gram: np.ndarray, sparsity: float | NByM) -> Pruned:
    """Prunes the smallest `|w|·‖x‖₂` of every output; what is kept stays as it is.

    Args:
        weights: `[inputs, outputs]`, or `[groups, inputs, outputs]`.
        gram: the sum of x xᵀ, `[inputs, inputs]`, or one for each group.
        sparsity: fraction of every output's weights to prune, in [0, 1), or an n:m pattern.

    References:
        Sun et al. 2023, equation 1, https://arxiv.org/abs/2306.11695
    """
    scores = np.abs(weights)
    scores *= np.sqrt(np.diagonal(gram, axis1=-2, axis2=-1))[..., None]
    if isinstance(sparsity, NByM):
        matrices = scores.reshape(-1, *scores.shape[-2:])
        mask = np.stack([_of_pattern(m, sparsity) for m in matrices]).reshape(scores.shape)
    else:
        layout = Layout(inputs=(-2,), outputs=tuple(a for a in (-3, -1) if -a <= scores.ndim))
        mask = keep_of_each_output(scores, np.ones(scores.shape, np.bool_), layout, sparsity)
    return Pruned(mask, weights * mask)


def sparsegpt(
    weights: np.ndarray,
    gram: np.ndarray,
    sparsity: float | NByM,
    *,
    block_size: int = 128,
    damping: float = 0.01,
) -> Pruned:
    """Prunes the inputs one after another; those behind take over what each pruned one did.

    A score and an action in one. Removing a weight at its turn costs `w² / d²`, d being the
    diagonal of the upper Cholesky factor U of the inverse of H = Gram + λI, `H⁻¹ = UᵀU`. A block of
    inputs is ranked at once, over all outputs together, or m inputs of each output for n:m; then
    column by column the error `w / d` of what is pruned goes to the inputs behind it, by the row of
    U. Inputs that were always 0 are pruned first and cost nothing.

    Args:
        weights: `[inputs, outputs]`, or `[groups, inputs, outputs]`, pruned one by one.
        gram: the sum of x xᵀ, `[inputs, inputs]`, or one for each group.
        sparsity: fraction to prune, in [0, 1), met exactly over all weights; or an n:m pattern.
        block_size: how many inputs are ranked together; the authors take 128.
        damping: λ as a fraction of the mean diagonal of the Gram matrix; the authors take 0.01.

    Raises:
        ValueError: if the Gram matrix is not finite, nothing was multiplied, an argument is out of
            range, or the damped matrix has no inverse.

    References:
        Frantar & Alistarh 2023, "SparseGPT: massive language models can be accurately pruned in
        one-shot", algorithm 1, https://arxiv.org/abs/2301.00774
    """
    if not 0 <= damping < np.inf:
        raise ValueError(f"`damping` must be at least 0. Received: damping={damping}")
    if weights.ndim == 3:
        shares = _shares(weights.shape, sparsity)
        options = {"block_size": block_size, "damping": damping}
        done = [sparsegpt(*each, **options) for each in zip(weights, gram, shares, strict=True)]
        return Pruned(np.stack([d.mask for d in done]), np.stack([d.weights for d in done]))
    left = np.array(weights, np.float32)
    factor, is_idle = _factor(np.asarray(gram, np.float32), damping)
    left[is_idle] = 0
    mask = np.ones(left.shape, np.bool_)
    size = _whole_groups(block_size, sparsity)
    for start in range(0, len(left), size):
        stop = min(start + size, len(left))
        inside = factor[start:stop, start:stop]
        goal = _num_kept_until(stop, left.shape, sparsity) - int(np.count_nonzero(mask[:start]))
        errors = _prune_block(left[start:stop], mask[start:stop], inside, sparsity, goal)
        left[stop:] -= factor[start:stop, stop:].T @ errors
    return Pruned(mask, left * mask)


def relative_error(before: np.ndarray, after: np.ndarray, gram: np.ndarray) -> float:
    """Returns `‖x(W − Ŵ)‖² / ‖xW‖²` over the rows x of a Gram matrix; 0 if there is nothing.

    Args:
        before: W, `[inputs, outputs]`.
        after: Ŵ, of the same shape.
        gram: the sum of x xᵀ.
    """
    lost = before - after
    whole = float(np.sum(before * (gram @ before), dtype=np.float64))
    return float(np.sum(lost * (gram @ lost), dtype=np.float64)) / whole if whole > 0 else 0.0


def _factor(gram: np.ndarray, damping: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns the upper U with `UᵀU` the inverse of the damped matrix, and which inputs were 0.

    With R the upper factor of H = R Rᵀ, which is the Cholesky factor of H read backwards, U is the
    inverse of R: one factorisation and one triangular solve, and no inverse of H itself.
    """
    diagonal = np.diagonal(gram)
    if not np.isfinite(gram).all() or not diagonal.any():
        raise ValueError(
            "`batches` must give every layer finite inputs, some of them not 0. Received: a Gram"
            f" matrix with {'no inputs but 0' if not diagonal.any() else 'NaN or infinity'}"
        )
    is_idle = diagonal == 0
    damped = np.array(gram)
    damped[np.diag_indices_from(damped)] += damping * diagonal.mean() + is_idle
    backwards = tf.linalg.cholesky(damped[::-1, ::-1])
    inverse = tf.linalg.triangular_solve(backwards, tf.eye(len(gram)), lower=True).numpy()
    if not np.isfinite(inverse).all():
        raise ValueError(
            "`damping` must be larger: the Gram matrix of a layer's inputs has no inverse, as of"
            f" fewer rows than inputs. Received: damping={damping}"
        )
    return inverse[::-1, ::-1], is_idle


def _prune_block(
    left: np.ndarray, mask: np.ndarray, factor: np.ndarray, sparsity: float | NByM, goal: int
) -> np.ndarray:
    """Prunes a block of inputs in place; returns each input's errors, for those behind it."""
    scale = np.diagonal(factor)[:, None]
    errors = np.zeros_like(left)
    if not isinstance(sparsity, NByM):
        costs = np.square(left / scale)
        mask[:] = keep_top([costs], [np.ones(mask.shape, np.bool_)], goal)[0]
    for i in range(len(left)):
        if isinstance(sparsity, NByM) and i % sparsity.m == 0:
            group = slice(i, i + sparsity.m)
            costs = np.square(left[group] / scale[group])
            mask[group] = _of_pattern(costs, sparsity)
        errors[i] = np.where(mask[i], 0, left[i] / factor[i, i])
        left[i + 1 :] -= factor[i, i + 1 :, None] * errors[i]
        left[i] *= mask[i]
    return errors


def _of_pattern(scores: np.ndarray, pattern: NByM) -> np.ndarray:
    kept = pattern.units(scores, np.ones(scores.shape, np.bool_), Layout()).protected
    assert kept is not None
    return kept


def _shares(shape: tuple[int, ...], sparsity: float | NByM) -> list[Any]:
    """Returns the sparsity of each matrix of a stack, so that the whole is met exactly."""
    if isinstance(sparsity, NByM):
        return [sparsity] * shape[0]
    size = shape[1] * shape[2]
    whole, groups = num_kept(shape[0] * size, sparsity), shape[0]
    kept = [whole * (g + 1) // groups - whole * g // groups for g in range(groups)]
    return [1 - count / size for count in kept]


def _whole_groups(block_size: int, sparsity: float | NByM) -> int:
    if block_size < 1:
        raise ValueError(f"`block_size` must be at least 1. Received: block_size={block_size}")
    if not isinstance(sparsity, NByM):
        return block_size
    return max(block_size // sparsity.m, 1) * sparsity.m


def _num_kept_until(stop: int, shape: tuple[int, ...], sparsity: float | NByM) -> int:
    """How many weights of the first inputs are kept, so that the whole is met exactly."""
    if isinstance(sparsity, NByM):
        return 0  # the pattern says
    whole = num_kept(shape[0] * shape[1], sparsity)
    return whole * stop // shape[0]
