"""Gradients of every public op at its singular points, from PyTorch in float64. Run by hand: python3 tools/singular_goldens.py

Writes test/goldens/singular.json: per op its cases, each with its inputs, the cotangent of its result, PyTorch's gradients, and
second derivatives (of <gradients, ones> plus the result's sum) where PyTorch has finite ones worth comparing. test/project/singularGradients.test.ts runs the op of that name.
"""
import json
import math
import pathlib
import re

import torch
import torch.nn.functional as F

INF, NAN = math.inf, math.nan
CASES = {}


def case(op, label, inputs, run, second=False, without=()):
    """`inputs`: nested lists. `without`: places of inputs that get no gradient (labels, conditions)."""
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=i not in without) for i, x in enumerate(inputs)]
    wrt = [x for x in tensors if x.requires_grad]
    out = run(*tensors)
    cotangent = 1 + 0.5 * (torch.arange(out.numel(), dtype=torch.float64) % 3).reshape(out.shape)
    grads = torch.autograd.grad(out, wrt, cotangent, create_graph=second)
    record = {
        "inputs": [{"shape": list(x.shape), "data": numbers(x)} for x in tensors],
        "without": list(without),
        "cotangent": numbers(cotangent),
        "grads": [numbers(g) for g in grads],
    }
    if second:
        total = sum(g.sum() for g in grads)
        twice = torch.autograd.grad(total, wrt, allow_unused=True) if total.requires_grad else [None] * len(wrt)
        record["second"] = [numbers(torch.zeros_like(x) if g is None else g) for x, g in zip(wrt, twice)]
    CASES.setdefault(op, {})[label] = record


def numbers(x):
    return [float(f"{v:.9g}") if math.isfinite(v) else str(v).replace("inf", "Infinity").replace("nan", "NaN") for v in (x.detach() - torch.zeros(())).reshape(-1).tolist()]


def unary(op, run, **points):
    """One case for each list of points, named after it."""
    for label, values in points.items():
        x = torch.tensor(values, dtype=torch.float64, requires_grad=True)
        first = torch.autograd.grad(run(x).sum(), x)[0]
        second = label.startswith("kink") or label == "near_0" and bool(first.isfinite().all())
        case(op, label.replace("_", " "), [values], run, second=second)


# Every function of one number that PyTorch has by our name, where one of them has a kink, far from 0, and beyond.
SPECS = (pathlib.Path(__file__).parent.parent / "src/specs/pointwise.ts").read_text()
for op in re.findall(r"^  (\w+): unary\(", SPECS, re.M):
    run = getattr(F, op, None) or getattr(torch, op, None)
    if run is None or op in ("floor", "ceil", "round", "trunc", "logicalNot"):
        continue
    unary(op, run, kinks=[-7.0, -6.0, -3.0, -1.0, 1.0, 2.0, 3.0, 6.0, 7.0], near_0=[-1e-7, -0.0, 0.0, 1e-7])
    unary(op, run, far_below=[-120.0, -88.0, -40.0, -13.0], far_above=[13.0, 40.0, 88.0])
    unary(op, run, not_finite=[INF, -INF, NAN])
unary("scale", lambda x: x * 3, zero=[0.0, INF])
unary("shift", lambda x: x + 3, zero=[0.0, INF])


class Clamp(torch.autograd.Function):
    """Slope 1 at the bounds, as PyTorch had it up to 2.14; later ones have 0 there."""

    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward((x >= low) & (x <= high))
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx, g):
        return torch.where(ctx.saved_tensors[0], g, torch.zeros_like(g)), None, None


def clamp(x, low=-INF, high=INF):
    return Clamp.apply(x, low, high)


unary("clamp", lambda x: clamp(x, -1, 2), kink=[-2.0, -1.0, 0.0, 2.0, 3.0], infinite=[INF, -INF], nan=[NAN])
unary("clamp", lambda x: clamp(x, low=0), kink_of_the_lower_bound_alone=[-1.0, 0.0, -0.0, 2.0], lower_bound_alone_infinite=[INF, -INF], lower_bound_alone_nan=[NAN])
unary("clamp", lambda x: clamp(x, high=0), kink_of_the_upper_bound_alone=[-1.0, 0.0, -0.0, 2.0], upper_bound_alone_infinite=[INF, -INF], upper_bound_alone_nan=[NAN])
unary("clamp", lambda x: clamp(x, 1, 1), kink_of_equal_bounds=[0.0, 1.0, 2.0])

