"""Weight-agnostic networks: topologies that do well whatever the one weight is that all share.

    task = Supervised(x, y, x_validation, y_validation, num_outputs=10)
    state = evolve(task, EvolutionSettings(generations=256), seed=0)

A whole population is computed at once, in NumPy. A task of one's own is an object with
`num_inputs`, `num_outputs`, `rewards(networks, seed)` and `validate(networks)`.
"""

from tfticket.weight_agnostic.activations import ACTIVATIONS
from tfticket.weight_agnostic.evolution import evolve
from tfticket.weight_agnostic.genomes import Genomes
from tfticket.weight_agnostic.networks import Actors, Networks
from tfticket.weight_agnostic.settings import EvolutionSettings
from tfticket.weight_agnostic.states import State
from tfticket.weight_agnostic.swing_up import SwingUp
from tfticket.weight_agnostic.tasks import REWARDS, Supervised, Task

__all__ = [
    "ACTIVATIONS",
    "REWARDS",
    "Actors",
    "EvolutionSettings",
    "Genomes",
    "Networks",
    "State",
    "Supervised",
    "SwingUp",
    "Task",
    "evolve",
]
