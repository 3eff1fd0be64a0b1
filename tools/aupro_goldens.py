"""Goldens for src/metrics/aupro.ts from scikit-image and scikit-learn. Run by hand: python3 tools/aupro_goldens.py

Both definitions written down plainly: one pass over all pixels per threshold, regions by skimage.measure.
"""
import json
import pathlib

import numpy as np
from skimage.measure import label, regionprops
from sklearn.metrics import auc

LIMIT = 0.3


def overlaps(flagged, mask):
    """Share of each 8-connected region of `mask` that is flagged."""
    regions = regionprops(label(mask, connectivity=2))
    return [flagged[tuple(r.coords.T)].mean() for r in regions]


def dataset(maps, masks):
    normal = maps[masks == 0]
    points = [(0.0, 0.0)]
    for threshold in sorted(set(maps.ravel().tolist()), reverse=True):
        each = [o for m, k in zip(maps, masks) for o in overlaps(m >= threshold, k)]
        points.append((float((normal >= threshold).mean()), float(np.mean(each))))
    rate, overlap = np.array(points).T
    inside = rate < LIMIT
    # Where several points share a rate, the interpolation must start at the last of them.
    after = int(inside.sum())
    share = (LIMIT - rate[after - 1]) / (rate[after] - rate[after - 1])
    edge = overlap[after - 1] + share * (overlap[after] - overlap[after - 1])
    return auc(np.append(rate[inside], LIMIT), np.append(overlap[inside], edge)) / LIMIT


def rd4ad(scores, mask):
    low, high = float(scores.min()), float(scores.max())
    points = []
    for i in range(200):
        flagged = scores.astype(np.float64) > low + i * ((high - low) / 200)
        rate = float(flagged[mask == 0].mean())
        if rate < LIMIT:
            points.append((rate, float(np.mean(overlaps(flagged, mask)))))
    rate, overlap = np.array(points).T
    return auc(rate / rate.max(), overlap)


rng = np.random.default_rng(11)


def mask_of(height, width, blobs):
    mask = np.zeros((height, width), np.uint8)
    for _ in range(blobs):
        y, x = rng.integers(0, height - 2), rng.integers(0, width - 2)
        mask[y:y + rng.integers(1, 5), x:x + rng.integers(1, 5)] = 1
    # A diagonal pair: one region under 8-connectivity, two under 4.
    if blobs:
        mask[-1, 0] = mask[-2, 1] = 1
    return mask


cases = []
for name, levels, strength, images in [
    ("a few levels, so many ties", 6, 1.0, 5),
    ("continuous scores", 0, 1.0, 4),
    ("scores that know nothing", 0, 0.0, 3),
    ("negative scores, strong", 40, 3.0, 3),
    ("constant scores", 1, 0.0, 2),
]:
    height, width = 18, 23
    maps, masks = [], []
    for i in range(images):
        mask = mask_of(height, width, 0 if i == 0 else int(rng.integers(1, 5)))
        noise = rng.normal(0, 1, (height, width)) + strength * mask
        if levels == 1:
            noise[:] = 0.25
        elif levels:
            noise = np.round(noise * levels / 4) / levels - 0.5
        maps.append(noise.astype(np.float32))
        masks.append(mask)
    maps, masks = np.stack(maps), np.stack(masks)
    cases.append({
        "name": name,
        "width": width,
        "scores": [[float(s) for s in m.ravel()] for m in maps],
        "masks": ["".join(map(str, m.ravel())) for m in masks],
        "regions": [int(label(m, connectivity=2).max()) for m in masks],
        "dataset": float(dataset(maps, masks)),
        "rd4ad": None if levels == 1 else float(np.mean([rd4ad(m, k) for m, k in zip(maps, masks) if k.any()])),
    })
out = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "metrics" / "aupro.json"
out.write_text(json.dumps(cases))
for case in cases:
    print(f"{case['name']}: dataset {case['dataset']:.6f}, rd4ad {case['rd4ad']}")
