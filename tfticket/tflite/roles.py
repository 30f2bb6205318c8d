"""The operators of a TFLite subgraph as XNNPACK's rewriting for sparse convolutions sees them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tfticket.tflite import channelwise as known
from tfticket.tflite import graph
from tfticket.tflite.file import Operator, Subgraph, present
from tfticket.tflite.rewriting import Node

__all__ = ["Roles", "Zeros"]

Zeros = Literal["stored", "enough"]
FLOATS = {"float32", "float16"}
SAME, VALID = 0, 1
STAY, LEAVE, ENTER = frozenset({"stay"}), frozenset({"leave"}), frozenset({"enter"})
STOP: frozenset[str] = frozenset()
PARAMETERS_FROM = 1  # of reductions and resizing: inputs from here on are no images


class Roles:
    """Tells what each operator of one subgraph can do.

    Args:
        subgraph: of a TFLite file.
        zeros: `"stored"`: count them; `"enough"`: take all 1x1 and Dense kernels for zero.
    """

    def __init__(self, subgraph: Subgraph, zeros: Zeros = "stored"):
        self._subgraph, self._zeros = subgraph, zeros
        self._tensors, self.operators = subgraph.tensors, subgraph.operators
        self.names = [operator.name for operator in self.operators]
        self._makers = {t: i for i, o in enumerate(self.operators) for t in o.writes}
        self._constant = self._constants()
        self._num_readers: dict[int, int] = {}
        for operator in self.operators:
            for image in self.images(operator):
                self._num_readers[image] = self._num_readers.get(image, 0) + 1

    @property
    def outside(self) -> set[int]:
        """Images that come from outside the subgraph or go there."""
        return {*present(self._subgraph.inputs), *present(self._subgraph.outputs)}

    def is_unpacking(self, i: int) -> bool:
        """Whether an operator only unpacks a constant, which is done before anything runs."""
        outputs = self.operators[i].writes
        return self.names[i] in graph.UNPACKING and all(t in self._constant for t in outputs)

    def reads_unpacked(self, i: int) -> bool:
        """Whether an operator reads a constant that was stored sparsely."""
        return any(self._is_densified(t) for t in self.operators[i].reads)

    def images(self, operator: Operator) -> list[int]:
        """Returns what an operator reads, constants left out."""
        return [t for t in operator.reads if t not in self._constant]

    def absorbed(self, i: int) -> bool:
        """Whether an operator is a padding that becomes part of a convolution."""
        if self.names[i] != known.PADDING or self._sides(i) is None:
            return False
        (output,) = self.operators[i].writes
        readers = [j for j, o in enumerate(self.operators) if output in o.reads]
        if len(readers) != 1 or output in self.outside or self._num_readers[output] != 1:
            return False
        name, reader = self.names[readers[0]], self.operators[readers[0]]
        if name not in ("CONV_2D", "DEPTHWISE_CONV_2D") or self.kernel(readers[0]) is not None:
            return False  # a 1x1 convolution is computed as Dense, which has no padding
        return reader.option("padding") == VALID or _strides(reader) == (1, 1)

    def node(self, i: int, *, unsure_stay: bool) -> Node:
        """Describes an operator.

        Args:
            i: its place.
            unsure_stay: whether those that some versions stop and others do not are to stay.
        """
        operator = self.operators[i]
        outputs = tuple(operator.writes)
        weights, zeros = self._kernel_zeros(i)
        return Node(
            operator=i,
            inputs=tuple(self._behind_padding(t) for t in self.images(operator)),
            outputs=outputs,
            roles=self._roles(i, unsure_stay) if self._is_float(i) else STOP,
            is_right_last=len(outputs) == 1 and self._is_right_last(i),
            is_right_first=self.names[i] not in known.REDUCTIONS or not self._keeps_dims(i),
            num_weights=weights,
            num_zeros=zeros,
        )

    def kernel(self, i: int) -> int | None:
        """Returns the constant with the weights of a 1x1 or Dense kernel; `None` for others."""
        operator = self.operators[i]
        if self.names[i] == "FULLY_CONNECTED" or (
            self.names[i] == "CONV_2D" and max(self._kernel_shape(operator)[1:3]) == 1
        ):
            place = operator.inputs[graph.WEIGHT_INPUT]
            return self._stored(place) if place in self._constant else None
        return None

    def _roles(self, i: int, unsure_stay: bool) -> frozenset[str]:
        name, operator = self.names[i], self.operators[i]
        unsure = STAY if unsure_stay else STOP
        ranks = {len(self._shape(t)) for t in operator.reads[:PARAMETERS_FROM]}
        if name in known.UNARY:
            return STAY if ranks == {4} else STOP
        if name in known.BINARY | known.CLAMPING:
            return self._of_binary(name, operator, unsure)
        if name in known.REDUCTIONS:
            return STAY | LEAVE if ranks == {4} else STOP
        if name == known.RESIZING:
            return STAY if min(self._shape(self.images(operator)[0])[1:3]) > 1 else unsure
        if name == known.DEPTH_TO_SPACE:
            return LEAVE
        if name == "FULLY_CONNECTED":
            return STAY if self.kernel(i) is not None else unsure
        if name == "CONV_2D":
            return self._of_convolution(i)
        return STAY if name == "DEPTHWISE_CONV_2D" and self._is_known_depthwise(i) else STOP

    def _of_binary(self, name: str, operator: Operator, unsure: frozenset[str]) -> frozenset[str]:
        constants = [t for t in operator.reads if t in self._constant]
        if not constants:
            ranks = [len(self._shape(t)) for t in operator.reads]
            return STAY if name in known.BINARY and ranks == [4, 4] else STOP
        sides = [self._shape(t) for t in constants]
        if name in known.CLAMPING:
            return STAY if all(_size(side) == 1 for side in sides) else STOP
        is_vector = all(len(side) == 4 and max(side) == _size(side) for side in sides)
        return unsure if is_vector else STOP

    def _is_right_last(self, i: int) -> bool:
        name, operator = self.names[i], self.operators[i]
        (output,) = operator.writes
        if name in known.REDUCTIONS:
            if not self._keeps_dims(i):
                return self._axes(i) in known.REDUCED_ALIKE
            return self._axes(i) == known.SPACE and self._readers(output) <= known.BLIND_TO_SHAPE
        shape = self._shape(output)
        if name == known.DEPTH_TO_SPACE or len(shape) <= 2:
            return True
        # One pixel is the same in both layouts, but an average that keeps its dimensions says
        # that it has other ones.
        maker = self._makers.get(self.images(operator)[0])
        after_convolution = maker is not None and self.names[maker] == "CONV_2D"
        return name == "CONV_2D" and shape[1:3] == (1, 1) and after_convolution

    def _keeps_dims(self, i: int) -> bool:
        return bool(self.operators[i].option("keepDims"))

    def _axes(self, i: int) -> set[int]:
        return {axis % 4 for axis in self._values(self.operators[i].inputs[1])}

    def _readers(self, image: int) -> set[str]:
        found = {self.names[i] for i, o in enumerate(self.operators) if image in o.reads}
        return found | ({"the end of the graph"} if image in self.outside else set())

    def _of_convolution(self, i: int) -> frozenset[str]:
        operator = self.operators[i]
        shape, strides = self._kernel_shape(operator), _strides(operator)
        channels = self._shape(self.images(operator)[0])[-1]
        if _dilations(operator) != (1, 1) or self.kernel_is_grouped(shape, channels):
            return STOP
        if shape[1:3] == (1, 1):
            return STAY if strides == (1, 1) and self._padding(i) == 0 else STOP
        is_entry = shape[1:] == (*known.ENTRY_KERNEL, known.ENTRY_CHANNELS)
        is_entry &= strides == (known.ENTRY_STRIDE, known.ENTRY_STRIDE)
        return ENTER if is_entry and self._padding(i) == known.ENTRY_PADDING else STOP

    @staticmethod
    def kernel_is_grouped(shape: tuple[int, ...], channels: int) -> bool:
        """Whether a kernel reads a part of the channels at a time."""
        return shape[-1] != channels

    def _is_known_depthwise(self, i: int) -> bool:
        operator = self.operators[i]
        shape = self._kernel_shape(operator)
        channels = self._shape(self.images(operator)[0])[-1]
        is_plain = shape[-1] == channels and _dilations(operator) == (1, 1)
        is_plain &= _strides(operator) in known.DEPTHWISE_STRIDES
        padding = self._padding(i)
        wanted = known.DEPTHWISE_PADDING.get((shape[1], shape[2]))
        return is_plain and padding is not None and wanted == padding

    def _padding(self, i: int) -> int | None:
        """The padding of a convolution if it is the same on every side, else `None`."""
        operator = self.operators[i]
        own = np.zeros(4, int)
        if operator.option("padding") == SAME:
            if _strides(operator) != (1, 1):
                return None
            size = np.array(self._kernel_shape(operator)[1:3]) - 1
            own = np.array([size // 2, size - size // 2]).T.ravel()
        maker = self._makers.get(self.images(operator)[0])
        added = self._sides(maker) if maker is not None and self.absorbed(maker) else None
        if added is not None:
            own = own + added
        return int(own[0]) if len(set(own.tolist())) == 1 else None

    def _sides(self, i: int) -> np.ndarray | None:
        """Rows and columns that a padding adds before and after; `None` if it does more."""
        sides = np.array(self._values(self.operators[i].inputs[1]))
        return sides[2:6] if sides.size == 8 and not any(sides[[0, 1, 6, 7]]) else None

    def _behind_padding(self, image: int) -> int:
        maker = self._makers.get(image)
        if maker is None or not self.absorbed(maker):
            return image
        return self.images(self.operators[maker])[0]

    def _kernel_zeros(self, i: int) -> tuple[int, int]:
        place = self.kernel(i)
        if place is None:
            return 0, 0
        size = _size(self._shape(place))
        if self._zeros == "enough":
            return size, size
        stored = self._tensors[place].stored_values()
        return size, size - (size if stored is None else int(np.count_nonzero(stored)))

    def _constants(self) -> set[int]:
        """Tensors with values in the file, and those that operators unpack them to."""
        found = {tensor.place for tensor in self._tensors if tensor.is_constant}
        for operator in self.operators:
            if operator.name in graph.UNPACKING and found.issuperset(operator.reads):
                found.update(operator.writes)
        return found

    def _is_densified(self, place: int) -> bool:
        maker = self._makers.get(place)
        if maker is None or self.names[maker] not in graph.UNPACKING:
            return False
        if self.names[maker] == "DENSIFY":
            return True
        return self._is_densified(self.operators[maker].inputs[0])

    def _stored(self, place: int) -> int:
        maker = self._makers.get(place)
        return place if maker is None else self._stored(self.operators[maker].inputs[0])

    def _is_float(self, i: int) -> bool:
        operator = self.operators[i]
        read = (
            self.images(operator)
            if self.names[i] in known.REDUCTIONS | {known.RESIZING}
            else operator.reads
        )
        kinds = {self._tensors[t].type for t in [*read, *operator.writes]}
        return kinds <= FLOATS

    def _values(self, place: int) -> list[int]:
        values = self._tensors[place].stored_values()
        return [] if values is None else [int(value) for value in values]

    def _kernel_shape(self, operator: Operator) -> tuple[int, ...]:
        return self._shape(operator.inputs[graph.WEIGHT_INPUT])

    def _shape(self, place: int) -> tuple[int, ...]:
        return self._tensors[place].shape


def _strides(operator: Operator) -> tuple[int, int]:
    return operator.option("strideH"), operator.option("strideW")


def _dilations(operator: Operator) -> tuple[int, int]:
    return operator.option("dilationHFactor"), operator.option("dilationWFactor")


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))
