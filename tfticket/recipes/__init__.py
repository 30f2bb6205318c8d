"""The papers' methods, as named compositions over the axes.

    found = recipes.lottery_ticket(model_fn, data, sparsity=0.9, replicates=3)
    print(found)
    found.ticket.save("ticket")

Every recipe takes the model as a function, because each replicate starts from another
initialisation, and returns `Findings`. Beside their own numbers all of them take these settings:

    num_steps: optimizer updates of one training; left out, ten epochs' worth.
    batch_size: examples per update, 64.
    eval_every: steps between validations, for early-stop steps; left out, none.
    seed: of replicate 0, and of the validation examples where arrays are given, 0.
    replicates: how many, 1; replicate k has `seed + k`.
    controls: names of `tfticket.controls.CONTROLS` to train beside the last ticket; none.
    control_levels: rounds at which to train the controls; none means the last.
    prunable: which weights may be masked: a regex, a list, a callable or a `Filter`.
    examples_per_class: in the batch of scores that look at one, 10.
    on_event: called with an `Event` before and after each training.
"""

from tfticket.recipes.at_initialization import (
    grasp,
    magnitude_at_init,
    random_at_init,
    snip,
    synflow,
)
from tfticket.recipes.catalogue import RECIPES, Recipe
from tfticket.recipes.iterative import (
    fine_tuning,
    gradual,
    late_rewinding,
    learning_rate_rewinding,
    lottery_ticket,
)
from tfticket.recipes.structured import early_bird, l1_filters, scratch_b, scratch_e, slimming
from tfticket.recipes.supermask import bernoulli_supermask, edge_popup
from tfticket.recipes.untrained import zhou_supermask

__all__ = [
    "RECIPES",
    "Recipe",
    "bernoulli_supermask",
    "early_bird",
    "edge_popup",
    "fine_tuning",
    "gradual",
    "grasp",
    "l1_filters",
    "late_rewinding",
    "learning_rate_rewinding",
    "lottery_ticket",
    "magnitude_at_init",
    "random_at_init",
    "scratch_b",
    "scratch_e",
    "slimming",
    "snip",
    "synflow",
    "zhou_supermask",
]
