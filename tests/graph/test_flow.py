import numpy as np

from tfticket.graph.atoms import Atoms
from tfticket.graph.flow import Flow


def flow(atoms, shape, constants=None):
    made = atoms.fresh(shape[-1])
    return Flow(
        (None, *shape), -1, made, np.full(shape[-1], np.nan) if constants is None else constants
    )


def test_flattening_repeats_the_channels_at_every_position():
    atoms = Atoms()
    flat = flow(atoms, (2, 3)).rearranged((None, 6), np.ravel, atoms)
    assert flat.axis == -1
    assert flat.atoms.tolist() == [0, 1, 2, 0, 1, 2]
    assert atoms.classes().tolist() == [0, 1, 2]


def test_channels_laid_out_over_an_image_are_tied_across_positions():
    atoms = Atoms()
    image = flow(atoms, (6,)).rearranged((None, 2, 3), lambda a: a.reshape(2, 3), atoms)
    assert image.axis == -1
    assert image.atoms.tolist() == [0, 1, 2]
    assert atoms.classes().tolist() == [0, 1, 2, 0, 1, 2]


def test_the_channels_may_end_up_on_another_axis():
    atoms = Atoms()
    moved = flow(atoms, (2, 5)).rearranged((None, 5, 2), np.transpose, atoms)
    assert (moved.axis, moved.atoms.tolist()) == (-2, [0, 1, 2, 3, 4])


def test_constants_move_along_and_only_equal_ones_stay_constant():
    atoms = Atoms()
    vector = flow(atoms, (4,), np.array([1.0, 2.0, 1.0, 3.0]))
    image = vector.rearranged((None, 2, 2), lambda a: a.reshape(2, 2), atoms)
    assert image.constants[0] == 1
    assert np.isnan(image.constants[1])
