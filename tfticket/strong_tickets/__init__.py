"""Strong tickets: a trained network found inside a random one, by pruning alone.

    found = strong_tickets.approximate(trained, candidates=12, nonnegative_inputs=True)
    print(found.report)                  # how close each layer came
    found.model.evaluate(x, y)           # about what the trained network reaches
    found.ticket.save("ticket")          # masks over random weights, none of them trained

That every network is inside a random one that is large enough was shown by Malach et al.; that the
random one need only be wider by a factor logarithmic in 1/ε, by Pensia et al. and Orseau et al.,
through random subset sums. `approximate` follows the construction of Pensia et al., theorem 1: each
layer of the target becomes two random ones, and a weight the sum over a chosen subset of
`u · relu(v · x)`, with candidates `v` that all outputs of an input share. Where it differs:

- signs of `v` are drawn in equal numbers, not at random, and where inputs are never negative all
  are positive: with random signs half of the neurons would be dead;
- biases are weights of a constant input, and convolutions are treated as they are: a 1 × 1
  convolution of candidates, then one of sums;
- the subset is the closest of all, found by meeting in the middle; the theorem says it exists.

What is not done: layers with weights other than Dense, Conv1D and Conv2D (fold a
BatchNormalization first), and random networks of more than 250 million weights: a layer of `in`
inputs and `out` outputs takes `candidates · in · (in + out)`, twice that for signed inputs.

References:
    Malach et al. 2020, "Proving the Lottery Ticket Hypothesis", https://arxiv.org/abs/2002.00585;
    Pensia et al. 2020, "Optimal Lottery Tickets via SubsetSum", https://arxiv.org/abs/2006.07990;
    Orseau et al. 2020, "Logarithmic Pruning is All You Need", https://arxiv.org/abs/2006.12156
"""

from tfticket.strong_tickets.approximate import StrongTicket, approximate
from tfticket.strong_tickets.network import gadgets, random_network
from tfticket.strong_tickets.report import ApproximatedLayer, ApproximationReport
from tfticket.strong_tickets.subset_sums import closest_subsets

__all__ = [
    "ApproximatedLayer",
    "ApproximationReport",
    "StrongTicket",
    "approximate",
    "closest_subsets",
    "gadgets",
    "random_network",
]
