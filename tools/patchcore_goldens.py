"""PatchCore from PyTorch, written from spec/methods.md 8.1. Run by hand: python3 tools/patchcore_goldens.py

Features as unfolded patches and adaptive pooling, step by step; the greedy coreset in float64 for a given projection and
given starts; patch scores, maps and image scores of both variants. Weights, images and the projection come from the hash that
test/models/hashed.ts repeats.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from hashed import fill, hashed, images, sample
from torch_goldens import Encoder

SIZE, TRAIN, TEST, WIDTH, PROJECTED, FRACTION = 64, 6, 2, 16, 128, 0.1
STARTS = [5, 17, 40, 66, 101, 150, 222, 301, 302, 383]


def unfolded(tap):
    """[N, C, h, w] -> [N, h, w, C, 3, 3]: patches of stride 1, zeros around."""
    n, c, h, w = tap.shape
    return F.unfold(tap, 3, padding=1).reshape(n, c, 3, 3, h, w).permute(0, 4, 5, 1, 2, 3)


def patch_vectors(fine, coarse):
    h, w = fine.shape[2:]
    a, b = unfolded(fine), unfolded(coarse)
    n, ch, cw, c = b.shape[:4]
    grid = b.permute(0, 3, 4, 5, 1, 2).reshape(n, c * 9, ch, cw)
    b = F.interpolate(grid, size=(h, w), mode="bilinear", align_corners=False).permute(0, 2, 3, 1).reshape(n * h * w, c * 9)
    a = a.reshape(n * h * w, -1)
    both = [F.adaptive_avg_pool1d(x.unsqueeze(1), 1024).squeeze(1) for x in (a, b)]
    return F.adaptive_avg_pool1d(torch.stack(both, 1).reshape(len(a), 1, 2048), 1024).squeeze(1)


def channel_vectors(fine, coarse):
    """The other variant: neighbourhood means, channels side by side."""
    a, b = (F.avg_pool2d(t, 3, 1, 1) for t in (fine, coarse))
    both = torch.cat([a, F.interpolate(b, size=a.shape[2:], mode="bilinear", align_corners=False)], 1)
    return both.permute(0, 2, 3, 1).reshape(-1, both.shape[1])


def greedy(rows, projection, starts, count):
    """Order of the picks, and by how much the closest of them was farther than the next candidate."""
    low = rows.double() @ projection.double().T
    anchors = torch.cdist(low, low[starts], compute_mode="donot_use_mm_for_euclid_dist").mean(1)
    picked, gap = [], 1.0
    for _ in range(count):
        top = anchors.topk(2).values
        gap = min(gap, float((top[0] - top[1]) / top[0]))
        i = int(anchors.argmax())
        picked.append(i)
        anchors = torch.minimum(anchors, (low - low[i]).norm(dim=1))
    return picked, gap


def finish(places, score):
    n = len(places)
    up = F.interpolate(places, size=(SIZE, SIZE), mode="bilinear", align_corners=False)
    return {"places": places.reshape(n, -1).tolist(), "map": sample(up, 64), "scores": score.tolist()}


def published(rows, bank, n):
    places = torch.cdist(rows, bank, compute_mode="donot_use_mm_for_euclid_dist").square().min(1).values.reshape(n, 1, SIZE // 8, -1)
    return finish(places, places.amax((1, 2, 3)))


def weighed(rows, bank, n, k=9):
    distances = torch.cdist(rows, bank, compute_mode="donot_use_mm_for_euclid_dist")
    nearest = distances.min(1)
    places = nearest.values.reshape(n, -1)
    scores = []
    for i in range(n):
        at = i * places.shape[1] + int(places[i].argmax())
        around = (bank - bank[nearest.indices[at]]).norm(dim=1).topk(k, largest=False).indices
        weight = 1 - torch.softmax((bank[around] - rows[at]).norm(dim=1), 0)[0]
        scores.append(weight * places[i].max())
    return finish(places.reshape(n, 1, SIZE // 8, -1), torch.stack(scores))


def main():
    encoder = Encoder(WIDTH).eval()
    fill(encoder, "encoder")
    encoder.double()
    with torch.no_grad():
        taps = [encoder(images(name, n, SIZE).double())[1:] for name, n in [("train", TRAIN), ("test", TEST)]]
        out = {"size": SIZE, "train": TRAIN, "test": TEST, "starts": STARTS, "variants": {}}
        for name, vectors, score in [("published", patch_vectors, published), ("anomalib", channel_vectors, weighed)]:
            rows, tests = (vectors(*t) for t in taps)
            projection = torch.from_numpy(hashed(f"projection {name}", PROJECTED * rows.shape[1]).reshape(PROJECTED, -1)) / np.sqrt(rows.shape[1])
            picked, gap = greedy(rows, projection, STARTS, int(len(rows) * FRACTION))
            print(name, tuple(rows.shape), "closest pick led by", gap)
            out["variants"][name] = {"width": rows.shape[1], "features": sample(rows, 96), "picked": picked, **score(tests, rows[picked], TEST)}
        wide = [torch.from_numpy(hashed(n, c * s * s).reshape(1, c, s, s)).double() for n, c, s in [("fine", 512, 6), ("coarse", 1024, 3)]]
        out["wide"] = sample(patch_vectors(*wide), 512)
        odd = [torch.from_numpy(hashed(n, c * s * s).reshape(1, c, s, s)).double() for n, c, s in [("odd fine", 48, 5), ("odd coarse", 96, 3)]]
        out["odd"] = sample(patch_vectors(*odd), 512)
    path = pathlib.Path(__file__).parent.parent / "test/goldens/models/patchcore.json"
    rounded = json.loads(json.dumps(out), parse_float=lambda t: float(f"{float(t):.9g}"))
    path.write_text(json.dumps(rounded) + "\n")


if __name__ == "__main__":
    main()
