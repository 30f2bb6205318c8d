from tfticket.tables import aligned, fitting, markdown

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


def test_a_table_is_no_wider_than_asked_and_loses_no_number():
    header = ["file", *(f"number {i}" for i in range(6)), "why"]
    name = "/a/very/long/way/to/a/file/called/network.tflite"
    rows = [[name, *(f"{10**i:,}" for i in range(6)), "it was too large to be read by anybody"]]
    with fitting(40):
        text = aligned(header, rows)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 40
    assert all(number in text for number in rows[0][1:-1])
    assert all(word in text.split() for word in rows[0][-1].split())
    assert text.count("rk.tflite") == text.count("\n\n") + 1
    assert aligned(header, rows).splitlines()[1].startswith(name)


def test_a_table_that_fits_is_left_alone():
    free = aligned(HEADER, ROWS)
    with fitting(200):
        assert aligned(HEADER, ROWS) == free
    with fitting(3):
        assert aligned(["only"], [["a long cell"]]) == "only\na long cell"
