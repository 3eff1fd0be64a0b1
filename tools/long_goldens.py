"""Losses of longer trainings from PyTorch, full width. Run by hand: python3 tools/long_goldens.py [name...]

wide_resnet50_2 at 64 px, 50 steps; resnet18 at 128 px, 100 steps; the regressor without dropout, 200 SGD steps. The
networks in float32 and in float64: the gap between the two says how much of a difference is PyTorch's own rounding.
Weights and images come from the hash that test/models/hashed.ts repeats. `LONG=1` makes test/models/long.test.ts run
them all. PyTorch needs a real BLAS for float64: with the reference one a wide step takes minutes, with OpenBLAS seconds.

A decoder of 39 convolutions with weights drawn at random multiplies a rounding error of its input by 16 on its way, and
AdamW's first steps, which follow the signs of gradients, amplify it again: "wide_resnet50_2 as drawn" measures PyTorch
against itself rather than anything else. Two things of trained networks make a start that can be compared for 50 steps:
`branch` scales the last batch norm of each trained residual block to a sixteenth, and the frozen encoder's batch norms hold
the statistics of what runs through them (`statistics`; test/goldens/models/long_statistics.safetensors). With statistics
drawn at random the features of all images are nearly the same, and the bottleneck's gradients are rounding error.
docs/journal/parity.md has what else was tried.
"""
import itertools
import json
import pathlib
import re
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as models

from hashed import fill, hashed, images
from parity import write_safetensors
from torch_goldens import Bottleneck, Decoder


