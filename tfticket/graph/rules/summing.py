"""What every layer shares that sums over its input channels: marks, constants and a use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfticket.graph.call import Call
from tfticket.graph.channel_flow import ChannelFlow, unknown
from tfticket.graph.record import Fold, Use, Work, weighted

__all__ = ["Kernel", "adds_up", "constant_sums", "count", "matrices", "sums_over"]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel as a matrix from input to output channels.

    Args:
        name: of the weight in its layer.
        sums: its entries summed over positions, `[in, out]`; `None` without weights.
        support: which of them have an entry that is not masked; `None` for all.
    """

    name: str
    sums: np.ndarray | None
    support: np.ndarray | None


def matrices(call: Call, name: str, order: tuple[int, ...] = (-2, -1), groups: int = 1) -> Kernel:
    """Reads a kernel.

    Args:
        call: of its layer.
        name: its name there.
        order: its axes of inputs and outputs; all others are positions.
        groups: into how many groups a convolution divides its channels.
    """
    value, mask = call.value(name), call.mask(name)
    if value is None:
        return Kernel(name, None, None)
    positioned = _positioned(value, order)
    # A Dense kernel may be most of a model: it is not copied.
    width = np.result_type(value.dtype, np.float32)
    sums = positioned[0] if len(positioned) == 1 else positioned.sum(0, dtype=width)
    support = None if mask is None else np.asarray(_positioned(mask, order).any(0))
    if groups == 1:
        return Kernel(name, sums, support)
    whole = np.ones(sums.shape, np.bool_) if support is None else support
    return Kernel(name, _blocks(sums, groups), _blocks(whole, groups))


def constant_sums(
    kernel: Kernel, constants: np.ndarray, bias: np.ndarray | None, *, is_uniform: bool
) -> np.ndarray:
    """Finds out which sums are constant, and their values.

    Args:
        kernel: the weights.
        constants: of the inputs.
        bias: what is added; `None` for nothing.
        is_uniform: whether every position sees the same sum.

    Returns:
        `[out]`, NaN where it varies.
    """
    assert kernel.sums is not None
    varying = ~np.isfinite(constants) | ((constants != 0) & (not is_uniform))
    if kernel.support is None:
        varies = np.full(kernel.sums.shape[1], varying.any())
    else:
        varies = kernel.support[varying].any(0)
    if varies.all():
        return unknown(varies.size)
    values = weighted(np.where(varying, 0, constants), kernel.sums)
    return np.where(varies, np.nan, values if bias is None else values + bias.ravel())


def sums_over(
    call: Call,
    kernel: Kernel,
    flow: ChannelFlow,
    outputs: np.ndarray,
    *,
    is_uniform: bool = True,
    bias: str | None = "bias",
    row: int | None = None,
) -> None:
    """Writes down that a layer sums over channels.

    Args:
        call: of the layer.
        kernel: the weights.
        flow: what it sums over.
        outputs: the channels it makes.
        is_uniform: whether every position sees the same sum.
        bias: name of the weight that takes up constants, made if need be; `None` if none can.
        row: which row of it.
    """
    fold = None
    if bias is not None and kernel.sums is not None:
        fold = Fold(call.path_of(bias), kernel.sums, row, is_new=not call.has(bias))
    path = call.path_of(kernel.name)
    use = Use(
        layer=call.path,
        path=path,
        channels=flow.channels,
        constants=flow.constants,
        outputs=outputs,
        support=kernel.support,
        is_uniform=is_uniform,
        fold=fold,
    )
    call.record.uses.append(use)


def adds_up(call: Call, flow: ChannelFlow, outputs: np.ndarray, *, path: str | None = None) -> None:
    """Writes down that all channels enter a sum without weights: only those that are 0 may go.

    Args:
        call: of the layer.
        flow: what is added up, its constants being what a channel adds.
        outputs: the channels of the result.
        path: of a weight that goes with it; a name of its own for this call if left out.
    """
    uses = call.record.uses
    path = f"{call.path}/sum_{len(uses)}" if path is None else path
    uses.append(Use(call.path, path, flow.channels, flow.constants, outputs, support=None))


def count(call: Call, name: str, positions: tuple[int | None, ...]) -> None:
    """Writes down how often each entry of a weight is used.

    Args:
        call: of the layer.
        name: of the weight.
        positions: lengths of the axes it is applied along; unknown ones count once.
    """
    times = int(np.prod([n or 1 for n in positions], dtype=np.int64))
    call.record.work.append(Work(call.path, call.path_of(name) if name else "", times))


def _positioned(array: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    last = np.moveaxis(array, order, (-2, -1))
    return last.reshape(-1, *last.shape[-2:])


def _blocks(matrix: np.ndarray, groups: int) -> np.ndarray:
    """Lays `[in / groups, out]` out as `[in, out]`, zero between groups."""
    rows, columns = matrix.shape
    whole = np.zeros((rows * groups, columns), matrix.dtype)
    width = columns // groups
    for g in range(groups):
        own = slice(g * width, (g + 1) * width)
        whole[g * rows : (g + 1) * rows, own] = matrix[:, own]
    return whole
