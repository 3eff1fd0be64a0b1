"""CFA from PyTorch, written from its description. Run by hand: python3 tools/cfa_goldens.py

A small encoder at 64 px: 256 positions of 112 channels. Weights and images come from the hash that test/models/hashed.ts
repeats, so the file holds only results: the forward pass at sampled places, and the losses of 50 training steps, in float32
and in float64: the gap between the two says how much of a difference is rounding alone.

Two trainings: `start` begins with r at 1e-5 as the method does, and in it no centre is near enough to repel; `both` begins
with r² among the distances, so that both terms count. (With r at 2.7 or 3 instead of 2.2 PyTorch's own two precisions part
by 1e-3: too much hangs on who is just within r.)
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, images, sample
from torch_goldens import Encoder

WIDTH, SIZE, BATCH, STEPS, CYCLE = 16, 64, 4, 50, 5
AMONG = 2.2


class Descriptor(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels + 2, channels, 1)

    def forward(self, x):
        n, _, h, w = x.shape
        y_at = torch.linspace(-1, 1, h, dtype=x.dtype).reshape(1, 1, h, 1).expand(n, 1, h, w)
        x_at = torch.linspace(-1, 1, w, dtype=x.dtype).reshape(1, 1, 1, w).expand(n, 1, h, w)
        return self.conv(torch.cat([x, y_at, x_at], 1))


def patch_features(taps):
    size = taps[0].shape[2:]
    pooled = [F.avg_pool2d(t, 3, 1, 1) for t in taps]
    return torch.cat([F.interpolate(t, size, mode="bilinear", align_corners=False) for t in pooled], 1)


def rows(x):
    """[N, C, h, w] -> [N h w, C]."""
    return x.permute(0, 2, 3, 1).flatten(0, 2)


def nearest(x, bank, k):
    """Squared distances to the k nearest rows, summed from differences: nothing cancels."""
    with torch.no_grad():
        near = torch.cdist(x.double(), bank.double()).topk(k, 1, largest=False).indices
    return (x[:, None] - bank[near]).pow(2).sum(2)


def loss_of(described, bank, r):
    d = nearest(rows(described), bank, 6)
    return 1000 * F.relu(d[:, :3] - r**2).mean() + 1000 * F.relu(r**2 - d[:, 3:] - 0.1).mean()


def map_of(described, bank, size):
    n, _, h, w = described.shape
    d = nearest(rows(described), bank, 3).clamp(min=0).sqrt()
    score = F.softmin(d, 1)[:, 0] * d[:, 0]
    return F.interpolate(score.reshape(n, 1, h, w), size, mode="bilinear", align_corners=False)


class Run:
    """Encoder, descriptor as it starts, and the centres: the mean over 20 training images of what it makes of them."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.encoder = Encoder(WIDTH)
        fill(self.encoder, "encoder")
        self.encoder.to(dtype).eval()
        self.descriptor = Descriptor(7 * WIDTH)
        fill(self.descriptor, "descriptor")
        self.descriptor.to(dtype)
        with torch.no_grad():
            mean = sum(self.descriptor(self.features(f"batch {i}")) for i in range(CYCLE)).mean(0, keepdim=True) / CYCLE
        self.bank = rows(mean)

    def features(self, name):
        with torch.no_grad():
            return patch_features(self.encoder(images(name, BATCH, SIZE).to(self.dtype)))


def train(dtype, r_start):
    run = Run(dtype)
    r = nn.Parameter(torch.tensor([r_start], dtype=dtype))
    optimiser = torch.optim.AdamW([*run.descriptor.parameters(), r], lr=1e-3, weight_decay=5e-4, amsgrad=True)
    losses = []
    for step in range(STEPS):
        loss = loss_of(run.descriptor(run.features(f"batch {step % CYCLE}")), run.bank, r)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    weights = {f"descriptor.{name}": sample(t, 32) for name, t in run.descriptor.named_parameters()}
    return losses, {**weights, "descriptor.r": [float(r.detach())]}


def both(r_start):
    losses, weights = train(torch.float32, r_start)
    exact, _ = train(torch.float64, r_start)
    gap = max(abs(a - b) / abs(b) for a, b in zip(losses, exact))
    print(f"r from {r_start}: {losses[0]} to {losses[-1]}, r {weights['descriptor.r']}, float32 from float64 {gap:.1e} of the loss")
    return {"r": r_start, "losses": losses, "float64": exact, "weights": weights}


def tap(t):
    return {"shape": list(t.shape), "norm": float(t.double().norm()), "sample": sample(t)}


def main():
    run = Run(torch.float32)
    with torch.no_grad():
        features = run.features("images")
        described = run.descriptor(features)
        d = nearest(rows(run.descriptor(run.features("batch 0"))), run.bank, 6)
    print("squared distances, mean of the nearest six:", d.mean(0).tolist())
    print("share of positions that repel at the start:", float((d[:, 3:] + 0.1 < AMONG**2).double().mean()))
    out = {
        "size": SIZE, "batch": BATCH, "cycle": CYCLE,
        "features": tap(features), "described": tap(rows(described)), "centres": tap(run.bank),
        "map": tap(map_of(described, run.bank, SIZE)),
        "start": both(1e-5), "both": both(AMONG), "torch": torch.__version__,
    }
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "cfa.json"
    path.write_text(json.dumps(out))


main()