case("add", "infinite", [[INF, 0.0], [1.0, -INF]], torch.add)
case("sub", "infinite", [[INF, 0.0], [1.0, -INF]], torch.sub)
case("mul", "zero and infinite", [[0.0, INF, 0.0], [0.0, 0.0, 3.0]], torch.mul)
case("div", "by zero", [[0.0, 1.0, -2.0], [0.0, 0.0, -0.0]], torch.div)
case("div", "zero and infinite", [[0.0, 3.0, 0.0], [2.0, INF, INF]], torch.div)
case("pow", "zeros", [[0.0, 0.0, 0.0, 2.0, -2.0, 1.0], [0.0, 1.0, 2.0, 0.0, 0.0, 0.5]], torch.pow)
case("pow", "of negative numbers", [[-2.0, -2.0, -1.5], [3.0, -1.0, 2.0]], torch.pow, without=[1], second=True)
case("pow", "infinite", [[INF, 2.0, 0.5], [2.0, 100.0, INF]], torch.pow)
case("pow", "nan", [[NAN, 1.0, NAN], [1.0, NAN, 0.0]], torch.pow)
for op, run in (("maximum", torch.maximum), ("minimum", torch.minimum)):
    case(op, "ties", [[1.0, 0.0, 2.0, -0.0], [1.0, 0.0, 1.0, 0.0]], run, second=True)
    case(op, "infinite ties", [[INF, -INF, INF], [INF, -INF, -INF]], run)
    case(op, "nan", [[NAN, 1.0, NAN], [1.0, NAN, NAN]], run)
case("where", "infinite and NaN in the branch not taken", [[1.0, 0.0, 1.0], [1.0, INF, NAN], [NAN, 2.0, INF]], lambda c, a, b: torch.where(c != 0, a, b), without=[0])
case("where", "a division by zero in the branch not taken", [[1.0, 0.0], [1.0, 2.0]], lambda c, a: torch.where(c != 0, a, a * 2), without=[0])
case("broadcastTo", "infinite", [[INF, 0.0]], lambda x: x.broadcast_to(3, 2))
case("cast", "to f16 and back", [[0.0, 1.5, -2.0]], lambda x: x.half().double())
case("stopGradient", "one of two uses", [[0.0, 2.0]], lambda x: x * x.detach())

for op, run in (("max", torch.amax), ("min", torch.amin)):
    case(op, "ties", [[[1.0, 2.0, 2.0], [3.0, 3.0, 3.0], [1.0, 1.0, 5.0]]], lambda x, run=run: run(x, 1), second=True)
    case(op, "ties of everything", [[[0.0, -0.0], [0.0, 0.0]]], lambda x, run=run: run(x, (0, 1)))
    case(op, "infinite ties", [[[-INF, -INF, -INF], [INF, INF, 1.0]]], lambda x, run=run: run(x, 1))
for op, run in (("std", torch.std), ("variance", torch.var)):
    case(op, "equal values", [[[0.1, 0.1, 0.1], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]], lambda x, run=run: run(x, 1))
    case(op, "equal values, biased", [[[2.0, 2.0], [1.0, 3.0]]], lambda x, run=run: run(x, 1, correction=0))
    case(op, "one value, biased", [[[2.0], [1.0]]], lambda x, run=run: run(x, 1, correction=0))
    case(op, "equal values of everything", [[[5.0, 5.0], [5.0, 5.0]]], lambda x, run=run: run(x))
    case(op, "second derivatives", [[[1.0, 2.0, 4.0]]], lambda x, run=run: run(x, 1), second=True)
