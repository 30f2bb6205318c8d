from tfticket.export import Check
from tfticket.export.report import differences


def test_the_largest_difference_of_each_reference_is_said_with_its_bound():
    near = Check("dense", "dense twin", True, 1, 0.0, 0.0, 0.0)
    far = [
        Check("dense", "keras", True, n, 0.3, d, 0.25, "", d / 4, 0.05)
        for n, d in [(1, 0.1), (3, 0.2)]
    ]
    assert differences([near, *far]) == [
        "differs from dense twin by at most 0 of the output range (0 passes)",
        "differs from keras by at most 0.2 of the output range (0.25 passes), 0.05 root mean square"
        " (0.05 passes)",
    ]
