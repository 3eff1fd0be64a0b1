"""UniAD from PyTorch, written from its description. Run by hand: python3 tools/uniad_goldens.py

A small encoder at 128 px: 8 x 8 tokens of 112 channels, so that the 7 x 7 neighbours leave every token some others. Weights
and images come from the hash that test/models/hashed.ts repeats, so the file holds only results: the forward pass at
sampled places, and the losses of 50 training steps without dropout and jitter, with the gradients' norm clipped at 0.1, in
float32 and in float64: the gap between the two says how much of a difference is rounding alone.
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, images, sample
from torch_goldens import Encoder

WIDTH, SIZE, BATCH, STEPS, CYCLE = 16, 128, 2, 50, 5
GRID, HIDDEN, HEADS, INNER, LAYERS, WINDOW = SIZE // 16, 256, 8, 1024, 4, 7


def neighbour_mask():
    """Minus infinity where a token would see itself or one of the window around it."""
    y, x = torch.meshgrid(torch.arange(GRID), torch.arange(GRID), indexing="ij")
    y, x = y.reshape(-1), x.reshape(-1)
    near = ((y[:, None] - y[None]).abs() <= WINDOW // 2) & ((x[:, None] - x[None]).abs() <= WINDOW // 2)
    return torch.zeros(GRID * GRID, GRID * GRID).masked_fill(near, float("-inf"))


class Feed(nn.Module):
    """What both kinds of layers end with; norms are those of the layer."""

    def attend(self, which, q, k, v, mask):
        return which(q, k, v, attn_mask=mask, need_weights=False)[0]

    def feed(self, x, norm):
        return norm(x + self.linear2(F.relu(self.linear1(x))))


class EncoderLayer(Feed):
    def __init__(self):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(HIDDEN, HEADS, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(HIDDEN, INNER), nn.Linear(INNER, HIDDEN)
        self.norm1, self.norm2 = nn.LayerNorm(HIDDEN), nn.LayerNorm(HIDDEN)

    def forward(self, x, pos, mask):
        x = self.norm1(x + self.attend(self.self_attn, x + pos, x + pos, x, mask))
        return self.feed(x, self.norm2)


class DecoderLayer(Feed):
    def __init__(self):
        super().__init__()
        self.learned_embed = nn.Embedding(GRID * GRID, HIDDEN)
        self.self_attn = nn.MultiheadAttention(HIDDEN, HEADS, batch_first=True)
        self.multihead_attn = nn.MultiheadAttention(HIDDEN, HEADS, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(HIDDEN, INNER), nn.Linear(INNER, HIDDEN)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(HIDDEN) for _ in range(3))

    def forward(self, x, memory, pos, mask):
        asked = self.learned_embed.weight.expand(x.shape[0], -1, -1)
        asked = self.norm1(asked + self.attend(self.self_attn, asked + pos, memory + pos, memory, mask))
        asked = self.norm2(asked + self.attend(self.multihead_attn, asked + pos, x + pos, x, mask))
        return self.feed(asked, self.norm3)


def stack(layer):
    held = nn.Module()
    held.layers = nn.ModuleList(layer() for _ in range(LAYERS))
    return held


class Reconstruction(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.pos_embed = nn.Module()
        self.pos_embed.row_embed = nn.Embedding(GRID, HIDDEN // 2)
        self.pos_embed.col_embed = nn.Embedding(GRID, HIDDEN // 2)
        self.transformer = nn.Module()
        self.transformer.encoder = stack(EncoderLayer)
        self.transformer.decoder = stack(DecoderLayer)
        self.transformer.decoder.norm = nn.LayerNorm(HIDDEN)
        self.input_proj, self.output_proj = nn.Linear(channels, HIDDEN), nn.Linear(HIDDEN, channels)
        # No buffer: those are filled from the hash.
        self.mask = neighbour_mask()

    def forward(self, features):
        n, c, h, w = features.shape
        column = self.pos_embed.col_embed.weight[None].expand(h, -1, -1)
        row = self.pos_embed.row_embed.weight[:, None].expand(-1, w, -1)
        pos = torch.cat([column, row], 2).reshape(1, h * w, HIDDEN)
        x = self.input_proj(features.flatten(2).permute(0, 2, 1))
        mask = self.mask.to(x.dtype)
        for layer in self.transformer.encoder.layers:
            x = layer(x, pos, mask)
        out = x
        for layer in self.transformer.decoder.layers:
            out = layer(out, x, pos, mask)
        rebuilt = self.output_proj(self.transformer.decoder.norm(out))
        as_map = lambda t: t.permute(0, 2, 1).reshape(n, -1, h, w)
        return as_map(x), as_map(rebuilt)


class Run:
    def __init__(self, dtype):
        self.dtype = dtype
        self.encoder = Encoder(WIDTH)
        fill(self.encoder, "encoder")
        self.encoder.to(dtype).eval()
        self.reconstruction = Reconstruction(7 * WIDTH)
        fill(self.reconstruction, "reconstruction")
        self.reconstruction.to(dtype)

    def features(self, name):
        with torch.no_grad():
            taps = self.encoder(images(name, BATCH, SIZE).to(self.dtype))
            size = taps[-1].shape[2:]
            return torch.cat([F.interpolate(t, size, mode="bilinear", align_corners=True) for t in taps], 1)


def train(dtype):
    run = Run(dtype)
    parameters = list(run.reconstruction.parameters())
    optimiser = torch.optim.AdamW(parameters, lr=3e-4, weight_decay=1e-4)
    losses, norms = [], []
    for step in range(STEPS):
        features = run.features(f"batch {step % CYCLE}")
        loss = F.mse_loss(run.reconstruction(features)[1], features)
        optimiser.zero_grad()
        loss.backward()
        norms.append(float(nn.utils.clip_grad_norm_(parameters, 0.1)))
        optimiser.step()
        losses.append(float(loss.detach()))
    weights = {f"reconstruction.{n}": sample(t, 16) for n, t in run.reconstruction.named_parameters()}
    return losses, norms, weights


def tap(t):
    return {"shape": list(t.shape), "norm": float(t.double().norm()), "sample": sample(t)}


def maps_of(features, rebuilt):
    difference = (features - rebuilt).pow(2)
    plain = F.interpolate(difference.mean(1, keepdim=True), SIZE, mode="bilinear", align_corners=False)
    authors = F.interpolate(difference.sum(1, keepdim=True).sqrt(), SIZE, mode="bilinear", align_corners=True)
    score = F.avg_pool2d(authors, 16, stride=1).flatten(1).max(1).values
    return plain, authors, score


def main():
    run = Run(torch.float32)
    with torch.no_grad():
        features = run.features("images")
        memory, rebuilt = run.reconstruction(features)
        plain, authors, score = maps_of(features, rebuilt)
    losses, norms, weights = train(torch.float32)
    exact, _, _ = train(torch.float64)
    gap = max(abs(a - b) / abs(b) for a, b in zip(losses, exact))
    print(f"losses {losses[0]} to {losses[-1]}, norms {min(norms)} to {max(norms)}, float32 from float64 {gap:.1e} of the loss")
    out = {
        "size": SIZE, "batch": BATCH, "cycle": CYCLE,
        "features": tap(features), "memory": tap(memory), "rebuilt": tap(rebuilt),
        "map": tap(plain), "authorsMap": tap(authors), "authorsScore": [float(v) for v in score],
        "losses": losses, "float64": exact, "norms": norms, "weights": weights, "torch": torch.__version__,
    }
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "uniad.json"
    path.write_text(json.dumps(out))


main()
