"""Cross entropies with every option, and their gradients, from PyTorch in float64. Run by hand: python3 tools/cross_entropy_goldens.py

Writes test/goldens/crossEntropy.json. Infinities travel as texts.
"""
import itertools
import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(0)
CASES = []


def numbers(x):
    return [float(f"{v:.9g}") if math.isfinite(v) else str(v).replace("inf", "Infinity").replace("nan", "NaN") for v in x.reshape(-1).tolist()]


def case(label, logits, labels, cotangent=None, **options):
    x = logits.detach().double().requires_grad_()
    weight = options.get("weights")
    out = F.cross_entropy(
        x, labels,
        weight=None if weight is None else torch.tensor(weight, dtype=torch.float64),
        ignore_index=options.get("ignoreIndex", -10_000),
        label_smoothing=options.get("labelSmoothing", 0.0),
        reduction=options.get("reduction", "mean"),
    )
    g = 1 + 0.5 * (torch.arange(out.numel(), dtype=torch.float64) % 3).reshape(out.shape)
    out.backward(g)
    CASES.append({
        "label": label, "shape": list(x.shape), "logits": numbers(x.detach()), "labels": labels.reshape(-1).tolist(),
        "options": options, "cotangent": numbers(g), "loss": numbers(out.detach()), "grad": numbers(x.grad),
    })


SHAPES = [(5, 3), (2, 4, 3), (2, 3, 2, 2)]
for shape in SHAPES:
    n, c, *space = shape
    logits = (torch.randn(shape) * 2).round(decimals=3)
    labels = torch.randint(0, c, (n, *space))
    some = labels.clone()
    some.view(-1)[1] = -100
    weights = [0.5, 2.0, 0.0, 1.5][:c]
    for reduction, ignore, weighted, smoothing in itertools.product(("mean", "sum", "none"), (False, True), (False, True), (0.0, 0.1)):
        options = {"reduction": reduction}
        if ignore:
            options["ignoreIndex"] = -100
        if weighted:
            options["weights"] = weights
        if smoothing:
            options["labelSmoothing"] = smoothing
        case(f"{list(shape)} {options}", logits, some if ignore else labels, **options)

rows = torch.tensor([[-math.inf, 1.0, 2.0], [0.5, -math.inf, -math.inf]])
case("-infinity beside the labels", rows, torch.tensor([2, 0]))
case("-infinity at a label", rows, torch.tensor([0, 0]))
case("-infinity at a label, none", rows, torch.tensor([0, 0]), reduction="none")
case("-infinity, smoothed", rows, torch.tensor([2, 0]), labelSmoothing=0.1)
case("an ignored class", torch.tensor([[1.0, 2.0], [3.0, 1.0], [0.0, 0.0]]), torch.tensor([1, 0, 1]), ignoreIndex=1)
case("everything ignored, sum", torch.tensor([[1.0, 2.0]]), torch.tensor([1]), ignoreIndex=1, reduction="sum")
case("everything ignored", torch.tensor([[1.0, 2.0]]), torch.tensor([1]), ignoreIndex=1)
case("all spread", torch.tensor([[1.0, 2.0, -1.0]]), torch.tensor([1]), labelSmoothing=1.0)

path = pathlib.Path(__file__).parent.parent / "test/goldens/crossEntropy.json"
path.write_text(json.dumps(CASES, separators=(",", ":")).replace('},{"label', '},\n{"label') + "\n")
print(len(CASES), "cases,", path.stat().st_size, "bytes")
