"""Exports torchvision networks to ONNX as PyTorch does by default, with what they compute: python3 tools/onnx_networks.py FOLDER [--full]

Random weights by seed, batch norms with statistics of their own; the images are the sines of 0, 1, 2 and so on. Narrow networks (of MobileNetV2 three blocks) are the fixtures in test/goldens/onnx;
--full writes those of the usual width, for `wgad-bench onnx`. Made with torch 2.15, torchvision 0.29, onnx 1.23, onnxscript 0.7.
"""

import json
import sys
from pathlib import Path

import onnx
import torch
from torch import nn
from torchvision.models import mobilenet_v2, resnet18
from torchvision.models.vision_transformer import VisionTransformer


def narrowed(model, factor):
    """The same network with `factor` times fewer channels everywhere but in the images and the classes."""
    for name, child in model.named_children():
        if isinstance(child, nn.Conv2d):
            into = child.in_channels if child.in_channels == 3 else child.in_channels // factor
            setattr(model, name, nn.Conv2d(into, child.out_channels // factor, child.kernel_size, child.stride, child.padding, bias=child.bias is not None))
        elif isinstance(child, nn.BatchNorm2d):
            setattr(model, name, nn.BatchNorm2d(child.num_features // factor))
        elif isinstance(child, nn.Linear):
            setattr(model, name, nn.Linear(child.in_features // factor, child.out_features))
        else:
            narrowed(child, factor)
    return model


def strip(path):
    """Leaves out what the exporter notes of the Python code, most of a small file."""
    model = onnx.load(path)
    del model.graph.value_info[:]
    for part in [model.graph, *model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output]:
        del part.metadata_props[:]
    onnx.save(model, path)


def networks(full):
    if full:
        yield "resnet18", resnet18(num_classes=1000), 224
        yield "mobilenet_v2", mobilenet_v2(num_classes=1000), 224
        yield "vit", VisionTransformer(224, 16, 12, 3, 192, 768, num_classes=1000), 224
    else:
        yield "resnet18", narrowed(resnet18(num_classes=10), 16), 64
        # Every kind of block it has: no expansion, another size, a shortcut.
        blocks = [[1, 8, 1, 1], [6, 16, 2, 2]]
        yield "mobilenet_v2", mobilenet_v2(num_classes=10, width_mult=0.5, inverted_residual_setting=blocks, round_nearest=4), 32
        yield "vit", VisionTransformer(32, 8, 2, 2, 32, 64, num_classes=10), 32


def main(folder, full):
    folder.mkdir(parents=True, exist_ok=True)
    for name, model, size in networks(full):
        torch.manual_seed(0)
        for module in model.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
        if name == "vit":
            nn.init.normal_(model.heads.head.weight, std=0.1)
            nn.init.normal_(model.class_token, std=0.1)
        model.eval()
        shape = (1 if full else 2, 3, size, size)
        images = torch.sin(torch.arange(torch.Size(shape).numel(), dtype=torch.float64)).float().reshape(shape)
        with torch.no_grad():
            logits = model(images)
        torch.onnx.export(model, (images,), folder / f"{name}.onnx", input_names=["images"], output_names=["logits"], external_data=False)
        strip(folder / f"{name}.onnx")
        (folder / f"{name}.json").write_text(json.dumps({"images": shape, "logits": logits.flatten().tolist()}) + "\n")
        print(name, tuple(images.shape), tuple(logits.shape), (folder / f"{name}.onnx").stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--full" in sys.argv)
