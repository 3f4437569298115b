"""Tier 1: every attention that goes through transformers' ``AttentionInterface`` passes here.

Model files look their attention function up on each forward, by
``ALL_ATTENTION_FUNCTIONS.get_interface(implementation, eager_function)``. That one method is wrapped while a
:class:`Recording` is open. Registering an implementation name of our own was rejected: an unknown name silently loses
masks, and some model files compute differently by name.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


LOOKS_LIKE_ATTENTION = re.compile(r"attention|attn", re.IGNORECASE)
"""How the classes of attention modules are called."""


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
    tier: int = 1
    """What saw it: 1 the interface, 2 the operations."""
    tokens: tuple[torch.Tensor | None, ...] = (None, None, None)  # [B, H, n]
    """As of `Positions`, whose rows of query, key and value are whose, where operations are followed."""


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
        self._calling = 0

    def __enter__(self) -> Recording:
        self._thread = threading.get_ident()
        try:
            _wrapper.open(self)
        except BaseException:  # such as Ctrl-C, after which nobody would close it
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop recording. May be called more than once."""
        _wrapper.close(self)

    @property
    def listens(self) -> bool:
        """Whether this is the newest recording of the running thread, and no call that it will take is running."""
        return not self._calling and _wrapper.newest_here() is self

    @contextmanager
    def calling(self) -> Iterator[None]:
        """While a call runs that will be taken."""
        self._calling += 1
        try:
            yield
        finally:
            self._calling -= 1

    def owns(self, module: torch.nn.Module) -> bool:
        """Whether `module`, called by the running thread, belongs to this recording."""
        return self._thread == threading.get_ident() and id(module) in self._names

    def take(self, module: torch.nn.Module, **seen: Any) -> None:
        """Pass one finished call on to the receiver."""
        self._receive(Call(module=module, name=self._names[id(module)], **seen))


class _Wrapper:
    """The one wrapper of transformers' method, installed while any recording is open."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._recordings: list[Recording] = []  # newest last
        self._installed = False
        self._original: Callable[..., Any]

    def open(self, recording: Recording) -> None:
        with self._lock:
            if not self._installed and "transformers" in sys.modules:  # else no model of it can be recorded
                from transformers import AttentionInterface

                self._original = AttentionInterface.get_interface
                self._installed = True
                setattr(AttentionInterface, "get_interface", _get_interface)  # noqa: B010 - mypy forbids the plain form
            self._recordings.append(recording)

    def close(self, recording: Recording) -> None:
        with self._lock:
            if recording in self._recordings:
                self._recordings.remove(recording)
            if not self._installed or self._recordings:
                return
            from transformers import AttentionInterface

            # Somebody else may have wrapped our wrapper; then it stays, and passes everything through.
            if AttentionInterface.__dict__["get_interface"] in (_get_interface, self._original):
                setattr(AttentionInterface, "get_interface", self._original)  # noqa: B010
                self._installed = False

    def newest_owner(self, module: torch.nn.Module) -> Recording | None:
        with self._lock:
            return next((recording for recording in reversed(self._recordings) if recording.owns(module)), None)

    def newest_here(self) -> Recording | None:
        ours = threading.get_ident()
        with self._lock:
            return next((recording for recording in reversed(self._recordings) if recording._thread == ours), None)

    def watch(self, interface: Any, implementation: str, default: Callable[..., Any]) -> Callable[..., Any]:
        """The function that the interface would return, made to report to the recording that owns its caller."""
        function: Callable[..., Any] = self._original(interface, implementation, default)
        if not self._recordings:
            return function

        def watched(
            module: torch.nn.Module,
            query: torch.Tensor,
            key: torch.Tensor,
            value: torch.Tensor,
            attention_mask: Any = None,
            **options: Any,
        ) -> Any:
            owner = self.newest_owner(module)
            with owner.calling() if owner is not None else nullcontext():
                result = function(module, query, key, value, attention_mask, **options)
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


_wrapper = _Wrapper()


def _get_interface(self: Any, attn_implementation: str, default: Callable[..., Any]) -> Callable[..., Any]:
    return _wrapper.watch(self, attn_implementation, default)
