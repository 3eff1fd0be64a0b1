"""Anomaly maps, calibrated maps and scores from NumPy and SciPy. Run by hand: /usr/bin/python3 tools/map_goldens.py

Features come from the hash that test/models/hashed.ts repeats; everything is float64 here, from the formulas of the paper
and its code: cosine along channels, bilinear with aligned corners, mean of three, equation 5, smoothing, top 1 % and Table 3's other fractions.
"""
import json
import pathlib

import numpy as np
from scipy.ndimage import gaussian_filter

from hashed import hashed64

SIZE, BATCH = 64, 2
SHAPES = [(16, 16), (24, 8), (32, 4)]


def features(name, channels, side):
    return hashed64(name, BATCH * channels * side * side).reshape(BATCH, channels, side, side)


def aligned(map_, size):
    """Bilinear with aligned corners: corners keep their values."""
    side = map_.shape[-1]
    at = np.arange(size) * (side - 1) / (size - 1)
    low = np.minimum(at.astype(int), side - 2)
    weight = at - low
    rows = map_[:, low, :] * (1 - weight)[None, :, None] + map_[:, low + 1, :] * weight[None, :, None]
    return rows[:, :, low] * (1 - weight) + rows[:, :, low + 1] * weight


def author_blur(map_):
    taps = np.exp(-np.arange(-2, 3) ** 2 / (2 * 4.0**2))
    taps /= taps.sum()
    framed = np.pad(map_, ((0, 0), (2, 2), (2, 2)))
    n = map_.shape[-1]
    rows = sum(t * framed[:, i : i + n, :] for i, t in enumerate(taps))
    return sum(t * rows[:, :, i : i + n] for i, t in enumerate(taps))


def score(map_, fraction=0.01):
    flat = np.sort(map_.reshape(len(map_), -1), axis=1)[:, ::-1]
    return flat[:, : max(1, int(flat.shape[1] * fraction))].mean(1)


maps = []
for k, (channels, side) in enumerate(SHAPES):
    f, g = features(f"f{k}", channels, side), features(f"g{k}", channels, side)
    cosine = (f * g).sum(1) / (np.linalg.norm(f, axis=1) * np.linalg.norm(g, axis=1))
    maps.append(aligned(1 - cosine, SIZE))
raw = np.mean(maps, axis=0)
statistics = np.array([[0.3, 1.7], [0.9, 1.2]])
u, gamma = statistics[:, 0, None, None], statistics[:, 1, None, None]
calibrated = (raw - u) / (gamma - u)
out = {"size": SIZE, "batch": BATCH, "shapes": SHAPES, "statistics": statistics.tolist()}
out["u"], out["gamma"] = raw.mean((1, 2)).tolist(), raw.max((1, 2)).tolist()
out["upper"] = (raw.mean((1, 2)) + 3 * raw.std((1, 2), ddof=1)).tolist()
out["scores by fraction"] = {str(q): score(author_blur(raw), q).tolist() for q in (0, 0.001, 0.02)}
for name, map_, blur in [
    ("raw, author", raw, author_blur),
    ("calibrated, author", calibrated, author_blur),
    ("raw, scipy", raw, lambda m: np.stack([gaussian_filter(each, 4) for each in m])),
    ("calibrated, scipy", calibrated, lambda m: np.stack([gaussian_filter(each, 4) for each in m])),
]:
    smooth = blur(map_)
    flat = smooth.reshape(-1)
    out[name] = {"score": score(smooth).tolist(), "every 61st": flat[::61].tolist()}
path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "maps.json"
path.write_text(json.dumps(out))