case("variance", "second derivatives of equal values", [[[2.0, 2.0, 2.0]]], lambda x: torch.var(x, 1), second=True)
case("mean", "infinite", [[[INF, 1.0], [0.0, 0.0]]], lambda x: x.mean(1))
case("sum", "infinite", [[[INF, 1.0], [0.0, 0.0]]], lambda x: x.sum(1))
case("topK", "distinct", [[[1.0, 3.0, 2.0, -INF]]], lambda x: x.topk(2, 1).values)
case("kthLargest", "distinct", [[[1.0, 3.0, 2.0, 7.0], [4.0, 2.0, -INF, 0.0]]], lambda x: x.topk(2, 1).values[:, 1:])
case("takeAlongAxis", "the same place twice", [[[1.0, 3.0, 2.0]]], lambda x: x.gather(1, torch.tensor([[1, 1, 0]])), second=True)
case("gather", "the same row twice", [[[1.0], [3.0], [2.0]]], lambda x: x[torch.tensor([1, 1, 0])], second=True)
case("gatherNd", "the same row twice", [[[1.0], [3.0], [2.0]]], lambda x: x[torch.tensor([1, 1, 0])], second=True)
case("scatter", "set", [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[INF, 8.0], [9.0, NAN]]], lambda x, u: x.index_copy(0, torch.tensor([2, 0]), u))
case("scatter", "the same row twice", [[[1.0], [3.0], [2.0]], [[4.0], [5.0], [INF]]], lambda x, u: x.index_add(0, torch.tensor([1, 1, 0]), u))
case("putAlongAxis", "set", [[1.0, 2.0, NAN], [INF, 9.0]], lambda x, u: x.scatter(0, torch.tensor([2, 0]), u))
case("putAlongAxis", "the same place twice", [[1.0, 2.0, NAN], [INF, 9.0]], lambda x, u: x.scatter_add(0, torch.tensor([1, 1]), u))
case("scatterNd", "the same row twice", [[[1.0], [3.0], [2.0]], [[4.0], [5.0], [6.0]]], lambda x, u: x.index_add(0, torch.tensor([1, 1, 0]), u))
case("sort", "ties", [[[2.0, 1.0, 2.0, -INF], [0.0, -0.0, NAN, 1.0]]], lambda x: x.sort(stable=True, dim=1).values, second=True)
case("sort", "ties, the largest first", [[[2.0, 1.0, 2.0, -INF], [0.0, -0.0, NAN, 1.0]]], lambda x: x.sort(stable=True, dim=1, descending=True).values)
case("remainder", "of whole numbers", [[6.0, -6.0, 5.0, -5.0, 0.0], [3.0, 3.0, -3.0, 3.0, 2.0]], torch.remainder, second=True)
case("remainder", "infinite", [[1.0, -1.0, 0.5], [INF, INF, -INF]], torch.remainder)
case("fmod", "of whole numbers", [[6.0, -6.0, 5.0, -5.0, 0.0], [3.0, 3.0, -3.0, 3.0, 2.0]], torch.fmod, second=True)
case("fmod", "infinite", [[1.0, -1.0, 0.5], [INF, INF, -INF]], torch.fmod)
IMAGE = [[[[[1.0, 2.0, -1.0, 3.0, 0.5], [0.0, 4.0, 2.0, -2.0, 1.0], [3.0, 1.0, 0.0, 2.0, -1.0]]]]]
for mode, more in (("bilinear", {"antialias": True}), ("bicubic", {}), ("bicubic", {"antialias": True}), ("bicubic", {"align_corners": True}), ("bicubic", {"align_corners": True, "antialias": True}), ("nearest-exact", {})):
    label = " ".join([mode, *more])
    case("interpolate", f"{label}, smaller", IMAGE, lambda x, mode=mode, more=more: F.interpolate(x, (2, 3), mode=mode, **more))
    case("interpolate", f"{label}, larger", IMAGE, lambda x, mode=mode, more=more: F.interpolate(x, (5, 8), mode=mode, **more))
POOLED = [[[[[1.0, 2.0, 2.0, 3.0, 3.0], [2.0, 2.0, -1.0, 3.0, 0.0], [NAN, 1.0, 5.0, 5.0, 4.0], [0.0, 1.0, 5.0, 2.0, 2.0]]]]]
case("maxPool2d", "dilated, in ceil mode", POOLED, lambda x: F.max_pool2d(x, 2, stride=2, padding=1, dilation=2, ceil_mode=True))
case("maxPool2dWithIndices", "ties", POOLED, lambda x: F.max_pool2d(x, (2, 3), stride=(2, 1), ceil_mode=True))
case("maxUnpool2d", "ties", POOLED, lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=(4, 5)))
case("avgPool2d", "in ceil mode", IMAGE, lambda x: F.avg_pool2d(x, 2, stride=3, padding=1, ceil_mode=True))
case("avgPool2d", "in ceil mode, image alone", IMAGE, lambda x: F.avg_pool2d(x, 2, stride=3, padding=1, ceil_mode=True, count_include_pad=False))
GRID = [[[[-0.9, -0.3], [0.13, 0.57], [0.71, -1.6]], [[2.3, 0.4], [-1.21, 1.37], [0.37, 0.91]]]]
for mode, border, corners in (("bilinear", "zeros", False), ("bilinear", "border", True), ("bilinear", "reflection", False), ("nearest", "border", False), ("bicubic", "reflection", True)):
    run = lambda x, g, mode=mode, border=border, corners=corners: F.grid_sample(x, g, mode, border, corners)
    case("gridSample", f"{mode} {border}", [IMAGE[0], GRID], run, without=[1] if mode == "nearest" else [])
