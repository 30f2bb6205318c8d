"""Names that a package imports when they are first used."""

import importlib
import subprocess
import sys

import pytest

from tfticket import _lazy

PACKAGES = ("", ".callbacks", ".recipes", ".reports", ".weight_agnostic")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_found(package):
    module = importlib.import_module(f"tfticket{package}")
    missing = [name for name in module.__all__ if getattr(module, name, None) is None]
    assert missing == []


@pytest.mark.parametrize("package", PACKAGES)
def test_another_name_is_an_attribute_error_that_names_the_module(package):
    module = importlib.import_module(f"tfticket{package}")
    with pytest.raises(AttributeError, match=f"module 'tfticket{package}' has no attribute 'nix'"):
        _ = module.nix


def test_a_name_is_a_thing_in_another_module_or_a_module_of_the_package():
    found = _lazy.attributes("json", {"dumps": "json", "decoder": ""})
    assert found("dumps") is importlib.import_module("json").dumps
    assert found("decoder") is importlib.import_module("json.decoder")


def test_tensorflow_is_imported_when_something_of_it_is_asked_for():
    code = (
        "import sys\nfrom tfticket._lazy import tf\n"
        "import tfticket.export, tfticket.scores, tfticket.tracing, tfticket.reports.file_profile\n"
        "assert not {'tensorflow', 'keras', 'tf_keras'} & set(sys.modules)\n"
        "assert tf.constant(1).numpy() == 1 and tf.Tensor is sys.modules['tensorflow'].Tensor"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
