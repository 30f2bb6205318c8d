"""What layers have in common that put a kernel of their own in the place of their parent's."""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = ["OwnKernel"]


class OwnKernel:
    """Mixed into a Keras layer whose kernel is another than the one Keras knows by name.

    Attributes:
        made_plain_by: the function that makes a plain layer of it, for messages.
    """

    made_plain_by: ClassVar[str]
    _layer_class: ClassVar[type]

    def save_own_variables(self, store: Any) -> None:
        """Saves all variables; Keras 3's own layers with kernels save those they know by name."""
        self._layer_class.save_own_variables(self, store)  # type: ignore[attr-defined]

    def load_own_variables(self, store: Any) -> None:
        """Loads what `save_own_variables` saved."""
        self._layer_class.load_own_variables(self, store)  # type: ignore[attr-defined]

    def quantize(self, *args: Any, **options: Any) -> None:
        """Refuses: Keras would replace a kernel that is not there."""
        raise NotImplementedError(
            f"{type(self).__name__} must be made plain before Keras changes its kernel:"
            f" {self.made_plain_by}."
        )

    enable_lora = quantize