case("topFractionMean", "distinct", [[[1.0, 4.0, 3.0, 2.0], [0.0, -1.0, -2.0, 5.0]]], lambda x: x.topk(2, 1).values.mean(1))
case("topFractionMean", "the maximum, tied", [[[1.0, 4.0, 4.0, 2.0]]], lambda x: x.amax(1))

def softmaxes(op, run):
    case(op, "minus infinity in a row", [[[-INF, 1.0, 2.0], [0.0, -INF, -INF]]], lambda x: run(x, 1))
    case(op, "a row of minus infinity", [[[-INF, -INF]]], lambda x: run(x, 1))
    case(op, "far apart", [[[-2000.0, 0.0, 1000.0], [5.0, 5.0, 5.0]]], lambda x: run(x, 1), second=True)
softmaxes("softmax", F.softmax)
softmaxes("logSoftmax", F.log_softmax)

case("layerNorm", "constant rows", [[[3.0, 3.0, 3.0], [0.0, 0.0, 0.0]], [1.0, 2.0, 3.0], [0.1, 0.2, 0.3]], lambda x, w, b: F.layer_norm(x, (3,), w, b), second=True)
case("layerNorm", "one channel", [[[3.0], [0.0]], [2.0], [0.1]], lambda x, w, b: F.layer_norm(x, (1,), w, b))
case("batchNorm", "a variance of zero", [[[[[1.0]], [[2.0]]]], [1.0, 2.0], [0.0, 0.5], [1.0, 0.0], [0.0, 0.0]], lambda x, w, b, m, v: (x - m.reshape(1, 2, 1, 1)) * torch.rsqrt(v.reshape(1, 2, 1, 1) + 1e-5) * w.reshape(1, 2, 1, 1) + b.reshape(1, 2, 1, 1), second=True)
case("batchNormTrain", "constant channels", [[[[[3.0, 3.0]], [[0.0, 0.0]]], [[[3.0, 3.0]], [[0.0, 0.0]]]], [1.0, 2.0], [0.0, 0.5]], lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), second=True)

case("groupNorm", "constant groups", [[[3.0, 3.0, 0.0, 0.0], [1.0, 2.0, 0.0, 5.0]], [1.0, 2.0, 0.5, -1.0], [0.0, 0.5, 1.0, 0.0]], lambda x, w, b: F.group_norm(x, 2, w, b), second=True)
case("instanceNorm", "constant channels", [[[[3.0, 3.0], [0.0, 1.0]]]], lambda x: F.instance_norm(x), second=True)

ROWS = [[[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [1.0, 2.0]], [[0.0, 0.0], [1.0, -2.0], [0.0, 0.0], [1.0, 2.0]]]
for op, sign, shift in (("cosineSimilarity", 1, 0), ("cosineMap", -1, 1)):
    case(op, "zero vectors", ROWS, lambda a, b, s=sign, o=shift: o + s * F.cosine_similarity(a, b, 1))
    case(op, "vectors below the floor", [[[3e-9, 4e-9], [1.0, 0.0]], [[1.0, 0.5], [2e-9, 0.0]]], lambda a, b, s=sign, o=shift: o + s * F.cosine_similarity(a, b, 1))
    case(op, "second derivatives", [[[3.0, 4.0]], [[1.0, -2.0]]], lambda a, b, s=sign, o=shift: o + s * F.cosine_similarity(a, b, 1), second=True)
globally = lambda a, b: (1 - F.cosine_similarity(a.flatten(1), b.flatten(1), 1)).mean()
case("globalCosineLoss", "zero samples", ROWS, globally)
case("globalCosineLoss", "one zero sample of the target", [[[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]], [[1.0, 0.0, 2.0], [2.0, -2.0, 1.0]]], globally)
case("globalCosineLoss", "samples below the floor", [[[3e-9, 4e-9], [1.0, 0.0]], [[1.0, 0.5], [2e-9, 0.0]]], globally)
case("globalCosineLoss", "second derivatives", [[[3.0, 4.0]], [[1.0, -2.0]]], globally, second=True)
case("mseLoss", "equal", [[1.0, 0.0], [1.0, 2.0]], F.mse_loss, second=True)
case("smoothL1Loss", "equal and at the bound", [[1.0, 1.0, 0.5, 3.0], [1.0, 0.5, 1.0, 0.0]], lambda a, b: F.smooth_l1_loss(a, b, beta=0.5), second=True)
case("smoothL1Loss", "infinite", [[INF, 1.0, -INF], [0.0, 1.0, 0.0]], lambda a, b: F.smooth_l1_loss(a, b, beta=0.5))
case("binaryCrossEntropy", "logits of zero", [[0.0, 0.0, 2.0, -0.0], [0.0, 1.0, 0.5, 0.25]], F.binary_cross_entropy_with_logits, second=True)
case("binaryCrossEntropy", "far logits", [[200.0, -200.0], [0.0, 1.0]], F.binary_cross_entropy_with_logits)
case("clipFactor", "gradients of zero", [[0.0, 0.0], [0.0]], lambda a, b: (1 / (torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(a), torch.linalg.vector_norm(b)])) + 1e-6)).clamp(max=1))
case("clipFactor", "long gradients", [[3.0, 0.0], [4.0]], lambda a, b: (1 / (torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(a), torch.linalg.vector_norm(b)])) + 1e-6)).clamp(max=1))

