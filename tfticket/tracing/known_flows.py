"""Synaptic flows of models that were traced before, for the next search on the same model."""

from __future__ import annotations

import json
import weakref
from typing import Any

from tfticket import _keras, _optimizers, weights
from tfticket._lazy import tf
from tfticket.tracing.examples import input_specs
from tfticket.tracing.synaptic_flow import SynapticFlow

__all__ = ["flow_of"]

#: The last flow of each model that still exists, and what it was traced for.
_FLOWS: weakref.WeakKeyDictionary[Any, tuple[Any, SynapticFlow]] = weakref.WeakKeyDictionary()
#: Whose layers and functions are known by their names.
_OWN = ("keras", "tf_keras", "tensorflow", "tfticket")
#: Layers of Keras' own that compute what they are given.
_OPEN = ("Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer")


def flow_of(
    model: Any, paths: tuple[str, ...], batch: Any = None, biases: bool = True
) -> SynapticFlow:
    """Returns the flow of a model, of an earlier search if it would be traced alike again.

    That is known of models that consist of Keras' own layers alone, whose configurations say all of
    what they compute: of the same configuration, the same variables, and the same values of those
    that a trace holds by value, as the statistics of a Normalization layer are. Others are traced
    in every search.

    Args:
        model: as for `SynapticFlow`.
        paths: as for `SynapticFlow`.
        batch: as for `SynapticFlow`.
        biases: as for `SynapticFlow`.
    """
    purpose = _purpose(model, paths, batch, biases)
    if purpose is None:
        return SynapticFlow(model, paths, batch, biases)
    known, flow = _FLOWS.get(model, (None, None))
    if flow is None or known != purpose or not flow.holds_for(model):
        flow = SynapticFlow(model, paths, batch, biases)
        _FLOWS[model] = purpose, flow
    return flow


def _purpose(model: Any, paths: tuple[str, ...], batch: Any, biases: bool) -> Any:
    """What a trace depends on besides the values of variables; `None` if that cannot be told."""
    if not all(_is_plain(layer) for _, layer, _ in _keras.walk(model)):
        return None
    config = json.dumps(model.get_config(), sort_keys=True, default=repr)
    held = [(path, _optimizers.key(v)) for path, v in weights.variables(model).items()]
    specs = tf.nest.flatten(input_specs(model, batch))
    shapes = [(s.shape.as_list(), s.dtype.name) for s in specs]
    return config, held, shapes, paths, biases


def _is_plain(layer: Any) -> bool:
    """Tells whether a layer is Keras' own, unpatched, and has no function from elsewhere."""
    kind = type(layer)
    if not _is_own(kind) or kind.__name__ in _OPEN or "call" in vars(layer):
        return False
    return all(_is_own(value) for value in vars(layer).values() if callable(value))


def _is_own(thing: Any) -> bool:
    origin = getattr(thing, "__module__", None) or type(thing).__module__
    return origin.partition(".")[0] in _OWN
