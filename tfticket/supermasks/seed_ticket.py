"""SeedTicket: a whole network as a few seeds and one bit per weight."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tfticket import files, paths, weights
from tfticket import masks as masks_
from tfticket.errors import CorruptFileError, FormatError, MismatchError
from tfticket.masks import Masks
from tfticket.supermasks import initializers
from tfticket.supermasks.plain import Subnetwork, subnetworks
from tfticket.tickets import Ticket

__all__ = ["SeedTicket"]

_FORMAT = "tfticket.seed_ticket/2"
#: Those that are read; 1 had no seal over the manifest.
_READABLE = ("tfticket.seed_ticket/1", _FORMAT)


class _Kernel(BaseModel):
    """How a kernel is drawn."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dtype: str
    scale: Annotated[float, Field(allow_inf_nan=False)]
    initializer: dict[str, JsonValue]
    shape: list[Annotated[int, Field(ge=0)]]


class _Manifest(BaseModel):
    """What the file says besides its arrays, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: str
    digest: str
    arrays: str
    kernels: Annotated[dict[str, _Kernel], Field(min_length=1)]
    order: list[str]
    others: dict[str, Annotated[list[Any], Field(min_length=3, max_length=3)]]


@dataclass(frozen=True)
class SeedTicket:
    """The subnetwork of a supermask model without its weights: they are drawn again from seeds.

    Attributes:
        masks: the kept weights by path.
        inverted: the inverted weights by path, boolean; none unless a masker inverts.
        kernels: by path, how each kernel is drawn (`initializer`, with its seed), its `dtype`, and
            the `scale` of kept weights.
        others: every variable that is not a masked kernel, by path: offsets, normalisation.
        digest: SHA-256 over the kernels drawn, unmasked.
    """

    masks: Masks
    inverted: Mapping[str, np.ndarray]
    kernels: Mapping[str, Mapping[str, Any]]
    others: Mapping[str, np.ndarray]
    digest: str

    @classmethod
    def of(cls, model: Any) -> SeedTicket:
        """Reads the seed-only ticket off a supermask model.

        Args:
            model: a built supermask model whose kernels are as this package's initialisers drew
                them, as by `convert(model, initializer=…)`.

        Raises:
            ValueError: if a kernel is trained, or not what its initialiser draws from its seed.
        """
        found = subnetworks(model)
        kernels = {p: _recipe(p, s) for p, s in found.items()}
        state = [f"{p.rpartition('/')[0]}/{n}" for p, s in found.items() for n in _extra(s)]
        own = {*found, *state}
        return cls(
            masks=Masks({p: s.mask != 0 for p, s in found.items()}),
            inverted={p: s.mask < 0 for p, s in found.items() if (s.mask < 0).any()},
            kernels=kernels,
            others={
                p: a for p, a in weights.read_all(model).items() if p not in own and _is_network(p)
            },
            digest=files.digest({p: s.kernel for p, s in found.items()}),
        )

    @property
    def dense_bytes(self) -> int:
        """Bytes of the dense model's variables, which this ticket replaces."""
        kernels = sum(
            m.size * np.dtype(self.kernels[p]["dtype"]).itemsize for p, m in self.masks.items()
        )
        return kernels + sum(a.nbytes for a in self.others.values())

    @property
    def num_bytes(self) -> int:
        """Bytes of the file that `save` writes."""
        from safetensors.numpy import save

        return len(save(self._arrays()))

    def __str__(self) -> str:
        return (
            f"SeedTicket: {self.masks.num_weights} weights as seeds and one bit each,"
            f" {self.num_bytes:,} bytes, 1/{self.dense_bytes / self.num_bytes:.1f} of the dense"
            f" {self.dense_bytes:,}"
        )

    def expand(self) -> Ticket:
        """Draws the kernels and returns the whole ticket, as `to_plain` did.

        Raises:
            CorruptFileError: if the kernels are not, bit for bit, those that were masked.
        """
        drawn = {p: _drawn(self.kernels[p], m.shape) for p, m in self.masks.items()}
        if files.digest(drawn) != self.digest:
            raise CorruptFileError("the kernels drawn from the seeds are not those of the ticket.")
        values = {}
        for path, kernel in drawn.items():
            inverted = self.inverted.get(path, np.zeros((), np.bool_))
            mask = np.where(inverted, -1, self.masks[path]).astype(np.int8)
            scale = np.float32(self.kernels[path]["scale"])
            values[path] = Subnetwork(None, kernel, mask, scale).weight
        provenance = {
            "method": "supermask",
            "kernels": {p: dict(k) for p, k in self.kernels.items()},
        }
        return Ticket(self.masks, {**values, **self.others}, provenance)

    def rebuild(self, model: Any) -> Masks:
        """Writes the subnetwork into a plain Keras model: the same bits in either Keras.

        Args:
            model: a built plain model of the same architecture.

        Returns:
            The masks under the model's own weight paths.

        Raises:
            MismatchError: if the model does not fit; it is left as it was.
        """
        return self.expand().apply(model)

    def save(self, path: str | Path) -> Path:
        """Writes the ticket to one `.safetensors` file, as a whole, and returns its path."""
        files.write_arrays(path, self._arrays())
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> SeedTicket:
        """Reads what `save` wrote.

        Raises:
            CorruptFileError: if the file is missing, damaged or no such ticket.
            FormatError: if another version of tfticket wrote it in a format unknown here.
        """
        arrays = files.read_arrays(path)
        try:
            manifest = _read_manifest(arrays.pop("manifest").tobytes(), path)
            if manifest.arrays != files.digest(arrays):
                raise CorruptFileError(f"{path} is damaged: its contents are not what was saved.")
            return cls._from(manifest, arrays)
        except (KeyError, ValueError, TypeError, MismatchError) as error:
            raise CorruptFileError(f"{path} is not a seed-only ticket: {error!r}.") from error

    @classmethod
    def _from(cls, manifest: _Manifest, arrays: dict[str, np.ndarray]) -> SeedTicket:
        shapes = {p: tuple(k.shape) for p, k in manifest.kernels.items()}

        def unpacked(kind: str, paths: Iterable[str]) -> Masks:
            packed = {p: arrays[f"{kind}/{p}"] for p in paths}
            return masks_.unpack(packed, {p: shapes[p] for p in packed})

        inverted = [p for p in shapes if f"inverted/{p}" in arrays]
        constants = {  # of no memory, however large a shape is told
            p: np.broadcast_to(np.full((), value, dtype), shape)
            for p, (shape, dtype, value) in manifest.others.items()
        }
        others = {
            p: constants[p] if p in constants else arrays[f"others/{p}"] for p in manifest.order
        }
        kernels = {p: k.model_dump(exclude={"shape"}) for p, k in manifest.kernels.items()}
        return cls(
            masks=unpacked("masks", shapes),
            inverted=unpacked("inverted", inverted) if inverted else {},
            kernels=kernels,
            others=others,
            digest=manifest.digest,
        )

    def _arrays(self) -> dict[str, np.ndarray]:
        """The arrays of the file; what is one number throughout goes to the manifest."""
        constant = {p: a for p, a in self.others.items() if _is_constant(a)}
        arrays = {f"masks/{p}": a for p, a in masks_.pack(self.masks).items()}
        if self.inverted:
            packed = masks_.pack(Masks(self.inverted))
            arrays |= {f"inverted/{p}": a for p, a in packed.items()}
        arrays |= {f"others/{p}": a for p, a in self.others.items() if p not in constant}
        manifest = {
            "format": _FORMAT,
            "digest": self.digest,
            "arrays": files.digest(arrays),
            "kernels": {
                p: {**k, "shape": list(self.masks[p].shape)} for p, k in self.kernels.items()
            },
            "order": list(self.others),
            "others": {
                p: [list(a.shape), a.dtype.name, a.flat[0].item()] for p, a in constant.items()
            },
        }
        text = json.dumps(files.sealed(manifest), allow_nan=False, separators=(",", ":")).encode()
        return {**arrays, "manifest": np.frombuffer(text, np.uint8)}


