"""Rules: what becomes of the channels in each kind of layer."""

from tfticket.graph.rules import (
    activating,
    attending,
    convolving,
    dense,
    factorized,
    merging,
    normalizing,
    operating,
    passing,
    rearranging,
    recurrent,
    wrapping,
)

__all__ = ["LAYERS", "OPERATIONS", "anything"]

#: By the name of the layer's class, of Keras' or of ours; a subclass is another layer.
LAYERS = {
    **activating.RULES,
    **attending.RULES,
    **convolving.RULES,
    **dense.RULES,
    **factorized.RULES,
    **merging.RULES,
    **normalizing.RULES,
    **operating.RULES,
    **passing.RULES,
    **rearranging.RULES,
    **recurrent.RULES,
    **wrapping.RULES,
}
#: By the name of the operation's class, for what is no layer.
OPERATIONS = operating.OPERATIONS
anything = operating.anything