class Wide(nn.Module):
    """A bottleneck block: 1x1, 3x3 (or 2x2 transposed), 1x1."""

    def __init__(self, cin, width, out, stride=1, act=F.relu, up=False):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(cin, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.ConvTranspose2d(width, width, 2, 2, bias=False) if up else nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2, self.conv3, self.bn3, self.act = nn.BatchNorm2d(width), nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out), act
        if up:
            self.upsample = nn.Sequential(nn.ConvTranspose2d(cin, out, 2, 2, bias=False), nn.BatchNorm2d(out))
        elif stride != 1 or cin != out:
            self.downsample = nn.Sequential(nn.Conv2d(cin, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.act(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(self.act(self.bn2(self.conv2(y)))))
        short = getattr(self, "upsample", None) or getattr(self, "downsample", None)
        return self.act(y + (short(x) if short else x))


class WideBottleneck(nn.Module):
    def __init__(self):
        super().__init__()
        for i, (cin, out) in enumerate([(256, 512), (512, 1024), (512, 1024)], 1):
            setattr(self, f"conv{i}", nn.Conv2d(cin, out, 3, 2, 1, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(out))
        self.bn_layer = nn.Sequential(Wide(3072, 1024, 2048, 2), Wide(2048, 1024, 2048), Wide(2048, 1024, 2048))

    forward = Bottleneck.forward


class WideDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        cin, g = 2048, F.gelu
        for i, (width, out, blocks) in enumerate([(512, 1024, 3), (256, 512, 4), (128, 256, 6)], 1):
            rest = [Wide(out, width, out, act=g) for _ in range(blocks - 1)]
            setattr(self, f"layer{i}", nn.Sequential(Wide(cin, width, out, act=g, up=True), *rest))
            cin = out

    forward = Decoder.forward


class Taps(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        n = self.net
        f1 = n.layer1(n.maxpool(n.relu(n.bn1(n.conv1(x)))))
        f2 = n.layer2(f1)
        return [f1, f2, n.layer3(f2)]


LAST_NORM = re.compile(r"layer\d?\.\d+\.bn3\.weight$")


def statistics(encoder, size, batch):
    """Mean and variance before each batch norm of the encoder's layers 1 to 3, over the five batches, in half precision."""
    fill(encoder, "encoder")
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            module.reset_running_stats()
    encoder.train()
    with torch.no_grad():
        for k in range(5):
            Taps(encoder)(images(f"batch {k}", batch, size))
    return {name: t.half() for name, t in encoder.named_buffers() if "running" in name and not name.startswith("layer4")}


def train(encoder, neck, decoder, size, batch, branch, measured, dtype):
    """Yields one loss a step. `measured`: the encoder's running statistics, where not as drawn."""
    for module, name in [(encoder, "encoder"), (neck, "bottleneck"), (decoder, "decoder")]:
        fill(module, name)
    for module in [neck, decoder]:
        for name, tensor in module.named_parameters():
            if LAST_NORM.search(name):
                tensor.data.mul_(branch)
    encoder.load_state_dict({name: t.float() for name, t in measured.items()}, strict=False)
    encoder.to(dtype).eval(), neck.to(dtype).train(), decoder.to(dtype).train()
    with torch.no_grad():
        # Five batches in turn; the encoder is frozen, so its features are taken once.
        taps = [Taps(encoder)(images(f"batch {k}", batch, size).to(dtype)) for k in range(5)]
    optimiser = torch.optim.AdamW(list(neck.parameters()) + list(decoder.parameters()), lr=2e-3, betas=(0.9, 0.999), weight_decay=1e-5)
    for step in itertools.count():
        f = taps[step % 5]
        g = decoder(neck(f))
        loss = sum((1 - F.cosine_similarity(a.flatten(1), b.flatten(1))).mean() for a, b in zip(f, g))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield float(loss.detach())


def both(build, size, batch, steps, branch=1.0, measured=None):
    """The same training in float32 and in float64, side by side."""
    runs = [train(*build(), size, batch, branch, measured or {}, dtype) for dtype in [torch.float32, torch.float64]]
    losses = []
    for step in range(steps):
        losses.append([next(run) for run in runs])
        print(f"step {step}: {losses[-1][1]:.6f}, float32 from it {abs(losses[-1][0] - losses[-1][1]):.1e}", flush=True)
    single, double = (list(run) for run in zip(*losses))
    return {"size": size, "batch": batch, "branch": branch, "losses": single, "float64": double}


def regressor(channels=512, side=2, batch=8, steps=200, alpha=0.1, salt="132"):
    """methods.md 7.3 without dropout, on features and targets from the hash.

    The salt is, of 257, the one with which in float64 no ReLU's input comes nearer to 0 than 3e-6: where rounding decides a
    sign, the losses part by 1e-3 within a hundred steps.
    """
    runs = [regressor_losses(channels, side, batch, steps, alpha, salt, dtype) for dtype in [torch.float32, torch.float64]]
    return {"channels": channels, "side": side, "batch": batch, "salt": salt, "losses": runs[0], "float64": runs[1]}


def regressor_losses(channels, side, batch, steps, alpha, salt, dtype):
    conv, bn = nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels)
    fc1, fc2 = nn.Linear(channels, 256), nn.Linear(256, 2)
    net = nn.ModuleDict({"conv": conv, "bn": bn, "fc1": fc1, "fc2": fc2}).train()
    fill(net, "regressor")
    net.to(dtype)
    optimiser = torch.optim.SGD(net.parameters(), lr=5e-2, momentum=0.9, weight_decay=1e-4)
    losses = []
    for step in range(steps):
        # Like a bottleneck's feature and a map's statistics. Targets at odds with each other make the training chaotic:
        # PyTorch's own float32 and float64 then part by 0.4.
        drawn = torch.from_numpy(hashed(f"feature {salt} {step % 5}", batch * channels * side * side))
        x = F.relu(drawn.reshape(batch, channels, side, side)).to(dtype)
        drawn = torch.from_numpy(hashed(f"target {salt} {step % 5}", batch * 2)).reshape(batch, 2)
        target = (0.5 + 0.1 * drawn).to(dtype)
        y = fc2(F.relu(fc1(F.relu(bn(conv(x))).mean((2, 3)))))
        loss = sum(F.smooth_l1_loss(y[:, i], target[:, i], beta=alpha) for i in range(2))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return losses


def small():
    return models.resnet18(), Bottleneck(64), Decoder(64)


def wide():
    return models.wide_resnet50_2(), WideBottleneck(), WideDecoder()


def measured_wide():
    measured = statistics(wide()[0], size=64, batch=16)
    write_safetensors(GOLDENS / "long_statistics.safetensors", {f"encoder.{name}": t for name, t in measured.items()})
    return both(wide, size=64, batch=16, steps=50, branch=1 / 16, measured=measured)


GOLDENS = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models"
RUNS = {
    "regressor": regressor,
    "resnet18": lambda: both(small, size=128, batch=4, steps=100),
    "wide_resnet50_2": measured_wide,
    "wide_resnet50_2 as drawn": lambda: both(wide, size=64, batch=4, steps=50),
}


def main():
    path = GOLDENS / "long.json"
    out = json.loads(path.read_text())
    for name in sys.argv[1:] or RUNS:
        run = out[name] = {**RUNS[name](), "torch": torch.__version__}
        path.write_text(json.dumps(out))
        gap = max(abs(a - b) for a, b in zip(run["losses"], run.get("float64", run["losses"])))
        print(name, run["losses"][0], run["losses"][-1], f"float32 from float64 {gap:.1e}", flush=True)


main()