def labels(*values):
    return torch.tensor(values)
case("crossEntropy", "minus infinity beside the label", [[[-INF, 1.0, 2.0], [0.5, -INF, -INF]]], lambda x: F.cross_entropy(x, labels(1, 0)))
case("crossEntropy", "minus infinity at the label", [[[-INF, 1.0, 2.0], [0.5, 1.0, 2.0]]], lambda x: F.cross_entropy(x, labels(0, 0)))
case("crossEntropy", "far apart", [[[1000.0, 0.0, -1000.0], [2.0, 2.0, 2.0]]], lambda x: F.cross_entropy(x, labels(1, 0)), second=True)

# Not NaN: of elu and its kin PyTorch has numbers there. Second derivatives at 0 differ among its own functions.
POINTS = {"about_the_kink": [-7.0, -3.0, -1.0, 0.0, 1.0, 3.0, 7.0], "far": [-120.0, -40.0, 40.0, 120.0], "infinite": [INF, -INF]}
for op, run in {
    "leakyRelu": lambda x: F.leaky_relu(x, 0.01),
    "elu": F.elu,
    "selu": F.selu,
    "celu": lambda x: F.celu(x, 2.0),
    "softplus": F.softplus,
    "logSigmoid": F.logsigmoid,
    "mish": F.mish,
    "hardsigmoid": lambda x: F.relu6(x + 3) / 6,
    "softsign": F.softsign,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
}.items():
    unary(op, run, **POINTS)
case("prelu", "zeros and infinities", [[0.0, INF, -INF, -2.0], [0.5]], lambda x, s: torch.where(x > 0, x, s * x))
case("prod", "one zero and two", [[[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.0, 2.0, -3.0]]], lambda x: x.prod(1))
case("cumsum", "infinite", [[1.0, INF, 2.0]], lambda x: x.cumsum(0))
case("logSumExp", "minus infinity in a row", [[[-INF, 1.0, 2.0], [0.0, -INF, -INF]]], lambda x: x.logsumexp(1))
case("logSumExp", "far apart", [[[-2000.0, 0.0, 1000.0], [5.0, 5.0, 5.0]]], lambda x: x.logsumexp(1), second=True)
for op, run in (("tril", torch.tril), ("triu", torch.triu)):
    case(op, "infinite in the part left out", [[[1.0, INF], [NAN, 2.0]]], run)
case("nllLoss", "minus infinity beside the label", [[[-INF, 1.0], [0.5, -INF]]], lambda x: F.nll_loss(x, labels(1, 0)))
case("l1Loss", "equal and infinite", [[1.0, 0.0, INF], [1.0, 2.0, 0.0]], F.l1_loss)
case("huberLoss", "equal and at the bound", [[1.0, 1.0, 0.5, 3.0], [1.0, 0.5, 1.0, 0.0]], lambda a, b: F.huber_loss(a, b, delta=0.5), second=True)
case("klDivergence", "targets of 0 and 1", [[-0.5, -1.0, -2.0], [0.0, 1.0, 0.5]], lambda a, b: F.kl_div(a, b), without=[1])
case("sigmoidFocalLoss", "logits of zero and far", [[0.0, -0.0, 200.0, -200.0], [0.0, 1.0, 1.0, 1.0]], lambda z, t: ((t * 0.25 + (1 - t) * 0.75) * F.binary_cross_entropy_with_logits(z, t, reduction="none") * (torch.sigmoid(z) * (1 - t) + torch.sigmoid(-z) * t) ** 2).mean(), without=[1])

