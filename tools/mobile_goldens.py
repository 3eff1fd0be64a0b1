"""Features of the small encoders from their publishers' own code: timm, torchvision, efficientnet-lite-pytorch.

Run by hand, with those three installed: python3 tools/mobile_goldens.py

Each network is filled by the hash that test/models/hashed.ts repeats, under its publisher's names, and gets images
normalised as it expects. The file holds the names of its layers as far as detectors read it, how many parameters they
have, and of each tap the norm and 24 samples.
"""
import json
import pathlib

import timm
import torch
import torchvision.models as models
from efficientnet_lite_pytorch import EfficientNet

from hashed import fill, images, sample

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
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "mobile.json"
    path.write_text(json.dumps(out))
    print({name: (each["parameters"], len(each["layers"])) for name, each in out.items()})


def describe(t):
    return {"shape": list(t.shape), "norm": float(t.double().norm()), "sample": sample(t, 24)}


main()
