"""Does this engine compute a full-size network as PyTorch does? Run by hand: python3 tools/parity.py resnet50

Builds torchvision's network, with weights drawn at random (and batch norms whose statistics matter) or read from a
file, hands weights and images to `wgad features` in files, and compares every feature map. docs/parity.md has more.
Needs torch, torchvision and numpy, and a built package (npm run build).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn as nn
import torchvision.models as models

from torch_networks import Bottleneck, Decoder

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESNETS = {
    "resnet18": ([2, 2, 2, 2], 1, 1),
    "resnet34": ([3, 4, 6, 3], 1, 1),
    "resnet50": ([3, 4, 6, 3], 4, 1),
    "wide_resnet50_2": ([3, 4, 6, 3], 4, 2),
}
NETWORKS = [*RESNETS, "efficientnet_b4"]
REBUILT = ["bottleneck", "rebuilt1", "rebuilt2", "rebuilt3"]


def write_safetensors(path, tensors):
    """float16 tensors as F16, all others as F32."""
    header, offset, parts = {}, 0, []
    for name, tensor in tensors.items():
        half = tensor.dtype == torch.float16
        data = np.ascontiguousarray((tensor if half else tensor.float()).detach().numpy())
        header[name] = {"dtype": "F16" if half else "F32", "shape": list(data.shape), "data_offsets": [offset, offset + data.nbytes]}
        offset += data.nbytes
        parts.append(data.tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(b"".join([len(text).to_bytes(8, "little"), text, *parts]))


def read_safetensors(path):
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + size])
    found = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            sys.exit(f"{path}: {name} is {entry['dtype']}, expected F32")
        begin, end = entry["data_offsets"]
        data = np.frombuffer(raw, np.float32, (end - begin) // 4, 8 + size + begin)
        found[name] = torch.from_numpy(data.reshape(entry["shape"]).copy())
    return found


def stir(module):
    """Batch norms as after a training: no statistic is 0 or 1."""
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d):
            nn.init.uniform_(each.weight, 0.7, 1.3)
            nn.init.normal_(each.bias, 0, 0.2)
            each.running_mean.normal_(0, 0.3)
            each.running_var.uniform_(0.5, 2)


def resnet_taps(net, x):
    f1 = net.layer1(net.maxpool(net.relu(net.bn1(net.conv1(x)))))
    f2 = net.layer2(f1)
    return {"layer1": f1, "layer2": f2, "layer3": net.layer3(f2)}


def efficientnet_taps(net, x):
    out = {}
    for stage, name in enumerate(["", "block1", "block5", "block9", "", "block21"]):
        x = net.features[stage](x)
        if name:
            out[name] = x
    return out


def build(name, detector, weights):
    """The parts by their prefix, and a function from images to feature maps by name."""
    torch.manual_seed(0)
    net = getattr(models, name)(weights=None)
    stir(net)
    if weights:
        state = read_safetensors(weights) if weights.suffix == ".safetensors" else torch.load(weights, weights_only=True)
        state = {key.removeprefix("encoder."): value for key, value in state.items()}
        absent = net.load_state_dict(state, strict=False).missing_keys
        absent = [key for key in absent if not key.startswith(("fc.", "layer4.", "classifier.")) and "num_batches" not in key]
        if absent:
            sys.exit(f"{weights}: lacks {', '.join(absent)}")
    if name not in RESNETS:
        return {"": net}, lambda x: efficientnet_taps(net, x)
    if not detector:
        return {"encoder.": net}, lambda x: resnet_taps(net, x)
    neck, decoder = Bottleneck(*RESNETS[name]), Decoder(*RESNETS[name])
    stir(neck), stir(decoder)

    def forward(x):
        taps = resnet_taps(net, x)
        embedding = neck(list(taps.values()))
        return {**taps, **dict(zip(REBUILT, [embedding, *decoder(embedding)]))}

    return {"encoder.": net, "bottleneck.": neck, "decoder.": decoder}, forward


def distance(got, want):
    return float((got.double() - want.double()).norm() / want.double().norm())


def check(name, options):
    size = options.size or (224 if name == "efficientnet_b4" else 256)
    detector = options.detector and name in RESNETS
    parts, forward = build(name, detector, options.weights)
    images = torch.randn(options.images, 3, size, size)
    with torch.no_grad():
        for part in parts.values():
            part.eval()
        want = forward(images)
        for part in parts.values():
            part.double()
        exact = forward(images.double())
        for part in parts.values():
            part.float()
    with tempfile.TemporaryDirectory() as folder:
        weights, data, out = (pathlib.Path(folder) / f"{file}.safetensors" for file in ["weights", "input", "out"])
        write_safetensors(data, {"input": images})
        if options.weights and not detector:
            weights = options.weights.resolve()
        else:
            tensors = {p + key: value for p, part in parts.items() for key, value in part.state_dict().items()}
            write_safetensors(weights, {key: value for key, value in tensors.items() if "num_batches" not in key})
        command = ["node", str(ROOT / "dist/cli/main.js"), "features", str(data), "--encoder", name]
        command += ["--weights", str(weights), "--layers", ",".join(want), "--out", str(out), "--quiet"]
        if options.gpu:
            command += ["--gpu", options.gpu]
        if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit(f"failed: {' '.join(command)}")
        found = read_safetensors(out)
    worst = 0.0
    for layer, tensor in want.items():
        got = torch.stack([found[f"{i}.{layer}"] for i in range(options.images)])
        error = distance(got, tensor)
        own = distance(tensor, exact[layer])
        # A NaN compares with nothing: it must not pass.
        ok = error <= options.bound
        worst = max(worst, error if error == error else float("inf"))
        shape = "x".join(map(str, tensor.shape[1:]))
        print(f"{name:16} {layer:10} {shape:12} {error:9.1e} {own:9.1e}  {'ok' if ok else 'TOO FAR'}", flush=True)
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", help=f"of {', '.join(NETWORKS)}; default all")
    parser.add_argument("--weights", type=pathlib.Path, help="state dict (.pth or .safetensors) of the one network named; default random")
    parser.add_argument("--detector", action="store_true", help="with RevDist's bottleneck and decoder behind each ResNet")
    parser.add_argument("--size", type=int, help="side of the images; default 256, 224 for efficientnet_b4")
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--bound", type=float, default=1e-4, help="largest relative L2 distance allowed; default 1e-4")
    parser.add_argument("--gpu", help="adapter, as wgad takes it")
    options = parser.parse_args()
    unknown = [name for name in options.networks if name not in NETWORKS]
    if unknown:
        parser.error(f"unknown network {', '.join(unknown)}: expects any of {', '.join(NETWORKS)}")
    if options.weights and len(options.networks) != 1:
        parser.error("--weights expects exactly one network")
    print(f"{'network':16} {'tap':10} {'shape':12} {'distance':>9} {'f32-f64':>9}")
    worst = max(check(name, options) for name in options.networks or NETWORKS)
    print(f"worst {worst:.1e}, allowed {options.bound:.1e}")
    sys.exit(0 if worst <= options.bound else 1)


if __name__ == "__main__":
    main()
