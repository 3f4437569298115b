"""Tier 1: every attention that goes through transformers' ``AttentionInterface`` passes here.

Model files look their attention function up on each forward, by
``ALL_ATTENTION_FUNCTIONS.get_interface(implementation, eager_function)``. That one method is wrapped while a
:class:`Recording` is open. Registering an implementation name of our own was rejected: an unknown name silently loses
masks, and some model files compute differently by name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_lock = threading.RLock()
_open: list[Recording] = []  # newest last
_original: Callable[..., Any] | None = None
_installed = False


@dataclass(frozen=True)
class Call:
    """One attention call as the model made it, and what it returned. Tensors are references, not copies."""

    module: torch.nn.Module
    name: str
    """Qualified name of `module` in the captured model."""
    query: torch.Tensor  # [B, H, Q, d]
    key: torch.Tensor  # [B, G, K, d]
    value: torch.Tensor  # [B, G, K, dv]
    mask: Any
    options: dict[str, Any]
    implementation: str
    function: Callable[..., Any]
    eager: Callable[..., Any]
    """The model file's own eager function, as it was handed to the interface."""
    output: torch.Tensor  # [B, Q, H, dv]


class Recording:
    """Hands every attention call of one model, made by one thread, to `receive` while it is open.

    Other models, other threads and recordings opened later on the same model are left alone, so recordings may overlap
    and be closed in any order. The last one to close puts transformers' class back as it was.

    Parameters
    ----------
    model
        The model whose modules are recorded.
    receive
        Called with a :class:`Call` after each attention call, in order of execution.
    """

    def __init__(self, model: torch.nn.Module, receive: Callable[[Call], None]) -> None:
        self._names = {id(module): name for name, module in model.named_modules()}
        self._receive = receive
        self._thread: int | None = None

    def __enter__(self) -> Recording:
        self._thread = threading.get_ident()
        with _lock:
            _open.append(self)
            _install()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop recording. May be called more than once."""
        with _lock:
            if self in _open:
                _open.remove(self)
            if not _open:
                _uninstall()

    def owns(self, module: torch.nn.Module) -> bool:
        """Whether `module`, called by the running thread, belongs to this recording."""
        return self._thread == threading.get_ident() and id(module) in self._names

    def take(self, module: torch.nn.Module, **seen: Any) -> None:
        """Pass one finished call on to the receiver."""
        self._receive(Call(module=module, name=self._names[id(module)], **seen))


def _newest_owner(module: torch.nn.Module) -> Recording | None:
    with _lock:
        return next((recording for recording in reversed(_open) if recording.owns(module)), None)


def _install() -> None:
    global _original, _installed
    if _installed:
        return
    from transformers import AttentionInterface

    _original = AttentionInterface.get_interface
    AttentionInterface.get_interface = _get_interface
    _installed = True


def _uninstall() -> None:
    global _installed
    from transformers import AttentionInterface

    # Somebody else may have wrapped our wrapper; then it stays, and passes everything through.
    if _installed and AttentionInterface.__dict__["get_interface"] is _get_interface:
        AttentionInterface.get_interface = _original
        _installed = False


def _get_interface(self: Any, implementation: str, default: Callable[..., Any]) -> Callable[..., Any]:
    assert _original is not None
    function = _original(self, implementation, default)
    if not _open:
        return function  # type: ignore[no-any-return]

    def watched(
        module: torch.nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: Any = None,
        **options: Any,
    ) -> Any:
        result = function(module, query, key, value, attention_mask, **options)
        owner = _newest_owner(module)
        if owner is not None:
            owner.take(
                module,
                query=query,
                key=key,
                value=value,
                mask=attention_mask,
                options=options,
                implementation=implementation,
                function=function,
                eager=default,
                output=result[0],
            )
        return result

    return watched
