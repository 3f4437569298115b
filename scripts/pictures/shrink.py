"""Write the pictures of the docs with 256 colours each, a third of the bytes, so chosen that rare ones stay too."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

MOST = 200_000
"""Bytes of a picture."""

if __name__ == "__main__":
    for path in sorted(Path("docs/pictures").glob("*.png")):
        with Image.open(path) as picture:
            few = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        size = path.stat().st_size
        print(f"{path}: {size:,} bytes{', too many' if size > MOST else ''}")
