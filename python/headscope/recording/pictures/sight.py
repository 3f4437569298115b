"""What a model sees with: the module that makes vectors of patches, and the tokens that come of each patch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Any

import torch

from headscope.recording.layers.towers import PIXELS
from headscope.recording.pictures.origins import WAYS, origins
from headscope.recording.tiers.interface import Call, Recording

__all__ = ["Sight"]

_EMBEDS = (torch.nn.Conv2d, torch.nn.Conv3d, torch.nn.Linear)


class Sight:
    """Watches one forward for the module that is given all pixels, and asks the model which token is which patch.

    Parameters
    ----------
    model
        The model.
    arguments
        What its forward gets; nothing is watched where there are no `pixel_values`.
    """

    def __init__(self, model: torch.nn.Module, arguments: dict[str, Any]) -> None:
        self._model = model
        self.arguments = arguments
        self._handles: list[Any] = []
        self.embedding: torch.nn.Module | None = None
        """What makes vectors of patches."""
        self.given: tuple[int, ...] = ()
        """Shape of the pixels that it was given."""
        self.grid: tuple[int, ...] = ()
        """Patches that it made: [pictures, rows, columns], or [patches] where they were apart before."""

    def __enter__(self) -> Sight:
        pixels = self.arguments.get(PIXELS)
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
                made = returned.select(_width_at(module), 0)
                self.grid = tuple(size for size in made.shape if size > 1) if made.dim() != 3 else tuple(made.shape)

        return note

    def origins(
        self, modules: Sequence[str], side: str, numbers: torch.Tensor, attentions: Collection[str]
    ) -> list[torch.Tensor]:
        """The patch of each token whose queries or keys attention modules make.

        Parameters
        ----------
        modules
            Their names, in the order in which the model calls them; all make as many tokens.
        side
            "query" or "key".
        numbers : int64 tensor [patches]
            Number of each patch of `grid`.
        attentions
            Names of all modules that attend; they add nothing meanwhile.

        Returns
        -------
        list of int64 tensors [rows, tokens]
            For each module, see :func:`origins.origins`; several calls of it one after the other.
        """
        found = origins(lambda ways: self._vectors(modules, side, ways, attentions), numbers)
        return list(found.chunk(len(modules), dim=1))

    def _vectors(
        self, modules: Sequence[str], side: str, ways: torch.Tensor, attentions: Collection[str]
    ) -> torch.Tensor:
        """The vectors [rows, tokens, width] when the patches are changed so; the model runs until they are there.

        Of a module that does not call the interface, what it is given stands for its queries.
        """
        seen: list[torch.Tensor] = []
        entered: list[torch.Tensor] = []

        def take(call: Call) -> None:
            if call.name in modules:
                vectors = call.query if side == "query" else call.key
                seen.append(vectors.detach().transpose(1, 2).flatten(2).clone())

        def enter(_: torch.nn.Module, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
            given = next((one for one in (*positional, *named.values()) if isinstance(one, torch.Tensor)), None)
            if given is not None and given.dim() == 3:
                entered.append(given.detach().clone())

        def leave(*_: Any) -> None:
            raise _Enough

        assert self.embedding is not None
        handles: list[Any] = []
        try:
            hook: Any = self.embedding.register_forward_hook(lambda embedding, _, made: _changed(embedding, made, ways))
            handles.append(hook)
            last = self._model.get_submodule(modules[-1])
            handles.append(last.register_forward_pre_hook(enter, with_kwargs=True))
            handles.append(last.register_forward_hook(leave))
            for name in attentions:
                hook = self._model.get_submodule(name).register_forward_hook(lambda _, __, returned: _nothing(returned))
                handles.append(hook)
            with torch.no_grad(), Recording(self._model, take):
                self._model(**self.arguments)
        except _Enough:
            found = seen or (entered if side == "query" and len(modules) == 1 else [])
            return _side_by_side(found) if found else torch.zeros(0, 0, 1)
        finally:
            for handle in handles:
                handle.remove()
        raise AssertionError("the modules were called before and are not now")


def _side_by_side(vectors: list[torch.Tensor]) -> torch.Tensor:
    """Vectors [rows, tokens, width] of several calls; all in one row where only some were made in windows."""
    if len({len(one) for one in vectors}) > 1:
        vectors = [one.flatten(0, 1)[None] for one in vectors]
    return torch.cat(vectors, dim=1)


class _Enough(BaseException):
    """Ends a forward where all is known."""


def _width_at(embedding: torch.nn.Module) -> int:
    return -1 if isinstance(embedding, torch.nn.Linear) else 1


def _changed(embedding: torch.nn.Module, made: torch.Tensor, ways: torch.Tensor) -> torch.Tensor:
    """`made` with one of several vectors of noise added to each patch."""
    at = _width_at(embedding)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(WAYS, made.shape[at], generator=generator) * float(made.float().std())
    noise[0] = 0
    added = noise[ways].to(made).view(*made.select(at, 0).shape, -1)
    return made + added.movedim(-1, at)


def _nothing(returned: Any) -> Any:
    if isinstance(returned, torch.Tensor):
        return torch.zeros_like(returned) if returned.is_floating_point() else returned
    return type(returned)(map(_nothing, returned)) if type(returned) in (tuple, list) else returned
