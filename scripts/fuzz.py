"""Saved captures that were tampered with, by the thousand: each gives a clean error, or what the file said before.

Half of them have bytes changed, moved, cut out or put in anywhere. The other half are told lies in their description,
with a checksum that is right. Run by ``make fuzz``; ``ARGS="20000 7"`` for so many, from another seed.
"""

from __future__ import annotations

import copy
import random
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "python"))

from saved_files import KINDS, answers, assemble, differing, forget_peak, parts_of, peak  # of the tests

import headscope as hs

KIND = "vectors"
SECONDS = 20
"""A file that takes longer hangs."""
ROOM = 16 << 20
LIES: list[Any] = [None, True, -1, 0, 1, 2, 7, 1 << 62, 1 << 70, 1e300, "", "self 0.query", "weights", [], [[]], {}]


def main() -> None:
    """Tamper with files, and say what came of it."""
    given = [int(one) for one in sys.argv[1:]]
    count, seed = [*given, *(10_000, 0)[len(given) :]]
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        whole = KINDS[KIND]().save(Path(folder) / "whole.headscope")
        said = answers(hs.load(whole))
        bad = whole.with_name("bad.headscope")
        before = forget_peak()
        came: Counter[str] = Counter()
        for number in range(count):
            tell_a_lie(whole, bad, chance) if number % 2 else bad.write_bytes(tampered(whole.read_bytes(), chance))
            signal.alarm(SECONDS)  # ends the process where something hangs
            came[outcome(bad, said, is_lie=number % 2 == 1)] += 1
            signal.alarm(0)
        grown = peak() - before
        most = 2 * whole.stat().st_size + ROOM
    print(f"{count} files from seed {seed}: {', '.join(f'{how} {many}' for how, many in came.most_common())}")
    print(f"the process grew by {grown / 2**20:.1f} MiB, of {most / 2**20:.1f} that are allowed")
    if came["wrong"] or grown > most:
        sys.exit(1)


def outcome(file: Path, said: dict[Any, Any], *, is_lie: bool) -> str:
    """How a file was read; whatever is raised but errors of headscope ends the run."""
    try:
        loaded = hs.load(file)
    except hs.HeadscopeError:
        return "refused"
    found = answers(loaded)
    loaded.close()
    if is_lie:
        return "read"
    unlike = differing(said, found)
    wrong = [at for at in unlike if not str(found[at]).startswith("UnreadableFile")]
    return "wrong" if wrong else "refused in part" if unlike else "read as it was"


def tampered(data: bytes, chance: random.Random) -> bytes:
    """Bytes with one to three changes."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at, length = chance.randrange(len(made)), chance.choice([1, 1, 2, 8, 64, 1000])
        other = chance.randrange(len(made))
        change = chance.choice(["flip", "cut off", "cut out", "put in", "move", "length"])
        if change == "flip":
            made[at] ^= 1 << chance.randrange(8)
        elif change == "cut off":
            del made[max(9, at) :]
        elif change == "cut out":
            del made[at : at + length]
        elif change == "put in":
            made[at:at] = chance.randbytes(length)
        elif change == "move":
            made[at : at + length] = made[other : other + length]
        else:
            made[:8] = chance.choice([0, 1, len(made), 1 << 31, 1 << 63, (1 << 64) - 1]).to_bytes(8, "little")
        if len(made) < 2:
            break
    return bytes(made)


def tell_a_lie(whole: Path, bad: Path, chance: random.Random) -> None:
    """Put one to three values of the description, or of the header, in place of others."""
    header, description, tensors = parts_of(whole)
    for _ in range(chance.randint(1, 3)):
        inner: Any = description if chance.random() < 0.8 else header
        while True:
            keys = list(inner) if isinstance(inner, dict) else range(len(inner))
            if not len(keys):
                break
            at = chance.choice(keys)
            if isinstance(inner[at], dict | list) and len(inner[at]) and chance.random() < 0.85:
                inner = inner[at]
                continue
            inner[at] = copy.deepcopy(chance.choice([*LIES, inner[chance.choice(keys)]]))
            break
    assemble(bad, header, description, tensors)


if __name__ == "__main__":
    main()
