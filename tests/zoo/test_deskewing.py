import numpy as np

from tfticket.zoo.deskewing import deskewed, deskewed_source
from tfticket.zoo.sources import Source
from tfticket.zoo.splits import Split


def slanted(shear, size=28):
    """A vertical bar that leans, two pixels wide."""
    image = np.zeros((1, size, size, 1), np.float32)
    for row in range(6, 22):
        column = round(13 + shear * (row - 14))
        image[0, row, column : column + 3] = 1
    return image


def slant(images):
    rows, columns = np.mgrid[: images.shape[1], : images.shape[2]]
    mass = images[0, ..., 0]
    row, column = (float((mass * a).sum() / mass.sum()) for a in (rows, columns))
    covariance = (mass * (rows - row) * (columns - column)).sum()
    return float(covariance / (mass * (rows - row) ** 2).sum())


def test_a_leaning_bar_stands_upright():
    assert abs(slant(slanted(0.5))) > 0.4
    for shear in (0.5, -0.4):
        assert abs(slant(deskewed(slanted(shear)))) < 0.05


def test_what_stands_upright_is_only_resized():
    made = deskewed(slanted(0), size=14)
    assert made.shape == (1, 14, 14, 1)
    np.testing.assert_allclose(made[0, 4:10].sum(axis=1), made[0, 4:10].sum(axis=1)[[0] * 6])


def test_an_empty_image_stays_empty():
    assert not deskewed(np.zeros((2, 28, 28, 1))).any()


def test_a_data_set_says_what_was_done_to_it():
    images = (slanted(0.5) * 255).astype(np.uint8)
    split = Split(np.concatenate([images] * 20), np.zeros(20, np.int64))
    source = deskewed_source(Source(split, split, "classification", 10, notes="few"))
    assert source.train.x.shape == (20, 16, 16, 1)
    assert 0.9 < source.test.x.max() <= 1
    assert source.notes == "few; images deskewed, 16 x 16 pixels"
