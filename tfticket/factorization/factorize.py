"""factorize: a model whose kernels are products of two thinner ones."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import _keras, _weight_decay, weights
from tfticket.cloning import can_clone, clone, compile_like, remade
from tfticket.factorization import decay as decay_
from tfticket.factorization import decomposition
from tfticket.factorization.layers import KINDS, obstacle, of
from tfticket.factorization.ranks import Kernel, Size, ranks
from tfticket.factorization.report import FactorizationReport, FactorizedLayer
from tfticket.filters import Filter, Pattern, matching
from tfticket.initializers import draws
from tfticket.kinds import kind
from tfticket.slimming.report import Cost

__all__ = ["Factorized", "factorize"]

Patterns = Pattern | Sequence[Pattern] | None
#: Why a layer is left whole. These strings are part of the interface.
REASON_KIND = "there is no factorised version of {kind}"
REASON_INSIDE = "it is inside a layer that is no model"


@dataclass(frozen=True, eq=False)
class Factorized:
    """A factorised model, and what is known about it.

    Args:
        model: the model; the program that loads it from a file must have imported
            `tfticket.factorization`.
        report: rank, parameters and FLOPs by layer, and what was left whole.
    """

    model: Any
    report: FactorizationReport


def factorize(
    model: Any,
    *,
    rank: int | Mapping[str, int] | None = None,
    rank_scale: float | None = None,
    energy: float | None = None,
    parameters: float | int | None = None,
    flops: float | int | None = None,
    layers: Patterns = None,
    frobenius_decay: float | None = None,
    random_seed: int | None = None,
) -> Factorized:
    """Makes each Dense and Conv2D kernel of a model the product of two thinner ones.

    The factors are `U√Σ` and `√ΣVᵀ` of the kernel's singular value decomposition, cut to the rank:
    of a trained model the best approximation of that rank, of a fresh one spectral initialisation.
    A convolution's kernel unfolds to `[h · in, w · out]` and runs as two convolutions.

    Args:
        model: a built Sequential or functional model of either Keras, fresh or trained; left as it
            is.
        rank: of every kernel, or a mapping from layer paths. Exactly one of this and the next four
            is given.
        rank_scale: the rank as a share of the smaller side of the unfolded kernel, in (0, 1].
        energy: the least share of each kernel's squared norm that its rank must hold, in (0, 1].
        parameters: the most parameters of the whole model, a share of what it has or a count; all
            kernels then hold about the same energy.
        flops: the most FLOPs of one example, likewise.
        layers: which kernels: a regular expression searched in the weight path, a callable, or a
            list of these; `None` means all, frozen ones too.
        frobenius_decay: λ of `½ λ ‖kernel_in · kernel_out‖²` in place of the kernels' regularisers,
            with the optimizer's weight decay off on the factors; `None` leaves both as they are.
        random_seed: draws the factors from the layers' initialisers instead, as a control.

    Returns:
        A `Factorized`: the model, compiled as the old one is with a new optimizer, and a report. A
        layer that would not get smaller, or cannot be factorised, is left whole, and the report
        says why.

    Raises:
        ValueError: if the size is wrong or out of reach, nothing can be factorised, or the model is
            not built, is a subclassed one, or has weights that are not finite.

    References:
        Khodak et al. 2021, https://arxiv.org/abs/2105.01029
    """
    size = Size(rank, rank_scale, energy, parameters, flops)
    work = _Factorization(model, frobenius_decay)
    candidates, skipped = work.candidates(layers)
    chosen, left = work.ranks(size, candidates)
    skipped = {**skipped, **left}
    if not chosen:
        raise ValueError(f"`model` must have a layer that factors make smaller: {skipped}.")
    made = work.made(chosen)
    work.fill(made, chosen, random_seed)
    return Factorized(made, work.report(made, chosen, skipped, random_seed is None))


class _Factorization:
    """One model on its way."""

    def __init__(self, model: Any, decay: float | None):
        if not can_clone(model):
            raise ValueError(
                "`model` must be a built Sequential or functional model: the connections of others"
                f" cannot be read. Received: model={getattr(model, 'name', model)!r}"
            )
        weights.require_finite(model)
        self.model, self.decay = model, decay
        self.penalty = None if decay is None else decay_.frobenius_decay(model, decay)
        self.arrays = weights.read_all(model)
        self.paths = {id(layer): path for path, layer, _ in _keras.walk(model)}

    def candidates(self, layers: Patterns) -> tuple[list[str], dict[str, str]]:
        """Returns the paths of layers that can be factorised, and why the others cannot."""
        kernels = weights.prunable_weights(self.model, Filter(frozen=True)).variables
        included = matching(layers, kernels, "layers")
        asked = {p.rpartition("/")[0] for p in included}
        left_out = [p.rpartition("/")[0] for p in kernels if p not in included]
        reasons = dict.fromkeys(left_out, weights.REASON_NOT_INCLUDED)
        candidates = []
        walked = list(_keras.walk(self.model))
        inside = {id(c) for _, m, _ in walked if can_clone(m) for _, c in _keras.children(m)}
        for path, layer, _ in walked:
            if path in asked:
                reason = REASON_INSIDE if id(layer) not in inside else _obstacle(layer)
                candidates += [] if reason else [path]
                reasons |= {path: reason} if reason else {}
        return candidates, reasons

    def ranks(self, size: Size, paths: list[str]) -> tuple[dict[str, int], dict[str, str]]:
        """Returns the rank of each layer, and why the others stay whole."""
        values = {p: decomposition.spectrum(self.arrays[f"{p}/kernel"]) for p in paths}
        before = Cost.of(self.model)
        if size.flops is None:
            shapes = {p: decomposition.unfolded(self.arrays[f"{p}/kernel"]).shape for p in paths}
            kernels = {p: Kernel(values[p], m * n, m + n) for p, (m, n) in shapes.items()}
            return ranks(size, kernels, before.num_parameters)
        thin = Cost.of(self.made(dict.fromkeys(paths, 1))).flops
        kernels = {p: Kernel(values[p], before.flops[p], thin[p]) for p in paths}
        return ranks(size, kernels, before.num_flops)

    def made(self, chosen: Mapping[str, int]) -> Any:
        """Returns the factorised model with new weights."""

        def copy(layer: Any) -> Any:
            path = self.paths.get(id(layer), "")
            if path not in chosen:
                return remade(layer)

            def edit(layer: Any, config: dict[str, Any]) -> None:
                config["kernel_rank"] = chosen[path]
                if self.penalty is not None:
                    config["kernel_regularizer"] = self.penalty

            return remade(layer, edit, cls=getattr(of(layer), f"Factorized{kind(layer)}"))

        return clone(self.model, copy)

    def fill(self, made: Any, chosen: Mapping[str, int], random_seed: int | None) -> None:
        """Writes the factors and all other weights, and compiles the model."""
        arrays = dict(self.arrays)
        for path, rank in chosen.items():
            both = decomposition.factors(arrays.pop(f"{path}/kernel"), rank)
            arrays |= zip((f"{path}/kernel_in", f"{path}/kernel_out"), both, strict=True)
        if random_seed is not None:
            drawn = draws(made, [p for p in arrays if p not in self.arrays])
            arrays |= {p: draw(random_seed) for p, draw in drawn.items()}
        weights.write(made, arrays)
        if getattr(self.model, "optimizer", None) is not None:
            compile_like(made, self.model)
            if self.decay is not None:
                decay_.exclude_factors(made.optimizer, made)
            else:
                self._exclude_as_before(made, chosen)

    def _exclude_as_before(self, made: Any, chosen: Mapping[str, int]) -> None:
        """Keeps weight decay off the factors of kernels that it is off."""
        held, new = weights.variables(self.model), weights.variables(made)
        decays = functools.partial(_weight_decay.decays, self.model.optimizer)
        without = [path for path in chosen if not decays(held[f"{path}/kernel"])]
        factors = [new[f"{path}/kernel_{end}"] for path in without for end in ("in", "out")]
        _weight_decay.exclude(made.optimizer, factors)

    def report(
        self, made: Any, chosen: Mapping[str, int], skipped: Mapping[str, str], is_spectral: bool
    ) -> FactorizationReport:
        """Counts."""
        before, after = Cost.of(self.model), Cost.of(made)
        rows = []
        for path, rank in chosen.items():
            kernel = self.arrays[f"{path}/kernel"]
            values = decomposition.spectrum(kernel)
            rows.append(
                FactorizedLayer(
                    path=path,
                    rank=rank,
                    full_rank=len(values),
                    parameters_before=kernel.size,
                    parameters_after=rank * sum(decomposition.unfolded(kernel).shape),
                    flops_before=before.flops.get(path, 0),
                    flops_after=after.flops.get(path, 0),
                    error=_lost(values, rank) if is_spectral else None,
                )
            )
        return FactorizationReport(before, after, tuple(rows), dict(skipped))


def _obstacle(layer: Any) -> str:
    if kind(layer) not in KINDS:
        return REASON_KIND.format(kind=type(layer).__name__)
    return obstacle(layer)


def _lost(values: np.ndarray, rank: int) -> float:
    norm = np.linalg.norm(values)
    return float(np.linalg.norm(values[rank:]) / norm) if norm else 0.0
