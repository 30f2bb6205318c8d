"""Pruned weights stay out of every optimizer step, in either Keras.

Training with masks in force equals training the sparse network, the one that multiplies kernel
by mask in its forward pass. Two things see to it. A hook on the optimizer *instance* masks the
gradients before the optimizer looks at them, so norms, clipping and slots know survivors only;
for most optimizers pruned weights then stay where they are by themselves. For the others, and
for optimizers that nobody showed us, the variable's *constraint* puts pruned weights back; every
Keras optimizer applies it at the end of its step. The model gets no variable and no layer.
"""

from tfticket.enforcement.enforcement import Enforcement, enforce, in_force, masks_in_force

__all__ = ["Enforcement", "enforce", "in_force", "masks_in_force"]
