"""How many bytes answers and captures may take. One budget for the whole process."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headscope.errors import OverBudget

if TYPE_CHECKING:
    from headscope.answers.contents import Contents


@dataclass
class Budget:
    """Limits in bytes; set them on ``headscope.budget``.

    Attributes
    ----------
    answer : int
        Largest single answer, 1 GiB by default. A larger one is refused, and a slice that fits is named.
    captures : int
        All living captures together, 8 GiB by default.
    """

    answer: int = 1 << 30
    captures: int = 8 << 30


budget = Budget()
_living: weakref.WeakSet[Contents] = weakref.WeakSet()
_lock = threading.Lock()


def living() -> list[Contents]:
    """Captures that are alive, in no order."""
    with _lock:
        return list(_living)


def admit(capture: Contents) -> None:
    """Count a new capture, or raise OverBudget where it does not fit beside those that live."""
    with _lock:
        others = list(_living)
        _living.add(capture)
    try:
        check_room(capture.nbytes, others)
    except OverBudget:
        with _lock:
            _living.discard(capture)
        raise


def check_room(nbytes: int, others: Sequence[Contents] | None = None) -> None:
    """Raise OverBudget if a capture of so many bytes would not fit beside others, those that live if None."""
    others = living() if others is None else others
    held = sum(other.nbytes for other in others)
    if held + nbytes > budget.captures:
        raise OverBudget(
            f"this capture holds {megabytes(nbytes)} and {len(others)} living captures hold "
            f"{megabytes(held)}; the budget is {megabytes(budget.captures)}. Delete captures and views that are no "
            "longer needed (capture.close(), view.close()), or raise headscope.budget.captures."
        )


def check_answer(heads: int, queries: int, keys: int) -> None:
    """Raise OverBudget if float32 weights [heads, queries, keys] are more than one answer may take."""
    needed = 4 * heads * queries * keys
    if needed <= budget.answer:
        return
    fitting = budget.answer // (4 * keys)
    what = (
        f"queries=range(0, {fitting // heads})"
        if fitting >= heads
        else f"heads=[0] and queries=range(0, {max(1, fitting)})"
    )
    raise OverBudget(
        f"{heads} heads x {queries:,} queries x {keys:,} keys are {megabytes(needed)}; one answer may take "
        f"{megabytes(budget.answer)}. Ask for a slice, such as {what}, or raise headscope.budget.answer."
    )


def megabytes(count: int) -> str:
    """A number of bytes, readable."""
    return f"{count / 2**20:,.1f} MiB"
