"""Writes what `scale/colormap.rs` makes matplotlib's colour maps of, and the fixture that they are tested against.

Needs matplotlib (written with 3.11).

- `colorbrewer.rgb`: the anchors of the ColorBrewer maps, RGB bytes, map by map in the order of `SEQUENTIAL` (nine
  each) and `DIVERGING` (eleven each). Colours by Cynthia Brewer, colorbrewer2.org, Apache-2.0.
- `listed.delta`: tables of 256 colours, each channel by itself as the differences of successive bytes, which compress
  far better than the bytes. viridis, plasma, inferno and magma are in the public domain (CC0) by Nathaniel J. Smith,
  Stefan van der Walt and Eric Firing; cividis is by Jamie R. Nunez, Christopher R. Anderton and Ryan S. Renslow (CC BY
  4.0), turbo by Anton Mikhailov (Apache-2.0), coolwarm by Kenneth Moreland; hot is matplotlib's own.
- `../../tests/colormaps.npz`: every table, `trunc(255 · lut)`, uint8 `[256, 3]`, and that of its `_r`.
"""

from pathlib import Path

import matplotlib
import matplotlib._cm
import numpy as np

SEQUENTIAL = "Blues Greens Greys Oranges Purples Reds BuGn BuPu GnBu OrRd PuBu PuBuGn PuRd RdPu YlGn YlGnBu YlOrBr YlOrRd".split()
DIVERGING = "BrBG PiYG PRGn PuOr RdBu RdGy RdYlBu RdYlGn Spectral".split()
LISTED = "viridis plasma inferno magma cividis turbo coolwarm hot".split()
COMPUTED = "bwr seismic gray binary".split()


def table(name):
    return np.trunc(255 * matplotlib.colormaps[name](range(256))[:, :3]).astype(np.uint8)


def anchors(name):
    return np.rint(255 * np.array(getattr(matplotlib._cm, f"_{name}_data"))).astype(np.uint8).tobytes()


def deltas(name):
    return np.diff(table(name), axis=0, prepend=np.uint8(0)).astype(np.uint8).T.tobytes()


here = Path(__file__).parent
(here / "colorbrewer.rgb").write_bytes(b"".join(map(anchors, SEQUENTIAL + DIVERGING)))
(here / "listed.delta").write_bytes(b"".join(map(deltas, LISTED)))
names = [n + r for n in SEQUENTIAL + DIVERGING + LISTED + COMPUTED for r in ("", "_r")]
np.savez_compressed(here.parents[1] / "tests" / "colormaps.npz", **{name: table(name) for name in names})
