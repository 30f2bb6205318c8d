"""Weight-agnostic networks: topologies that do well whatever the one weight is that all share.

    task = Supervised(x, y, x_validation, y_validation, num_outputs=10)
    state = evolve(task, EvolutionSettings(generations=256), seed=0)
    champion = Champion.of(state.champion)
    model = keras_model(champion, tuned_weight(champion, x_validation, y_validation), keras=keras)

A whole population is computed at once, in NumPy; Keras and TensorFlow are imported for a model
only. A task of one's own is an object with
`num_inputs`, `num_outputs`, `rewards(networks, seed)` and `validate(networks)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfticket import _lazy
from tfticket.weight_agnostic.activations import ACTIVATIONS
from tfticket.weight_agnostic.champions import Champion
from tfticket.weight_agnostic.evolution import evolve
from tfticket.weight_agnostic.genomes import Genomes
from tfticket.weight_agnostic.networks import Actors, Networks
from tfticket.weight_agnostic.settings import EvolutionSettings
from tfticket.weight_agnostic.states import State
from tfticket.weight_agnostic.swing_up import SwingUp
from tfticket.weight_agnostic.tasks import REWARDS, Supervised, Task
from tfticket.weight_agnostic.verdicts import (
    Verdict,
    ensemble_accuracy,
    reward_by_weight,
    tuned_weight,
    verdict_on,
)

if TYPE_CHECKING:
    from tfticket.weight_agnostic.models import keras_model, ticket_of

__all__ = [
    "ACTIVATIONS",
    "REWARDS",
    "Actors",
    "Champion",
    "EvolutionSettings",
    "Genomes",
    "Networks",
    "State",
    "Supervised",
    "SwingUp",
    "Task",
    "Verdict",
    "ensemble_accuracy",
    "evolve",
    "keras_model",
    "reward_by_weight",
    "ticket_of",
    "tuned_weight",
    "verdict_on",
]


__getattr__ = _lazy.attributes(
    __name__, dict.fromkeys(("keras_model", "ticket_of"), "tfticket.weight_agnostic.models")
)
