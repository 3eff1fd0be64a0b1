"""Features of every encoder from torchvision. Run by hand: /usr/bin/python3 tools/encoder_goldens.py

Weights and images come from the hash that test/models/hashed.ts repeats, under the names this engine uses, which are
torchvision's: the file holds only the norm and 64 samples of each tap.
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.models as models

from hashed import fill, images, sample


class Frozen(nn.Module):
    """A convolution with the padding of a 380 px image, or of its own input."""

    def __init__(self, conv, pad):
        super().__init__()
        self.weight, self.stride, self.groups, self.pad = conv.weight, conv.stride, conv.groups, pad

    def forward(self, x):
        pad = self.pad
        if pad is None:
            k, s = self.weight.shape[-1], self.stride[0]
            total = max(0, (-(-x.shape[-1] // s) - 1) * s + k - x.shape[-1])
            pad = (total // 2, total - total // 2)
        return F.conv2d(F.pad(x, (*pad, *pad)), self.weight, None, self.stride, 0, 1, self.groups)


def efficientnet(eps, padding):
    net = models.efficientnet_b4()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = eps
    fill(net.features, "features")
    if padding != "symmetric":
        # methods.md 6.1: (0, 1) in the stem, blocks 2 and 10; (2, 2) in block 6.
        frozen = {(0, 0): (0, 1), (2, 0): (0, 1), (3, 0): (2, 2), (4, 0): (0, 1)}
        for stage, block in frozen:
            holder = net.features[stage] if stage == 0 else net.features[stage][block].block[1]
            holder[0] = Frozen(holder[0], frozen[stage, block] if padding == "same380" else None)
    return net


def taps_of_efficientnet(net, x):
    out = []
    for i in range(6):
        x = net.features[i](x)
        if i in (1, 2, 3, 5):
            out.append(x)
    return out


def taps_of_resnet(net, x):
    x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
    f1 = net.layer1(x)
    f2 = net.layer2(f1)
    return [f1, f2, net.layer3(f2)]


def main():
    out = {}
    with torch.no_grad():
        for name in ["resnet18", "resnet34", "resnet50", "wide_resnet50_2"]:
            net = getattr(models, name)().eval()
            fill(net, "encoder")
            out[name] = [describe(t) for t in taps_of_resnet(net, images("images", 1, 256))]
        for name, eps, padding in [
            ("efficientnet_b4", 1e-5, "symmetric"),
            ("efficientnet_b4_same380", 1e-3, "same380"),
            ("efficientnet_b4_same", 1e-3, "same"),
        ]:
            net = efficientnet(eps, padding).eval()
            out[name] = [describe(t) for t in taps_of_efficientnet(net, images("images", 1, 224))]
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "encoders.json"
    path.write_text(json.dumps(out))
    print({name: [tap["norm"] for tap in taps] for name, taps in out.items()})


def describe(t):
    return {"shape": list(t.shape), "norm": float(t.double().norm()), "sample": sample(t)}


main()
