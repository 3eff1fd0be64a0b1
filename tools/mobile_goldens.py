"""Features of the small encoders from their publishers' own code: timm, torchvision, efficientnet-lite-pytorch.

Run by hand, with those three installed: python3 tools/mobile_goldens.py

Each network is filled by the hash that test/models/hashed.ts repeats, under its publisher's names, and gets images
normalised as it expects. The file holds the names of its layers as far as detectors read it, how many parameters they
have, and of each tap the norm and 24 samples. `decoder`: a bottleneck and a reverse decoder for taps of EfficientNet-Lite0's
channels, as torch_networks.py builds them for ResNets, but that what is rebuilt is each last block's sum as it is.
"""
import json
import pathlib

import timm
import torch
import torchvision.models as models
from efficientnet_lite_pytorch import EfficientNet

from hashed import fill, hashed, images, sample
from torch_networks import relu, stage

SIDE = 64
MEAN, STD = [torch.tensor(v).view(1, 3, 1, 1) for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]


def of_timm(name):
    net = timm.create_model(name, pretrained=False)
    stages = [[net.conv_stem, net.bn1, net.blocks[0]], [net.blocks[1]], [net.blocks[2]], [net.blocks[3], net.blocks[4]]]
    cfg = net.pretrained_cfg
    return net, stages, torch.tensor(cfg["mean"]).view(1, 3, 1, 1), torch.tensor(cfg["std"]).view(1, 3, 1, 1)


def of_torchvision(name):
    net = getattr(models, name)()
    ends = [2, 3, 4, 6] if name.startswith("efficientnet") else [2, 4, 7, 13]
    return net, [list(net.features[a:b]) for a, b in zip([0, *ends], ends)], MEAN, STD


def of_lite(name):
    net = EfficientNet.from_name(name)

    class Stem(torch.nn.Module):
        def forward(self, x):
            return net._swish(net._bn0(net._conv_stem(x)))

    ends = [0]
    for args in net._blocks_args[:5]:
        first = ends[-1] == 0
        depth = net._global_params.depth_coefficient
        ends.append(ends[-1] + (args.num_repeat if first else -int(-depth * args.num_repeat // 1)))
    blocks = [list(net._blocks[a:b]) for a, b in zip(ends, ends[1:])]
    return (
        net,
        [[Stem(), *blocks[0]], blocks[1], blocks[2], blocks[3] + blocks[4]],
        torch.full((1, 3, 1, 1), 127 / 255),
        torch.full((1, 3, 1, 1), 128 / 255),
    )


NETWORKS = {
    "efficientnet_b0": ("torchvision", of_torchvision, "efficientnet_b0"),
    "efficientnet_b0 of timm": ("timm", of_timm, "efficientnet_b0"),
    "tf_efficientnet_b0": ("timm", of_timm, "tf_efficientnet_b0"),
    **{f"tf_efficientnet_lite{n}": ("timm", of_timm, f"tf_efficientnet_lite{n}") for n in range(5)},
    **{
        f"tf_efficientnet_lite{n}_127": ("efficientnet-pytorch", of_lite, f"efficientnet-lite{n}") for n in range(5)
    },
    "efficientnet_lite0": ("timm", of_timm, "efficientnet_lite0"),
    "mobilenet_v3_large": ("torchvision", of_torchvision, "mobilenet_v3_large"),
    "mobilenetv3_large_100": ("timm", of_timm, "mobilenetv3_large_100"),
    "tf_mobilenetv3_large_100": ("timm", of_timm, "tf_mobilenetv3_large_100"),
}


def main():
    out = {}
    for name, (publisher, make, called) in NETWORKS.items():
        net, stages, mean, std = make(called)
        net.eval()
        fill(net, publisher)
        x = (images("images", 1, SIDE) * STD + MEAN - mean) / std
        taps = []
        read = set()
        with torch.no_grad():
            for stage in stages:
                for part in stage:
                    hooks = [m.register_forward_hook(lambda m, *_: read.add(m)) for m in net.modules()]
                    x = part(x)
                    for hook in hooks:
                        hook.remove()
                taps.append(x)
        layers = [key for key, m in net.named_modules() if m in read and list(m.parameters(recurse=False))]
        own = [p for _, m in net.named_modules() if m in read for p in m.parameters(recurse=False)]
        out[name] = {
            "publisher": publisher,
            "parameters": sum(p.numel() for p in own),
            "layers": layers,
            "taps": [describe(t) for t in taps[1:]],
        }
    out["decoder"] = decoder([24, 40, 112])
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "mobile.json"
    path.write_text(json.dumps(out))
    print({name: each["parameters"] for name, each in out.items()})


class Bottleneck(torch.nn.Module):
    def __init__(self, c1, c2, c3):
        super().__init__()
        for i, (cin, cout) in enumerate([(c1, c2), (c2, c3), (c2, c3)], 1):
            setattr(self, f"conv{i}", torch.nn.Conv2d(cin, cout, 3, 2, 1, bias=False))
            setattr(self, f"bn{i}", torch.nn.BatchNorm2d(cout))
        self.bn_layer = stage(3 * c3, 2 * c3, 1, 1, 1, 2)

    def forward(self, f):
        a = relu(self.bn2(self.conv2(relu(self.bn1(self.conv1(f[0]))))))
        return self.bn_layer(torch.cat([a, relu(self.bn3(self.conv3(f[1]))), f[2]], 1))


def decoder(channels):
    features = [
        torch.from_numpy(hashed(f"f{i}", 2 * c * side * side).reshape(2, c, side, side))
        for i, (c, side) in enumerate(zip(channels, [16, 8, 4]), 1)
    ]
    bottleneck = Bottleneck(*channels).eval()
    wide = [2 * channels[2], *channels[::-1]]
    layers = [stage(a, b, 1, 1, 1, act=torch.nn.functional.gelu, up=True).eval() for a, b in zip(wide, wide[1:])]
    fill(bottleneck, "bottleneck")
    for i, layer in enumerate(layers, 1):
        fill(layer, f"decoder.layer{i}")
    with torch.no_grad():
        taps = [bottleneck(features)]
        x = taps[0]
        for (block,) in layers:
            y = block.act(block.bn1(block.conv1(x)))
            taps.append(block.bn2(block.conv2(y)) + block.upsample(x))
            x = block.act(taps[-1])
    count = sum(p.numel() for m in [bottleneck, *layers] for p in m.parameters())
    return {"parameters": count, "taps": [describe(t) for t in taps]}


def describe(t):
    return {"shape": list(t.shape), "norm": float(t.double().norm()), "sample": sample(t, 24)}


main()
