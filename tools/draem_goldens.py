"""DRAEM from PyTorch, written from methods.md 8.3. Run by hand: python3 tools/draem_goldens.py

Narrow networks; weights, images and masks come from the hash that test/models/hashed.ts repeats, so the file holds only
results: SSIM and focal loss with places of their gradients, places of both networks' results in evaluation, and the losses of
50 training steps in float32 and in float64: the gap between the two is what rounding alone does to this training.

The batch norms start at about 0.5 x + 1, so that most ReLUs pass. From the hash's plain start (about x) each of the forty layers
enlarges what rounding did before it, Adam's first steps go by the sign of such gradients, and PyTorch's own two precisions
part by 6e-4 in the second step and by 4e-2 in the tenth.
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, hashed64, sample

WIDTH, SIZE, BATCH, STEPS, CYCLE, RATE = 8, 64, 4, 50, 5, 1e-4


def stage(cin, *channels):
    layers = []
    for c in channels:
        layers += [nn.Conv2d(cin, c, 3, padding=1), nn.BatchNorm2d(c), nn.ReLU()]
        cin = c
    return nn.Sequential(*layers)


def up(cin, c):
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), *stage(cin, c))


class Contract(nn.Module):
    def __init__(self, cin, channels):
        super().__init__()
        for i, c in enumerate(channels, 1):
            self.add_module(f"block{i}", stage(cin, c, c))
            cin = c

    def forward(self, x):
        levels = []
        for block in self.children():
            x = block(F.max_pool2d(x, 2) if levels else x)
            levels.append(x)
        return levels


class Reconstructive(nn.Module):
    def __init__(self, b):
        super().__init__()
        self.encoder = Contract(3, [b, 2 * b, 4 * b, 8 * b, 8 * b])
        d, cin = {}, 8 * b
        for i, c in enumerate([4 * b, 2 * b, b, b], 1):
            d[f"up{i}"], d[f"db{i}"] = up(cin, cin), stage(cin, cin, c)
            cin = c
        self.decoder = nn.ModuleDict({**d, "out": nn.Conv2d(b, 3, 3, padding=1)})

    def forward(self, x):
        levels, d = self.encoder(x), self.decoder
        y = levels[-1]
        for i in range(1, 5):
            y = d[f"db{i}"](d[f"up{i}"](y))
        return d["out"](y), levels[-1]


class Discriminative(nn.Module):
    def __init__(self, b):
        super().__init__()
        widths = [b, 2 * b, 4 * b, 8 * b, 8 * b, 8 * b]
        self.encoder = Contract(6, widths)
        d, cin = {}, 8 * b
        for i, (c, skip) in enumerate(zip([8 * b, 4 * b, 2 * b, b, b], widths[-2::-1]), 1):
            d[f"up{i}"], d[f"db{i}"] = up(cin, c), stage(c + skip, c, c)
            cin = c
        self.decoder = nn.ModuleDict({**d, "out": nn.Conv2d(b, 2, 3, padding=1)})

    def forward(self, x):
        levels, d = self.encoder(x), self.decoder
        y = levels.pop()
        for i in range(1, 6):
            y = d[f"db{i}"](torch.cat([d[f"up{i}"](y), levels.pop()], 1))
        return d["out"](y)


def ssim(x, y):
    """One dense 11 x 11 window a channel."""
    t = torch.exp(-((torch.arange(11, dtype=x.dtype) - 5) ** 2) / (2 * 1.5**2))
    t = t / t.sum()
    window = torch.outer(t, t).expand(x.shape[1], 1, 11, 11)
    mean = lambda v: F.conv2d(v, window, padding=5, groups=x.shape[1])
    mx, my = mean(x), mean(y)
    vx, vy, both = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    return ((2 * mx * my + c1) * (2 * both + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))).mean()


def focal(logits, mask):
    p = torch.softmax(logits, 1)
    target = torch.cat([1 - mask, mask], 1).clamp(1e-5, 1 - 1e-5)
    pt = (target * p).sum(1) + 1e-5
    return -((1 - pt) ** 2 * pt.log()).mean()


def unit(name, *shape):
    """Values in [0, 1)."""
    n = 1
    for s in shape:
        n *= s
    return torch.from_numpy((hashed64(name, n) + 1) / 2).float().reshape(shape)


def batch(k):
    """Clean images, the same with a part replaced, and which part: in RGB. A part of whole 8 x 8 blocks."""
    clean = unit(f"clean {k}", BATCH, 3, SIZE, SIZE)
    blocks = (unit(f"mask {k}", BATCH, 1, SIZE // 8, SIZE // 8) > 0.8).float()
    mask = blocks.repeat_interleave(8, 2).repeat_interleave(8, 3)
    return torch.where(mask > 0, unit(f"other {k}", BATCH, 3, SIZE, SIZE), clean), clean, mask


def networks(dtype):
    rec, dis = Reconstructive(WIDTH), Discriminative(WIDTH // 2)
    fill(rec, "reconstruction"), fill(dis, "discrimination")
    for m in [*rec.modules(), *dis.modules()]:
        if isinstance(m, nn.BatchNorm2d):
            m.weight.data *= 0.5
            m.bias.data += 1
    return rec.to(dtype), dis.to(dtype)


def train(dtype):
    rec, dis = networks(dtype)
    rec.train(), dis.train()
    optimiser = torch.optim.Adam(list(rec.parameters()) + list(dis.parameters()), lr=RATE)
    losses = []
    for step in range(STEPS):
        images, clean, mask = (v.to(dtype) for v in batch(step % CYCLE))
        images, clean = images.flip(1), clean.flip(1)  # BGR
        made, _ = rec(images)
        logits = dis(torch.cat([made, images], 1))
        loss = F.mse_loss(made, clean) + (1 - ssim(made, clean)) + focal(logits, mask)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def of_losses():
    x, y = unit("ssim x", 2, 3, 24, 20).requires_grad_(), unit("ssim y", 2, 3, 24, 20)
    z, m = (4 * unit("focal z", 2, 2, 9, 7)).requires_grad_(), (unit("focal m", 2, 1, 9, 7) > 0.7).float()
    s, f = ssim(x, y), focal(z, m)
    s.backward(), f.backward()
    return {"ssim": s.item(), "ssimGrad": sample(x.grad), "focal": f.item(), "focalGrad": sample(z.grad)}


def of_networks():
    rec, dis = networks(torch.float32)
    rec.eval(), dis.eval()
    images = batch(0)[0].flip(1)
    with torch.no_grad():
        made, neck = rec(images)
        p = torch.softmax(dis(torch.cat([made, images], 1)), 1)[:, 1:]
        score = F.avg_pool2d(p, 21, 1, 10).amax((1, 2, 3))
    return {"embedding": sample(F.avg_pool2d(neck, 2)), "map": sample(p), "score": [float(v) for v in score]}


def main():
    single, double = train(torch.float32), train(torch.float64)
    print("first and last loss", single[0], single[-1], "float32 from float64", max(abs(a - b) for a, b in zip(single, double)))
    out = {
        "width": WIDTH, "size": SIZE, "batch": BATCH, "cycle": CYCLE, "lr": RATE,
        **of_losses(), **of_networks(), "losses": single, "float64": double,
    }
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "draem.json"
    path.write_text(json.dumps(out))


main()
