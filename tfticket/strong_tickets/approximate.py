"""approximate: a trained network as what pruning leaves of a random one."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfticket import weights
from tfticket.cloning import compile_like
from tfticket.masks import Masks
from tfticket.strong_tickets.network import (
    Gadget,
    gadgets,
    own_neurons,
    random_network,
    random_weights,
)
from tfticket.strong_tickets.report import ApproximatedLayer, ApproximationReport
from tfticket.strong_tickets.subset_sums import MAX_CANDIDATES, closest_subsets
from tfticket.tickets import Ticket

__all__ = ["StrongTicket", "approximate"]

#: How many products of random weights are held at once; each takes 8 bytes.
_NUM_PRODUCTS = 2**23


@dataclass(frozen=True, eq=False)
class StrongTicket:
    """A subnetwork of a random network that computes what a trained one does.

    Args:
        model: the random network, plain Keras, with the ticket applied: pruned weights are 0.
        ticket: its masks, and its random weights, not one of them trained.
        report: how close each layer came, and how much is left.
    """

    model: Any
    ticket: Ticket
    report: ApproximationReport


def approximate(
    model: Any,
    candidates: int = 12,
    *,
    seed: int = 0,
    nonnegative_inputs: bool = False,
    scale: float = 2.0,
) -> StrongTicket:
    """Finds a trained network inside a random one, by pruning alone.

    Each layer becomes two: `candidates` random neurons for each input, and random weights from all
    of them to each output. Of the products of both, a weight of the target is approximated by the
    closest of all subset sums, which 0 belongs to. The same neurons serve all outputs, as in the
    theorem of Pensia et al.: an error of ε needs about `log2(1/ε)` candidates. Biases are
    weights of a constant input. Memory beside the random network is bounded.

    Args:
        model: the target, a built Sequential or functional model of either Keras whose weights are
            those of Dense, Conv1D and Conv2D layers; left as it is.
        candidates: random neurons for each weight, 1 to 32.
        seed: of the random network.
        nonnegative_inputs: whether the model is only called with numbers that are not negative, as
            pixels: its first layer then needs half as many neurons. After ReLUs that is known.
        scale: of the random weights that lead to a layer's sums, as a multiple of the layer's
            largest weight; all that is taken over from the target.

    Returns:
        A `StrongTicket`; its model is compiled as the target is.

    Raises:
        ValueError: if a setting is out of range, the model has weights in other layers or
            such that are not finite, or the random network would be too large.

    References:
        Malach et al. 2020, https://arxiv.org/abs/2002.00585; Pensia et al. 2020,
        https://arxiv.org/abs/2006.07990; Orseau et al. 2020, https://arxiv.org/abs/2006.12156
    """
    _check(candidates, scale, seed)
    candidates, seed = int(candidates), int(seed)
    found = gadgets(model, candidates, nonnegative_inputs=nonnegative_inputs)
    weights.require_finite(model)
    settings = {"candidates": candidates, "nonnegative_inputs": nonnegative_inputs, "scale": scale}
    provenance = {"method": "strong ticket", **settings, "seed": seed}
    return _found(model, found, provenance)


def _found(model: Any, found: dict[str, Gadget], settings: dict[str, Any]) -> StrongTicket:
    made, held = random_network(model, found), weights.read_all(model)
    start = {p: a for p, a in held.items() if p.rpartition("/")[0] not in found}
    masks: dict[str, np.ndarray] = {}
    rows = []
    for path, gadget in found.items():
        target = [held[f"{path}/{n}"] for n in ("kernel", "bias")[: 1 + gadget.has_bias]]
        largest = max(float(np.abs(array).max()) for array in target)
        own = random_weights(gadget, settings["seed"], settings["scale"] * largest or 1.0)
        kept, errors = _pruned(gadget, own, target)
        start, masks = start | own, masks | kept
        rows.append(_row(gadget, errors, kept, largest))
    weights.write(made, start)
    ticket = Ticket(Masks(masks), weights.read_all(made), settings)
    ticket.apply(made)
    if getattr(model, "optimizer", None) is not None:
        compile_like(made, model)
    return StrongTicket(made, ticket, ApproximationReport(settings["candidates"], tuple(rows)))


def _check(candidates: int, scale: float, seed: int) -> None:
    is_whole = isinstance(candidates, numbers.Integral)
    if not (is_whole and 1 <= candidates <= MAX_CANDIDATES):
        raise ValueError(
            f"`candidates` must be a whole number, between 1 and {MAX_CANDIDATES}."
            f" Received: candidates={candidates!r}"
        )
    if not 0 < scale < math.inf:
        raise ValueError(f"`scale` must be above 0 and finite. Received: scale={scale}")
    if not (isinstance(seed, numbers.Integral) and seed >= 0):
        raise ValueError(f"`seed` must be a whole number, at least 0. Received: seed={seed!r}")


def _pruned(
    gadget: Gadget, own: dict[str, np.ndarray], target: list[np.ndarray]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Chooses the subsets; returns the masks, and the error of every weight and bias."""
    first, second = own[f"{gadget.first}/kernel"], own[f"{gadget.second}/kernel"]
    incoming = first.reshape(first.shape[-2:])
    outgoing = second.reshape(-1, *second.shape[-2:])
    chosen, errors = np.zeros(outgoing.shape, np.bool_), []
    wanted = target[0].reshape(-1, *target[0].shape[-2:])
    for rows, columns in _blocks(gadget, wanted):
        products = _products(incoming[rows[:, None], columns], outgoing[:, columns])
        subsets = closest_subsets(products.reshape(-1, products.shape[-1]), wanted[:, rows].ravel())
        sums = (products.reshape(subsets.shape) * subsets).sum(1)
        errors.append(np.abs(sums - wanted[:, rows].ravel()))
        by_output = subsets.reshape(products.shape)
        chosen[:, columns] = by_output.transpose(0, 1, 3, 2)
    used = np.asarray(chosen.any((0, 2)))
    mask = np.zeros(incoming.shape, np.bool_)
    mask[own_neurons(gadget)] = used[own_neurons(gadget)[1]]
    masks: dict[str, np.ndarray] = {f"{gadget.first}/kernel": mask.reshape(first.shape)}
    if gadget.has_bias:
        constants = slice(-gadget.candidates, None)
        bias = own[f"{gadget.first}/bias"][constants]
        products = outgoing[gadget.tap, constants].T.astype(np.float64) * bias
        subsets = closest_subsets(products, target[1])
        errors.append(np.abs((products * subsets).sum(1) - target[1]))
        chosen[gadget.tap, constants] = subsets.T
        kept = np.zeros(gadget.num_neurons, np.bool_)
        kept[constants] = subsets.any(0)
        masks[f"{gadget.first}/bias"] = kept
    masks[f"{gadget.second}/kernel"] = chosen.reshape(second.shape)
    return masks, np.concatenate(errors)


