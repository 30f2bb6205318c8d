"""The one way to clone a model with layers replaced; the user's own objects are handed on."""

from tfticket.cloning.cloning import can_clone, clone
from tfticket.cloning.compiling import compile_like
from tfticket.cloning.handing import own_objects
from tfticket.cloning.remaking import remade

__all__ = ["can_clone", "clone", "compile_like", "own_objects", "remade"]
