from tfticket.tables import aligned, markdown

HEADER, ROWS = ["network", "bytes", "why"], [["a", "1,000", "small"], ["longer", "5", ""]]


def test_numbers_go_to_the_right_and_what_is_asked_for_to_the_left():
    assert aligned(HEADER, ROWS).splitlines() == [
        "network  bytes    why",
        "a        1,000  small",
        "longer       5",
    ]
    assert aligned(HEADER, ROWS, num_left=3).splitlines() == [
        "network  bytes  why",
        "a        1,000  small",
        "longer   5",
    ]


def test_markdown_has_a_line_between_header_and_rows():
    assert markdown(HEADER, ROWS).splitlines() == [
        "| network | bytes | why |",
        "|---|---|---|",
        "| a | 1,000 | small |",
        "| longer | 5 |  |",
    ]
