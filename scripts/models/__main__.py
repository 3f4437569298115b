"""``make models``: the table of docs/models.md, made anew; ARGS="--jobs 2" or names of types to run only those."""

from __future__ import annotations

import argparse
import os
import sys
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
import transformers

from models import kinds, page, runner
from models.compare import compare


def main() -> int:
    """Run what is missing, write the page, and say what is wrong; the exit code is 1 where anything is."""
    parser = argparse.ArgumentParser(prog="make models", description=__doc__)
    parser.add_argument("types", nargs="*", help="model types; all if none are named")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--anew", action="store_true", help="run also what has a result already")
    given = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    warnings.simplefilter("ignore")
    kept = runner.ROOT / "build" / "models" / "results.jsonl"
    types = given.types or kinds.types()
    results = runner.run(types, compare, kept, given.jobs, given.anew)
    written = page.page(results, runner.versions())
    if given.types:
        print(written)
    else:
        (runner.ROOT / "docs" / "models.md").write_text(written)
    wrong = [one for one in results if one["status"] == "wrong"]
    for one in wrong:
        print(f"WRONG {one['type']} ({one['kind']}): {'; '.join(one['wrong'])}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
