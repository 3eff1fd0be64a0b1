"""Goldens for the networks and for RevDist training from PyTorch. Run by hand: /usr/bin/python3 tools/torch_goldens.py

Weights and images come from a hash of (name, index) that test/models/hashed.ts repeats, so the file holds only
results: features at sampled places, 20 losses, and sampled weights after the last step.
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, images, sample


class Basic(nn.Module):
    def __init__(self, cin, c, stride=1, act=F.relu, up=False):
        super().__init__()
        self.conv1 = nn.ConvTranspose2d(cin, c, 2, 2, bias=False) if up else nn.Conv2d(cin, c, 3, stride, 1, bias=False)
        self.bn1, self.conv2, self.bn2, self.act = nn.BatchNorm2d(c), nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c), act
        if up:
            self.upsample = nn.Sequential(nn.ConvTranspose2d(cin, c, 2, 2, bias=False), nn.BatchNorm2d(c))
        elif stride != 1 or cin != c:
            self.downsample = nn.Sequential(nn.Conv2d(cin, c, 1, stride, bias=False), nn.BatchNorm2d(c))

    def forward(self, x):
        y = self.bn2(self.conv2(self.act(self.bn1(self.conv1(x)))))
        short = getattr(self, "upsample", None) or getattr(self, "downsample", None)
        return self.act(y + (short(x) if short else x))


class Encoder(nn.Module):
    def __init__(self, b):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, b, 7, 2, 3, bias=False), nn.BatchNorm2d(b)
        self.layer1 = nn.Sequential(Basic(b, b), Basic(b, b))
        self.layer2 = nn.Sequential(Basic(b, 2 * b, 2), Basic(2 * b, 2 * b))
        self.layer3 = nn.Sequential(Basic(2 * b, 4 * b, 2), Basic(4 * b, 4 * b))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        f1 = self.layer1(x)
        f2 = self.layer2(f1)
        return [f1, f2, self.layer3(f2)]


class Bottleneck(nn.Module):
    def __init__(self, b):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(b, 2 * b, 3, 2, 1, bias=False), nn.BatchNorm2d(2 * b)
        self.conv2, self.bn2 = nn.Conv2d(2 * b, 4 * b, 3, 2, 1, bias=False), nn.BatchNorm2d(4 * b)
        self.conv3, self.bn3 = nn.Conv2d(2 * b, 4 * b, 3, 2, 1, bias=False), nn.BatchNorm2d(4 * b)
        self.bn_layer = nn.Sequential(Basic(12 * b, 8 * b, 2), Basic(8 * b, 8 * b))

    def forward(self, f):
        a = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(f[0]))))))
        c = F.relu(self.bn3(self.conv3(f[1])))
        return self.bn_layer(torch.cat([a, c, f[2]], 1))


class Decoder(nn.Module):
    def __init__(self, b):
        super().__init__()
        g = F.gelu
        self.layer1 = nn.Sequential(Basic(8 * b, 4 * b, act=g, up=True), Basic(4 * b, 4 * b, act=g))
        self.layer2 = nn.Sequential(Basic(4 * b, 2 * b, act=g, up=True), Basic(2 * b, 2 * b, act=g))
        self.layer3 = nn.Sequential(Basic(2 * b, b, act=g, up=True), Basic(b, b, act=g))

    def forward(self, x):
        g3 = self.layer1(x)
        g2 = self.layer2(g3)
        return [self.layer3(g2), g2, g3]


def main():
    torch.manual_seed(0)
    out = {}
    encoder = Encoder(64).eval()
    fill(encoder, "encoder")
    with torch.no_grad():
        taps = encoder(images("images", 2, 64))
    out["features"] = [{"norm": float(t.double().norm()), "sample": sample(t)} for t in taps]

    encoder, neck, decoder = Encoder(16).eval(), Bottleneck(16).train(), Decoder(16).train()
    for module, name in [(encoder, "encoder"), (neck, "bottleneck"), (decoder, "decoder")]:
        fill(module, name)
    optimiser = torch.optim.AdamW(list(neck.parameters()) + list(decoder.parameters()), lr=2e-3, betas=(0.9, 0.999), weight_decay=1e-5)
    losses = []
    for step in range(20):
        with torch.no_grad():
            f = encoder(images(f"batch {step}", 4, 64))
        g = decoder(neck(f))
        loss = sum((1 - F.cosine_similarity(a.flatten(1), b.flatten(1))).mean() for a, b in zip(f, g))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss))
    out["losses"] = losses
    out["weights"] = {
        name: sample(dict(list(module.named_parameters()) + list(module.named_buffers()))[rest])
        for name, module, rest in [
            ("bottleneck.conv1.weight", neck, "conv1.weight"),
            ("bottleneck.bn_layer.0.bn1.running_var", neck, "bn_layer.0.bn1.running_var"),
            ("decoder.layer1.0.conv1.weight", decoder, "layer1.0.conv1.weight"),
            ("decoder.layer3.1.bn2.bias", decoder, "layer3.1.bn2.bias"),
        ]
    }
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "revdist.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(out))
    print(losses)


if __name__ == "__main__":
    main()