def _read_manifest(data: bytes, path: str | Path) -> _Manifest:
    found = files.parse_json(data, path)
    if not isinstance(found, dict) or found.get("format") not in _READABLE:
        stated = found.get("format") if isinstance(found, dict) else None
        raise FormatError(
            f"{path} is of the format {stated!r}, and this version of tfticket reads"
            f" {', '.join(_READABLE)}."
        )
    if found["format"] == _FORMAT:
        return _Manifest(**files.unsealed(found, path))
    return _Manifest(**{"arrays" if n == "sha256" else n: v for n, v in found.items()})


def _recipe(path: str, subnetwork: Subnetwork) -> dict[str, Any]:
    layer = subnetwork.layer
    if layer.masker.trains_weights:
        raise ValueError(
            f"the kernel {path!r} must be as it was drawn, and {layer.masker.name} trains it: a"
            " seed does not give it again. Use `to_plain`."
        )
    initializer = getattr(layer, layer.initializer_name)
    recipe: dict[str, Any] = {"dtype": subnetwork.kernel.dtype.name}
    recipe["scale"] = float(subnetwork.scale)
    is_ours = isinstance(initializer, initializers.Kaiming)
    if is_ours:
        recipe["initializer"] = {"name": initializer.name, **initializer.get_config()}
    shape = subnetwork.kernel.shape
    if not is_ours or not np.array_equal(_drawn(recipe, shape), subnetwork.kernel):
        raise ValueError(
            f"the kernel {path!r} must be as its initialiser drew it, and that must be one of"
            " supermasks.initializers: it cannot be had again from a seed otherwise. Use"
            f" `convert(model, initializer=…)`. Received: {initializer!r}"
        )
    return recipe


def _drawn(recipe: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray:
    return initializers.get(recipe["initializer"])(shape, recipe["dtype"])


def _extra(subnetwork: Subnetwork) -> list[str]:
    """Names of what a supermask layer has besides its parent's weights."""
    return ["scores", *subnetwork.layer.masker_state]


def _is_network(path: str) -> bool:
    # Keras 3 keeps the state of Dropout's random numbers as a variable, tf_keras does not.
    return not paths.is_random_state(path)


def _is_constant(array: np.ndarray) -> bool:
    # Compared by bytes: -0.0 equals 0.0 and is another number; NaN equals nothing.
    if not array.size or not np.isfinite(np.float64(array.flat[0])):
        return False
    return array.tobytes() == np.full(array.shape, array.flat[0], array.dtype).tobytes()
