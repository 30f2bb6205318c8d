"""Cart-pole swing-up: a pole hangs from a cart that is pushed until the pole stands, and stays so.

All individuals, weights and episodes are simulated at once.

References:
    Gal, McAllister & Rasmussen 2016, "Improving PILCO with Bayesian neural network dynamics
    models"; limits and reward as in Gaier & Ha 2019, https://arxiv.org/abs/1906.04358
"""

from __future__ import annotations

import numpy as np

from tfticket.seeds import generator
from tfticket.weight_agnostic.networks import Actors, Networks

__all__ = ["SwingUp"]

_GRAVITY, _CART_MASS, _POLE_MASS, _LENGTH, _FRICTION = 9.82, 0.5, 0.5, 0.6, 0.1
_FORCE, _SECONDS, _LIMIT = 10.0, 0.01, 2.4
_MASS, _POLE = _CART_MASS + _POLE_MASS, _POLE_MASS * _LENGTH
#: Position, speed, angle (0 is upright) and angular speed at the start, and how they scatter.
_START, _SCATTER = (0.0, 0.0, np.pi, 0.0), 0.2
_NUM_VALIDATION_EPISODES, _VALIDATION = 20, 1_000_003
#: Steps after which it is looked whether most have ended.
_LOOK_EVERY = 50


class SwingUp:
    """The task; a network sees position, speed, cos and sin of the angle, and angular speed.

    Its output, kept in [-1, 1], is the push: 10 N at most. A step is 0.01 s and earns
    (1 + cos angle)/2 · cos(π/2 · position/2.4), so at most 1; an episode ends when the cart is
    farther than 2.4 m from the middle.

    Args:
        num_episodes: of each network and weight in a generation, from starts that are drawn.
        num_steps: of an episode.
    """

    num_inputs = 5
    num_outputs = 1

    def __init__(self, num_episodes: int = 3, num_steps: int = 1000):
        self._num_episodes, self._num_steps = num_episodes, num_steps

    @property
    def identity(self) -> str:
        """The number of episodes and of steps."""
        return f"{self._num_episodes} {self._num_steps}"

    def rewards(self, networks: Networks, seed: int) -> np.ndarray:
        """See `Task`: the mean over episodes of what an episode earns."""
        return self.earned(networks, seed, self._num_episodes).mean(axis=-1)

    def validate(self, networks: Networks) -> np.ndarray:
        """See `Task`: the mean over 20 other episodes, always the same."""
        return self.earned(networks, _VALIDATION, _NUM_VALIDATION_EPISODES).mean(axis=-1)

    def earned(self, networks: Networks, seed: int, num_episodes: int) -> np.ndarray:
        """Returns what each episode earns.

        Args:
            networks: the population.
            seed: of the starts, which are the same for all individuals and weights.
            num_episodes: how many.

        Returns:
            float64 `[individuals, weights, episodes]`.
        """
        actors = networks.actors()
        shape = (len(actors), len(networks.weights), num_episodes)
        drawn = generator(seed, "swing_up").normal(_START, _SCATTER, (num_episodes, 4))
        state = np.broadcast_to(drawn.T[:, None, None, :], (4, *shape)).copy()
        total = np.zeros(shape)
        rows, lasts, some = np.arange(len(actors)), np.ones(shape, np.bool_), actors
        for step in range(self._num_steps):
            going = lasts.any(axis=(1, 2))
            if step % _LOOK_EVERY == 0 and going.mean() < 0.7:
                rows, lasts, state = rows[going], lasts[going], state[:, going]
                if not len(rows):
                    break
                some = actors.only(rows)
            state, gained = _step(some, state)
            total[rows] += gained * lasts
            lasts &= np.abs(state[0]) <= _LIMIT
        return actors.spread(total)


def _step(actors: Actors, state: np.ndarray) -> list[np.ndarray]:
    """One step of all: the next state, and what it earns."""
    x, speed, angle, spin = (state[k] for k in range(4))
    sine, cosine = np.sin(angle), np.cos(angle)
    seen = np.stack([x, speed, cosine, sine, spin], axis=1)
    output = np.nan_to_num(actors.act(seen)[:, 0].astype(np.float64), nan=0.0)
    force = _FORCE * np.clip(output, -1, 1)
    square = _POLE * spin**2 * sine
    faster = (
        -2 * square + 3 * _POLE_MASS * _GRAVITY * sine * cosine + 4 * force - 4 * _FRICTION * speed
    ) / (4 * _MASS - 3 * _POLE_MASS * cosine**2)
    turning = (
        -3 * square * cosine
        + 6 * _MASS * _GRAVITY * sine
        + 6 * (force - _FRICTION * speed) * cosine
    ) / (4 * _LENGTH * _MASS - 3 * _POLE * cosine**2)
    made = np.stack([x, speed, angle, spin]) + _SECONDS * np.stack([speed, faster, spin, turning])
    upright = (np.cos(made[2]) + 1) / 2
    return [made, upright * np.cos(np.clip(made[0] / _LIMIT, -3, 3) * (np.pi / 2))]
