"""The project's networks as PyTorch modules, under torchvision's names: for tools/parity.py and tools/torch_peer.py.

`base` is the width of layer1 before `expansion` (1: blocks of two 3x3; 4: 1x1, 3x3, 1x1 with the middle `widen` times).
"""
import functools

import torch
import torch.nn as nn
import torch.nn.functional as F

relu = functools.partial(F.relu, inplace=True)


class Block(nn.Module):
    """torchvision's residual block, plain (two 3x3) or bottleneck (1x1, 3x3, 1x1), at stride 1, 2 or, `up`, one half."""

    def __init__(self, cin, planes, expansion, widen, stride=1, act=relu, up=False):
        super().__init__()
        out, width = planes * expansion, planes * widen

        def spatial(a, b):
            return nn.ConvTranspose2d(a, b, 2, 2, bias=False) if up else nn.Conv2d(a, b, 3, stride, 1, bias=False)

        convs = (
            [spatial(cin, out), nn.Conv2d(out, out, 3, 1, 1, bias=False)] if expansion == 1 else
            [nn.Conv2d(cin, width, 1, bias=False), spatial(width, width), nn.Conv2d(width, out, 1, bias=False)]
        )
        for i, conv in enumerate(convs, 1):
            setattr(self, f"conv{i}", conv)
            setattr(self, f"bn{i}", nn.BatchNorm2d(conv.out_channels))
        self.count, self.act, self.short = len(convs), act, None
        if up:
            self.short = "upsample"
            self.upsample = nn.Sequential(nn.ConvTranspose2d(cin, out, 2, 2, bias=False), nn.BatchNorm2d(out))
        elif stride != 1 or cin != out:
            self.short = "downsample"
            self.downsample = nn.Sequential(nn.Conv2d(cin, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.count:
                y = self.act(y)
        y += getattr(self, self.short)(x) if self.short else x
        return self.act(y)


def stage(cin, planes, count, expansion, widen, stride=1, act=relu, up=False):
    """Blocks of which the first resizes."""
    first = Block(cin, planes, expansion, widen, stride, act, up)
    return nn.Sequential(first, *[Block(planes * expansion, planes, expansion, widen, act=act) for _ in range(count - 1)])


class ResNet(nn.Module):
    """Features of layers 1 to 3; with `classes` the classifier's logits instead."""

    def __init__(self, blocks, expansion, widen, base=64, classes=None):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, base, 7, 2, 3, bias=False), nn.BatchNorm2d(base)
        cin = base
        for i in range(4 if classes else 3):
            planes = base << i
            setattr(self, f"layer{i + 1}", stage(cin, planes, blocks[i], expansion, widen, 1 if i == 0 else 2))
            cin = planes * expansion
        self.fc = nn.Linear(cin, classes) if classes else None

    def forward(self, x):
        x = F.max_pool2d(relu(self.bn1(self.conv1(x))), 3, 2, 1)
        f1 = self.layer1(x)
        f2 = self.layer2(f1)
        f3 = self.layer3(f2)
        return self.fc(self.layer4(f3).mean((2, 3))) if self.fc is not None else [f1, f2, f3]


class Bottleneck(nn.Module):
    """Three scales to one feature."""

    def __init__(self, blocks, expansion, widen, base=64):
        super().__init__()
        e = base * expansion
        for i, (cin, out) in enumerate([(e, 2 * e), (2 * e, 4 * e), (2 * e, 4 * e)], 1):
            setattr(self, f"conv{i}", nn.Conv2d(cin, out, 3, 2, 1, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(out))
        self.bn_layer = stage(12 * e, 8 * base, blocks[3], expansion, widen, 2)

    def forward(self, f):
        a = relu(self.bn2(self.conv2(relu(self.bn1(self.conv1(f[0]))))))
        b = relu(self.bn3(self.conv3(f[1])))
        return self.bn_layer(torch.cat([a, b, f[2]], 1))


class Decoder(nn.Module):
    """One feature back to three scales."""

    def __init__(self, blocks, expansion, widen, base=64, act=F.gelu):
        super().__init__()
        cin = 8 * base * expansion
        for i, planes in enumerate([4 * base, 2 * base, base], 1):
            setattr(self, f"layer{i}", stage(cin, planes, blocks[i - 1], expansion, widen, act=act, up=True))
            cin = planes * expansion

    def forward(self, x):
        g3 = self.layer1(x)
        g2 = self.layer2(g3)
        return [self.layer3(g2), g2, g3]


class RevDist(nn.Module):
    """Images to the frozen encoder's features and what bottleneck and decoder rebuild of them."""

    def __init__(self, blocks, expansion, widen, base=64, act=F.gelu):
        super().__init__()
        self.encoder = ResNet(blocks, expansion, widen, base).requires_grad_(False)
        self.bottleneck = Bottleneck(blocks, expansion, widen, base)
        self.decoder = Decoder(blocks, expansion, widen, base, act)

    def train(self, mode=True):
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, x):
        with torch.no_grad():
            features = self.encoder(x)
        return features, self.decoder(self.bottleneck(features))
