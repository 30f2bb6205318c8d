"""A kernel as a matrix, and that matrix as a product of two thinner ones.

A Dense kernel is a matrix already. A convolution's `[h, w, in, out]` unfolds to
`[h · in, w · out]`, so that a product of rank r is two convolutions: one of `[h, 1, in, r]` along
the rows of an image, then one of `[1, w, r, out]` along its columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["factor_shapes", "factors", "folded", "product", "spectrum", "unfolded"]


def unfolded(kernel: np.ndarray) -> np.ndarray:
    """Returns a kernel as a matrix, `[h · in, w · out]` or `[in, out]`.

    Args:
        kernel: `[in, out]` or `[h, w, in, out]`.
    """
    if kernel.ndim == 2:
        return kernel
    height, width, inputs, outputs = kernel.shape
    return kernel.transpose(0, 2, 1, 3).reshape(height * inputs, width * outputs)


def factor_shapes(shape: tuple[int, ...], rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns the shapes of the two factors of a kernel.

    >>> factor_shapes((3, 5, 8, 16), 4)
    ((3, 1, 8, 4), (1, 5, 4, 16))

    Args:
        shape: of the kernel.
        rank: of the product.
    """
    rows, columns = shape[:-2][:1], shape[:-2][1:]
    inner = (*rows, *(1 for _ in columns), shape[-2], rank)
    return inner, (*(1 for _ in rows), *columns, rank, shape[-1])


def folded(
    left: np.ndarray, right: np.ndarray, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the factors of an unfolded kernel in the shapes that layers compute with.

    Args:
        left: `[h · in, rank]`.
        right: `[rank, w · out]`.
        shape: of the kernel.
    """
    first, last = factor_shapes(shape, left.shape[1])
    if len(shape) == 2:
        return left, right
    by_column = right.reshape(last[2], last[1], last[3])
    return left.reshape(first), by_column.transpose(1, 0, 2).reshape(last)


def product(kernel_in: Any, kernel_out: Any, einsum: Any = np.einsum) -> Any:
    """Returns the kernel that two factors stand for.

    Args:
        kernel_in: `[in, rank]` or `[h, 1, in, rank]`.
        kernel_out: `[rank, out]` or `[1, w, rank, out]`.
        einsum: of NumPy, or `tf.einsum` where gradients are wanted.
    """
    if len(kernel_in.shape) == 2:
        return einsum("ir,ro->io", kernel_in, kernel_out)
    return einsum("hir,wro->hwio", kernel_in[:, 0], kernel_out[0])


def spectrum(kernel: np.ndarray) -> np.ndarray:
    """Returns the singular values of an unfolded kernel, the largest first, in float64."""
    return np.linalg.svd(unfolded(kernel).astype(np.float64), compute_uv=False)


def factors(kernel: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the two factors whose product is the closest to a kernel of all of that rank.

    With the singular value decomposition `UΣVᵀ` they are `U√Σ` and `√ΣVᵀ`, cut to `rank`: spectral
    initialisation. Both have the same norm.

    Args:
        kernel: `[in, out]` or `[h, w, in, out]`.
        rank: at most the smaller side of the unfolded kernel.

    Returns:
        `(kernel_in, kernel_out)` in the kernel's type.
    """
    matrix = unfolded(kernel).astype(np.float64)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    roots = np.sqrt(values[:rank])
    found = folded(left[:, :rank] * roots, roots[:, None] * right[:rank], kernel.shape)
    return found[0].astype(kernel.dtype), found[1].astype(kernel.dtype)