PLANE = [[[[1.0, 1.0, 2.0], [1.0, 1.0, 2.0], [0.0, 3.0, 3.0]]]]
case("maxPool2d", "ties", [PLANE], lambda x: F.max_pool2d(x, 2, 1), second=True)
case("maxPool2d", "minus infinity", [[[[[-INF, -INF], [-INF, -INF]]]]], lambda x: F.max_pool2d(x, 2))
case("maxPool1d", "ties", [[[[1.0, 1.0, 0.0, 2.0, 2.0, 2.0, -INF]]]], lambda x: F.max_pool1d(x, 3, 1), second=True)
case("maxPool3d", "ties", [[[[[[1.0, 2.0, 2.0], [1.0, 0.0, 2.0]], [[1.0, 2.0, 2.0], [3.0, 3.0, 2.0]], [[3.0, 3.0, 2.0], [3.0, 0.0, 2.0]]]]]], lambda x: F.max_pool3d(x, 2, 1), second=True)
case("avgPool2d", "ties", [PLANE], lambda x: F.avg_pool2d(x, 2, 1, 1), second=True)
case("interpolate", "on the grid", [PLANE], lambda x: F.interpolate(x, (5, 2), mode="bilinear", align_corners=False), second=True)
case("interpolate", "with corners", [PLANE], lambda x: F.interpolate(x, (5, 2), mode="bilinear", align_corners=True))
case("interpolate", "nearest", [PLANE], lambda x: F.interpolate(x, (5, 2), mode="nearest"))

def padded(x, before, after, mode):
    """By index: PyTorch's replicate is our edge; what we call symmetric it has not."""
    for axis, (b, a) in enumerate(zip(before, after)):
        n = x.shape[axis]
        at = [i - b for i in range(n + b + a)]
        fold = (lambda i: min(max(i, 0), n - 1)) if mode == "edge" else (lambda i: -1 - i if i < 0 else 2 * n - 1 - i if i >= n else i)
        x = x.index_select(axis, torch.tensor([fold(i) for i in at]))
    return x
for mode in ("edge", "symmetric"):
    case("pad", mode, [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]], lambda x, m=mode: padded(x, (1, 3), (2, 2), m) ** 2, second=True)
case("pad", "edge, far beyond", [[1.0, 2.0]], lambda x: padded(x, (5,), (4,), "edge"))
case("pad", "edge as PyTorch has it", [[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]], lambda x: F.pad(x, (1, 2, 3, 0), mode="replicate"))
case("pad", "constant", [[[1.0, 2.0], [4.0, 5.0]]], lambda x: F.pad(x, (1, 0, 0, 2), value=1e30))

def blurred(x, taps, half, mode):
    framed = padded(x, (0, 0, half, half), (0, 0, half, half), mode)
    t = torch.exp(-torch.arange(-half, half + 1, dtype=torch.float64) ** 2 / (2 * taps**2))
    t = t / t.sum()
    return F.conv2d(F.conv2d(framed, t.reshape(1, 1, -1, 1)), t.reshape(1, 1, 1, -1))
case("gaussianBlur2d", "symmetric border", [PLANE], lambda x: blurred(x, 1.0, 1, "symmetric"))
def ssim(a, b):
    t = torch.exp(-torch.arange(-5, 6, dtype=torch.float64) ** 2 / (2 * 1.5**2))
    t = t / t.sum()
    blur = lambda x: F.conv2d(F.conv2d(x, t.reshape(1, 1, -1, 1), padding=(5, 0)), t.reshape(1, 1, 1, -1), padding=(0, 5))
    ma, mb = blur(a), blur(b)
    va, vb, c = blur(a * a) - ma**2, blur(b * b) - mb**2, blur(a * b) - ma * mb
    return ((2 * ma * mb + 1e-4) * (2 * c + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))).mean()


case("ssim", "constant images", [[[[[0.5] * 3] * 3]], [[[[0.5] * 3] * 3]]], lambda a, b: ssim(a, b))


path = pathlib.Path(__file__).parent.parent / "test/goldens/singular.json"
path.write_text(json.dumps(CASES, separators=(",", ":")).replace('},"', '},\n"') + "\n")
print(sum(len(c) for c in CASES.values()), "cases of", len(CASES), "ops,", path.stat().st_size, "bytes")
