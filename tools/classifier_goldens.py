"""Logits of a classifier from torchvision. Run by hand: python3 tools/classifier_goldens.py

Weights and images as in encoder_goldens.py: the file holds only the norm and 64 samples of the logits.
"""
import json
import pathlib

import torch
import torchvision.models as models

from hashed import fill, images, sample


def main():
    out = {}
    with torch.no_grad():
        for name in ["resnet18"]:
            net = getattr(models, name)().eval()
            fill(net, "classifier")
            logits = net(images("images", 2, 64))
            out[name] = {"norm": float(logits.double().norm()), "sample": sample(logits)}
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "classifiers.json"
    path.write_text(json.dumps(out))
    print({name: logits["norm"] for name, logits in out.items()})


main()