def _blocks(gadget: Gadget, wanted: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields inputs with the columns of their candidates of one sign, a block at a time."""
    positions, inputs, outputs = wanted.shape
    size = max(1, _NUM_PRODUCTS // (positions * outputs * gadget.candidates))
    _, columns = own_neurons(gadget)
    for start in range(0, inputs, size):
        rows = np.arange(start, min(start + size, inputs))
        for sign in range(gadget.num_signs):
            own = slice(sign * gadget.candidates, (sign + 1) * gadget.candidates)
            yield rows, columns[rows, own]


def _products(incoming: np.ndarray, outgoing: np.ndarray) -> np.ndarray:
    """Every candidate's contribution, `[positions, in, out, candidates]`, in float64.

    Args:
        incoming: `[in, candidates]`.
        outgoing: `[positions, in, candidates, out]`.
    """
    both = incoming[None, :, :, None].astype(np.float64) * outgoing
    return both.transpose(0, 1, 3, 2)


def _row(
    gadget: Gadget, errors: np.ndarray, kept: dict[str, np.ndarray], largest: float
) -> ApproximatedLayer:
    return ApproximatedLayer(
        path=gadget.path,
        num_target_weights=int(np.prod(gadget.shape)) + gadget.has_bias * gadget.shape[-1],
        num_weights=gadget.num_weights,
        num_kept=sum(int(np.count_nonzero(m)) for m in kept.values()),
        largest=largest,
        mean_error=float(errors.mean()),
        max_error=float(errors.max()),
    )
