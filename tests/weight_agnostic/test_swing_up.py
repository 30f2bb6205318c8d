import math

import numpy as np
import pytest

from tfticket.seeds import generator
from tfticket.weight_agnostic import Networks, SwingUp


def one_episode(act, start, num_steps):
    """The same equations, one number after the other, as they are published."""
    x, speed, angle, spin = start
    g, mc, mp, length, b = 9.82, 0.5, 0.5, 0.6, 0.1
    total, pole, earned = mc + mp, mp * length, 0.0
    for _ in range(num_steps):
        seen = np.array([x, speed, math.cos(angle), math.sin(angle), spin])
        force = 10 * min(max(act(seen), -1), 1)
        s, c = math.sin(angle), math.cos(angle)
        faster = (-2 * pole * spin**2 * s + 3 * mp * g * s * c + 4 * force - 4 * b * speed) / (
            4 * total - 3 * mp * c**2
        )
        turning = (
            -3 * pole * spin**2 * s * c + 6 * total * g * s + 6 * (force - b * speed) * c
        ) / (4 * length * total - 3 * pole * c**2)
        x, angle = x + speed * 0.01, angle + spin * 0.01
        speed, spin = speed + faster * 0.01, spin + turning * 0.01
        earned += (math.cos(angle) + 1) / 2 * math.cos(x / 2.4 * math.pi / 2)
        if abs(x) > 2.4:
            break
    return earned


@pytest.fixture(scope="module")
def population(grown):
    return grown(num_inputs=5, num_outputs=1, num_individuals=12, num_generations=20)


def test_episodes_are_those_of_the_equations(population, node_by_node):
    weights = np.array([-1.0, 0.5], np.float32)
    task = SwingUp(num_steps=60)
    earned = task.earned(Networks(population, weights), 5, 3)
    starts = generator(5, "swing_up").normal((0, 0, math.pi, 0), 0.2, (3, 4))
    for p in range(12):
        for k, weight in enumerate(weights):

            def act(seen, p=p, weight=weight):
                return float(node_by_node(population, p, weight, seen[None])[0, 0])

            for e in range(3):
                expected = one_episode(act, starts[e], 60)
                assert earned[p, k, e] == pytest.approx(expected, abs=0.01)


def test_bits_do_not_depend_on_who_else_swings(population):
    weights = np.array([-2.0, 1.0], np.float32)
    whole = SwingUp(num_steps=300).rewards(Networks(population, weights), 1)
    for chosen in ([3], [11, 0, 6]):
        some = Networks(population.take(np.array(chosen)), weights)
        found = SwingUp(num_steps=300).rewards(some, 1)
        np.testing.assert_array_equal(found, whole[chosen])


def test_each_generation_has_its_own_starts_and_validation_always_the_same(population):
    networks = Networks(population, np.array([1.0]))
    task = SwingUp(num_steps=50)
    assert (task.rewards(networks, 0) != task.rewards(networks, 1)).any()
    np.testing.assert_array_equal(task.validate(networks), task.validate(networks))
