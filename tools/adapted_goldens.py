"""Features of a narrow ResNet with adapters. Run by hand: python3 tools/adapted_goldens.py

Weights and images come from the hash that test/models/hashed.ts repeats.
"""
import json
import pathlib

import torch
import torch.nn as nn

from hashed import fill, images, sample
from torch_networks import ResNet


class Adapted(ResNet):
    """The ResNet's taps, each through a 1x1 convolution."""

    def __init__(self, base, channels):
        super().__init__([2, 2, 2, 2], 1, 1, base)
        for i, out in enumerate(channels):
            setattr(self, f"adapter{i + 1}", nn.Conv2d(base << i, out, 1))

    def forward(self, x):
        return [getattr(self, f"adapter{i + 1}")(tap) for i, tap in enumerate(super().forward(x))]


def main():
    net = Adapted(32, [24, 40, 112]).eval()
    fill(net, "encoder")
    with torch.no_grad():
        taps = net(images("images", 1, 64))
    described = [{"shape": list(t.shape), "norm": float(t.double().norm()), "sample": sample(t, 24)} for t in taps]
    parameters = sum(p.numel() for p in net.parameters())
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "adapted.json"
    path.write_text(json.dumps({"parameters": parameters, "taps": described}))
    print(parameters, [each["norm"] for each in described])


main()
