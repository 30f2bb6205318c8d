from tfticket.tables import aligned, fitting, folded, markdown

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


def test_a_bar_in_a_cell_of_markdown_ends_no_cell():
    row = markdown(["what"], [["the smallest |weight|"]]).splitlines()[-1]
    assert row == r"| the smallest \|weight\| |"


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


def test_words_of_a_header_stand_below_each_other_before_columns_go_below():
    header, rows = ["network", "test accuracy", "kept"], [["ticket", "0.9", "1,000"]]
    with fitting(24):
        assert aligned(header, rows).splitlines() == [
            "             test",
            "network  accuracy   kept",
            "ticket        0.9  1,000",
        ]


def test_an_indented_table_is_no_wider_either():
    header, rows = ["network", "test accuracy", "kept"], [["ticket", "0.9", "1,000"]]
    with fitting(26):
        lines = aligned(header, rows, indent=2).splitlines()
    assert lines[1] == "  network  accuracy   kept"


def test_paragraphs_are_folded_between_words_and_keep_what_they_are_indented_by():
    text = "  note: a_very_long_word_that_fits_nowhere and four more words\nshort"
    assert folded(text) == text
    with fitting(20):
        assert folded(text).splitlines() == [
            "  note:",
            "    a_very_long_word_that_fits_nowhere",
            "    and four more",
            "    words",
            "short",
        ]
