"""Whether the parameters of a module are still those of the capture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["Watch"]


class Watch:
    """Notices that a parameter of a module was written or replaced since.

    By its address and torch's counter of writes. A parameter that was made in inference mode has no such counter: its
    sum stands for it. One that is offloaded between calls is not watched: it is another tensor at every call.

    Parameters
    ----------
    module
        Whose parameters, those of the modules inside it included.
    """

    def __init__(self, module: torch.nn.Module) -> None:
        self._module = module
        self._seen = _state(module)

    def changed(self) -> bool:
        """Whether a parameter is another one now, or has other numbers."""
        now = _state(self._module)
        both = [(before, now.get(name)) for name, before in self._seen.items()]
        return now.keys() != self._seen.keys() or any(None not in pair and pair[0] != pair[1] for pair in both)


def _state(module: torch.nn.Module) -> dict[str, tuple[int, object] | None]:
    return {
        name: None if parameter.device.type == "meta" else (parameter.data_ptr(), _writes(parameter))
        for name, parameter in module.named_parameters()
    }


def _writes(parameter: torch.nn.Parameter) -> object:
    return float(parameter.detach().sum()).hex() if parameter.is_inference() else parameter._version
