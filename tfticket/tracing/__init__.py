"""What can be seen of a model from outside: its losses, their gradients, its synaptic flow.

A model is traced once and run again on other values, in float64 or by other rules; it keeps its
weights, its layers and its compilation.
"""

from tfticket.tracing.gradients import batch_losses, gradients, lent, mean_saliency, slopes
from tfticket.tracing.known_flows import flow_of
from tfticket.tracing.synaptic_flow import Measured, SynapticFlow

__all__ = [
    "Measured",
    "SynapticFlow",
    "batch_losses",
    "flow_of",
    "gradients",
    "lent",
    "mean_saliency",
    "slopes",
]
