"""Pruning a trained network without training it: calibrated on batches, layer by layer.

References:
    Frantar & Alistarh 2023, https://arxiv.org/abs/2301.00774
    Sun et al. 2023, https://arxiv.org/abs/2306.11695
"""

from tfticket.post_training.matrices import Pruned, sparsegpt, wanda
from tfticket.post_training.pruning import METHODS, prune_after_training

__all__ = ["METHODS", "Pruned", "prune_after_training", "sparsegpt", "wanda"]
