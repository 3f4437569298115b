"""What stands where in a tower that sees: the module that makes vectors of patches, and the tokens made of them."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch

from headscope.recording.origins import origins

__all__ = ["Sight"]

_EMBEDS = (torch.nn.Conv2d, torch.nn.Conv3d, torch.nn.Linear)


class Sight:
    """Watches one forward for the module that is given all pixels, and asks the model which token is which patch.

    Parameters
    ----------
    model
        The model.
    arguments
        What its forward gets, `pixel_values` among them, or nothing is watched.
    """

    def __init__(self, model: torch.nn.Module, arguments: dict[str, Any]) -> None:
        self._model, self._arguments = model, arguments
        self._handles: list[Any] = []
        self.embedding: torch.nn.Module | None = None
        """What makes vectors of patches."""
        self.given: tuple[int, ...] = ()
        """Shape of the pixels that it was given."""
        self.grid: tuple[int, ...] = ()
        """Patches that it made: [images, rows, columns] of pictures, [patches] where they were apart already."""

    def __enter__(self) -> Sight:
        pixels = self._arguments.get("pixel_values")
        if isinstance(pixels, torch.Tensor):
            try:
                for module in self._model.modules():
                    if isinstance(module, _EMBEDS):
                        self._handles.append(module.register_forward_hook(self._noting(pixels.numel())))
            except BaseException:  # such as Ctrl-C, after which nobody would leave
                self._stop()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        while self._handles:
            self._handles[-1].remove()
            self._handles.pop()

    def _noting(self, numbers: int) -> Any:
        def note(module: torch.nn.Module, given: tuple[Any, ...], returned: Any) -> None:
            if self.embedding is None and given and isinstance(given[0], torch.Tensor) and given[0].numel() == numbers:
                self._stop()
                self.embedding, self.given = module, tuple(given[0].shape)
                self.grid = tuple(_cells(module, returned).shape)

        return note

    @property
    def cells(self) -> int:
        """How many patches there are."""
        return int(torch.tensor(self.grid).prod())

    def origins(self, attention: torch.nn.Module) -> torch.Tensor:
        """Number of the patch of each token that enters `attention`, which is called before any other attention.

        Returns
        -------
        int64 tensor [..., tokens]
            `origins.NO_CELL` of a token that stands for no patch, `origins.MIXED` where it is not one patch.
        """
        return origins(lambda changed: self._entering(attention, changed), self.cells)

    def _entering(self, attention: torch.nn.Module, changed: torch.Tensor) -> torch.Tensor:
        """What enters `attention` when the vectors of some patches are others; the model runs until there."""
        seen: list[torch.Tensor] = []

        def stop(_: torch.nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
            tensors = [one for one in (*positional, *named.values()) if isinstance(one, torch.Tensor)]
            seen.append(tensors[0].detach().clone())
            raise _Enough

        assert self.embedding is not None
        handles = [
            attention.register_forward_pre_hook(stop, with_kwargs=True),
            self.embedding.register_forward_hook(lambda module, _, made: _with_others(module, made, changed)),
        ]
        try:
            with torch.no_grad():
                self._model(**self._arguments)
        except _Enough:
            return seen[0]
        finally:
            for handle in handles:
                handle.remove()
        raise AssertionError("the attention was called before and is not now")


class _Enough(BaseException):
    """Ends a forward where all is known."""


def _cells(embedding: torch.nn.Module, made: torch.Tensor) -> torch.Tensor:
    """One number for each patch of what the embedding made: [..., width], or [batch, width, ...] of convolutions."""
    one = made.select(-1, 0) if isinstance(embedding, torch.nn.Linear) else made.select(1, 0)
    return one.flatten(0) if one.dim() > 1 and one[0].numel() == 1 else one


def _with_others(embedding: torch.nn.Module, made: torch.Tensor, changed: torch.Tensor) -> torch.Tensor:
    """`made` with a vector of noise added to those patches."""
    at = -1 if isinstance(embedding, torch.nn.Linear) else 1
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(made.shape[at], generator=generator).to(made) * made.std()
    where = changed.view(made.select(at, 0).shape).to(made.device).unsqueeze(at)
    shape = [1] * made.dim()
    shape[at] = -1
    return torch.where(where, made + noise.view(shape), made)
