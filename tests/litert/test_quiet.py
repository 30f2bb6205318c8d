import logging
import os
import sys
import warnings

import pytest

from tfticket.litert.quiet import quiet


def test_nothing_is_heard_while_it_is_quiet_and_all_after(capfd):
    with quiet():
        os.write(2, b"from C++\n")
        logging.getLogger("absl").error("from Python")
        warnings.warn("a warning", stacklevel=1)
    assert capfd.readouterr() == ("", "")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_errors_pass_and_streams_come_back(capfd):
    stdout, stderr = sys.stdout, sys.stderr
    with pytest.raises(KeyError), quiet():
        raise KeyError
    assert (sys.stdout, sys.stderr) == (stdout, stderr)
    os.write(1, b"loud again\n")
    assert capfd.readouterr().out == "loud again\n"


def test_a_logger_made_while_quiet_speaks_afterwards(capsys):
    with quiet():
        logger = logging.getLogger("made_while_quiet")
        handler = logging.StreamHandler(sys.stderr)
        logger.addHandler(handler)
    logger.warning("heard")
    logger.removeHandler(handler)
    assert "heard" in capsys.readouterr().err
