"""prune_after_training: layer by layer, each seeing what the pruned layers before it give."""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from tfticket import _keras
from tfticket import weights as weights_
from tfticket.masks import Masks
from tfticket.post_training.matrices import Pruned, relative_error, sparsegpt, wanda
from tfticket.selection import NByM, check_sparsity, get_granularity
from tfticket.share import warn_of_share
from tfticket.tickets import Ticket
from tfticket.tracing.examples import evaluation
from tfticket.tracing.products import Product, products, watched
from tfticket.weights import FilterLike

__all__ = ["METHODS", "LayerPruned", "prune_after_training"]

#: How a matrix is pruned, by name.
METHODS: dict[str, Callable[..., Pruned]] = {"sparsegpt": sparsegpt, "wanda": wanda}


@dataclass(frozen=True)
class LayerPruned:
    """What became of one kernel.

    Args:
        path: of the kernel.
        sparsity: fraction of it that is pruned.
        error: `‖x(W − Ŵ)‖² / ‖xW‖²` over the rows x that the layer was given.
        num_rows: how many those were.
        seconds: what it took, without the passes over the batches.
    """

    path: str
    sparsity: float
    error: float
    num_rows: int
    seconds: float


def prune_after_training(
    model: Any,
    batches: Iterable[Any],
    method: str = "sparsegpt",
    *,
    sparsity: float = 0.5,
    granularity: Any = "weight",
    prunable: FilterLike = None,
    layers_at_once: int = 1,
    on_layer: Callable[[LayerPruned], None] | None = None,
    **settings: Any,
) -> Ticket:
    """Prunes a trained model without training it, and returns the ticket.

    Layers are pruned in the order in which the model first calls them, each calibrated with what
    the pruned ones before it give. A pass over the batches is made for every `layers_at_once` of
    them, and only their Gram matrices, inputs × inputs numbers each, are held: memory does not grow
    with the batches. The model runs in evaluation mode and is left as it was; `ticket.apply(model)`
    writes the pruned weights, which SparseGPT changes where they are kept, too.

    >>> ticket = prune_after_training(model, batches, sparsity=0.5)  # doctest: +SKIP
    >>> ticket.apply(model)  # doctest: +SKIP

    Args:
        model: a built and trained model of either Keras.
        batches: what the model is called with, batch by batch, as a list, a `tf.data.Dataset` or
            anything that can be gone through again; or pairs `(inputs, targets)`, of which the
            targets are not looked at.
        method: `"sparsegpt"` or `"wanda"`.
        sparsity: fraction of every kernel to prune, in [0, 1).
        granularity: `"weight"`, or n:m such as `"2:4"`, which says the sparsity by itself.
        prunable: which weights are pruned: a regex, a list, a callable or a `Filter`; by default
            all kernels. Each must be of a layer whose inputs can be seen, as Dense, EinsumDense and
            convolutions of one and two dimensions are.
        layers_at_once: how many layers are calibrated in a pass; more are faster and see less of
            what was pruned before them.
        on_layer: called with what became of each kernel.
        **settings: of SparseGPT: `block_size`, 128 by default, and `damping`, 0.01.

    Returns:
        A ticket whose weights are the pruned model's; its provenance has the error of each layer.

    Raises:
        ValueError: if a kernel's inputs cannot be seen or are never given, if batches cannot be
            gone through twice or have NaN, a weight is NaN, or an argument is out of range.
        TypeError: if the method has no such setting.
    """
    _check(method, layers_at_once, settings)
    settings |= {"method": method, "layers_at_once": layers_at_once}
    weights_.require_finite(model)
    warn_of_share(model, prunable)
    run = _Run(model, batches, prunable, _pattern(granularity, sparsity))
    masks, after, rows = run.pruned(settings, on_layer)
    chosen = {"sparsity": run.sparsity, "granularity": get_granularity(granularity).config()}
    layers = {r.path: {"sparsity": r.sparsity, "error": r.error} for r in rows}
    return Ticket(masks, after, {**settings, **chosen, "layers": layers})


