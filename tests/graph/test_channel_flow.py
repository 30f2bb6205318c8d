import numpy as np

from tfticket.graph.channel_flow import ChannelFlow
from tfticket.graph.channel_sets import ChannelSets


def flow(sets, shape, constants=None):
    made = sets.fresh(shape[-1])
    return ChannelFlow(
        (None, *shape), -1, made, np.full(shape[-1], np.nan) if constants is None else constants
    )


def test_flattening_repeats_the_channels_at_every_position():
    sets = ChannelSets()
    flat = flow(sets, (2, 3)).rearranged((None, 6), np.ravel, sets)
    assert flat.axis == -1
    assert flat.channels.tolist() == [0, 1, 2, 0, 1, 2]
    assert sets.classes().tolist() == [0, 1, 2]


def test_channels_laid_out_over_an_image_are_tied_across_positions():
    sets = ChannelSets()
    image = flow(sets, (6,)).rearranged((None, 2, 3), lambda a: a.reshape(2, 3), sets)
    assert image.axis == -1
    assert image.channels.tolist() == [0, 1, 2]
    assert sets.classes().tolist() == [0, 1, 2, 0, 1, 2]


def test_the_channels_may_end_up_on_another_axis():
    sets = ChannelSets()
    moved = flow(sets, (2, 5)).rearranged((None, 5, 2), np.transpose, sets)
    assert (moved.axis, moved.channels.tolist()) == (-2, [0, 1, 2, 3, 4])


def test_constants_move_along_and_only_equal_ones_stay_constant():
    sets = ChannelSets()
    vector = flow(sets, (4,), np.array([1.0, 2.0, 1.0, 3.0]))
    image = vector.rearranged((None, 2, 2), lambda a: a.reshape(2, 2), sets)
    assert image.constants[0] == 1
    assert np.isnan(image.constants[1])
