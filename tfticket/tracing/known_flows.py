"""Synaptic flows of models that were traced before, for the next search on the same model."""

from __future__ import annotations

import json
import weakref
from typing import Any

import tensorflow as tf

from tfticket.tracing.examples import input_specs
from tfticket.tracing.synaptic_flow import SynapticFlow

__all__ = ["known_flow", "remember_flow"]

#: The last flow of each model that still exists, and what it was traced for.
_FLOWS: weakref.WeakKeyDictionary[Any, tuple[Any, SynapticFlow]] = weakref.WeakKeyDictionary()


def known_flow(
    model: Any, paths: tuple[str, ...], batch: Any = None, biases: bool = True
) -> SynapticFlow | None:
    """Returns the flow of a model if it would be traced alike again; `None` if that is not known.

    A model is traced anew when its configuration has changed, or a variable that its trace holds by
    value, as the statistics of a Normalization layer. As with Keras' own traced functions, what a
    layer's code reads from elsewhere is not looked at. Models that do not list their layers, as
    subclassed ones, are traced in every search.

    Args:
        model: as for `SynapticFlow`.
        paths: as for `SynapticFlow`.
        batch: as for `SynapticFlow`.
        biases: as for `SynapticFlow`.
    """
    known, flow = _FLOWS.get(model, (None, None))
    if flow is None or known is None or known != _purpose(model, paths, batch, biases):
        return None
    return flow if flow.holds_for(model) else None


def remember_flow(
    flow: SynapticFlow, model: Any, paths: tuple[str, ...], batch: Any = None, biases: bool = True
) -> None:
    """Keeps a flow for the next search, as long as the model exists.

    Args:
        flow: of the model, for just these arguments.
        model: as for `SynapticFlow`.
        paths: as for `SynapticFlow`.
        batch: as for `SynapticFlow`.
        biases: as for `SynapticFlow`.
    """
    _FLOWS[model] = _purpose(model, paths, batch, biases), flow


def _purpose(model: Any, paths: tuple[str, ...], batch: Any, biases: bool) -> Any:
    """What a trace depends on besides the values of variables; `None` if the model cannot tell."""
    try:
        config = model.get_config()
    except Exception:  # a model of the user's own may raise anything
        return None
    if "layers" not in config:
        return None
    specs = tf.nest.flatten(input_specs(model, batch))
    told = json.dumps(config, sort_keys=True, default=repr)
    return told, paths, biases, tuple((s.shape.as_list(), s.dtype.name) for s in specs)