def _check(method: str, layers_at_once: int, settings: dict[str, Any]) -> None:
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {list(METHODS)}. Received: method={method!r}")
    if layers_at_once != int(layers_at_once) or layers_at_once < 1:
        raise ValueError(
            "`layers_at_once` must be an integer of at least 1. Received:"
            f" layers_at_once={layers_at_once}"
        )
    known = [
        name
        for name, parameter in inspect.signature(METHODS[method]).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    unknown = [name for name in settings if name not in known]
    if unknown:
        raise TypeError(
            f"`settings` must be of {method!r}, which has {known or 'none'}. Received: {unknown}"
        )


class _Run:
    """One model, its batches and its kernels."""

    def __init__(
        self, model: Any, batches: Iterable[Any], prunable: FilterLike, pattern: float | NByM
    ):
        try:
            begun = iter(batches)
        except TypeError as error:
            raise TypeError(
                "`batches` must be what the model is called with, batch by batch, such as a list."
                f" Received: {type(batches).__name__}"
            ) from error
        if begun is batches:
            raise ValueError(
                "`batches` must be something that can be gone through again, such as a list: there"
                f" is a pass for every layer. Received: {type(batches).__name__}"
            )
        self.model, self.batches, self.pattern = model, batches, pattern
        self.variables = weights_.prunable_weights(model, prunable).variables
        self.products, others = products(model, self.variables)
        if others:
            raise ValueError(
                f"`prunable` must name kernels whose inputs can be seen: {others}. Leave these out,"
                " as with prunable=Filter(exclude=...)."
            )
        if isinstance(pattern, NByM):
            self._check_groups(pattern)

    def order(self) -> list[str]:
        """Returns the kernels in the order in which their layers are first called."""
        called: dict[str, None] = {}
        first = next(iter(self._inputs()), None)
        if first is None:
            raise ValueError("`batches` must have at least one. Received: none")
        with watched(self.products, lambda path, rows: called.setdefault(path)):
            evaluation(self.model)(first)
        idle = [p for p in self.products if p not in called]
        if idle:
            raise ValueError(
                "`batches` must make the model call every layer that is pruned; the first one does"
                f" not reach {idle}. Leave these out with `prunable`."
            )
        return list(called)

    def pruned(
        self, settings: dict[str, Any], on_layer: Callable[[LayerPruned], None] | None
    ) -> tuple[Masks, dict[str, np.ndarray], list[LayerPruned]]:
        """Prunes all kernels and puts the model back: masks, weights, and what became of each."""
        matrices_settings = dict(settings)
        at_once = matrices_settings.pop("layers_at_once")
        method = METHODS[matrices_settings.pop("method")]
        order, before = self.order(), weights_.read_all(self.model)
        masks: dict[str, np.ndarray] = {}
        rows: list[LayerPruned] = []
        try:
            for start in range(0, len(order), at_once):
                paths = order[start : start + at_once]
                for row, mask in self._prune(paths, partial(method, **matrices_settings)):
                    masks[row.path] = mask
                    rows.append(row)
                    if on_layer is not None:
                        on_layer(row)
            after = weights_.read_all(self.model)
        finally:
            weights_.write(self.model, before)
        return Masks({p: masks[p] for p in self.products}), after, rows

    @property
    def sparsity(self) -> float:
        """Fraction of every kernel that is to be pruned."""
        if isinstance(self.pattern, NByM):
            return self.pattern.only_sparsity
        return self.pattern

    def _prune(
        self, paths: list[str], method: Callable[..., Pruned]
    ) -> Iterable[tuple[LayerPruned, np.ndarray]]:
        """Prunes some kernels in the model, by one pass over the batches."""
        chosen = {p: self.products[p] for p in paths}
        grams: dict[str, Any] = {}
        counts = dict.fromkeys(paths, 0)

        def take(path: str, rows: tf.Tensor) -> None:
            own = tf.matmul(rows, rows, transpose_a=True)
            grams[path] = grams[path] + own if path in grams else own
            counts[path] += rows.shape[1] or 0

        with watched(chosen, take):
            for inputs in self._inputs():
                evaluation(self.model)(inputs)
        for path, product in chosen.items():
            began = time.perf_counter()
            mask, error = self._pruned(path, product, grams.pop(path).numpy(), method)
            seconds = time.perf_counter() - began
            yield LayerPruned(path, 1 - float(mask.mean()), error, counts[path], seconds), mask

    def _pruned(
        self, path: str, product: Product, grams: np.ndarray, method: Callable[..., Pruned]
    ) -> tuple[np.ndarray, float]:
        kernel = _keras.to_numpy(self.variables[path])
        matrices = product.matrices(kernel.astype(np.float32))
        done = method(matrices, _seen(grams, path), self.pattern)
        _keras.assign(self.variables[path], product.kernel(done.weights).astype(kernel.dtype))
        errors = [relative_error(*each) for each in zip(matrices, done.weights, grams, strict=True)]
        return product.kernel(done.mask), float(np.mean(errors))

    def _inputs(self) -> Iterable[Any]:
        for batch in self.batches:
            yield batch[0] if isinstance(batch, tuple) else batch

    def _check_groups(self, pattern: NByM) -> None:
        for path, product in self.products.items():
            inputs = product.matrices(np.empty(product.shape, np.bool_)).shape[1]
            if inputs % pattern.m:
                raise ValueError(
                    f"`granularity` must fit every kernel: {path!r} sums over {inputs} inputs, not"
                    f" a multiple of {pattern.m}. Leave it out with `prunable`."
                )


def _seen(grams: np.ndarray, path: str) -> np.ndarray:
    """Returns Gram matrices that tell inputs apart: of such that were all 0, one of equal inputs.

    Raises:
        ValueError: if one is not finite.
    """
    if not np.isfinite(grams).all():
        raise ValueError(
            "`batches` must give every layer finite inputs. Received: NaN or infinity, or numbers"
            f" whose squares are, before {path!r}"
        )
    is_idle = np.array([not gram.any() for gram in grams])
    if is_idle.all():
        warnings.warn(
            f"nothing but 0 comes to {path!r}, so its smallest weights are pruned: see what was"
            " pruned before it, and whether the batches tell anything.",
            UserWarning,
            stacklevel=2,
        )
    equal = np.eye(grams.shape[1], dtype=grams.dtype)
    return np.where(is_idle[:, None, None], equal, grams) if is_idle.any() else grams


def _pattern(granularity: Any, sparsity: float) -> float | NByM:
    check_sparsity(sparsity)
    found = get_granularity(granularity)
    if isinstance(found, NByM):
        return found
    if found.name != "weight":
        raise ValueError(
            f"`granularity` must be 'weight' or n:m such as '2:4'. Received: {granularity!r}"
        )
    return float(sparsity)
