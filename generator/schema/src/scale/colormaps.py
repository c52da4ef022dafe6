"""Writes matplotlib's listed colour maps as 256 RGB triples each, truncated to bytes: NAME.rgb beside this file.

Needs matplotlib (written with 3.11). viridis, magma and inferno are in the public domain (CC0) by
Nathaniel J. Smith, Stefan van der Walt and Eric Firing.
"""

from pathlib import Path

import matplotlib
import numpy as np

for name in ("viridis", "magma", "inferno"):
    table = matplotlib.colormaps[name](range(256))[:, :3]
    Path(__file__).with_name(f"{name}.rgb").write_bytes(np.trunc(255 * table).astype(np.uint8).tobytes())
