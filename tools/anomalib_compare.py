"""This project beside anomalib, on one folder with the same encoder weights: PatchCore and Reverse Distillation.

Run by hand, on a machine that does nothing else:

    python3 -m venv --system-site-packages compare && compare/bin/pip install anomalib==2.7.0
    npm run build
    taskset -c 0,1 compare/bin/python tools/anomalib_compare.py DATA --out runs/compare

DATA is MVTec-like: KIND/train/good, KIND/test/*, KIND/ground_truth/*/NAME_mask.png. One model is trained on all kinds mixed. Both
sides get the images resized to --size at once and normalised alike. `wgad` runs through its command line; anomalib's
models are its own classes, trained as its Lightning modules train them, on as many threads as this process may use cores. The encoder:
resnet18_w16 or resnet18_w32 (they ship with this package; PatchCore only, because anomalib has decoders for
full widths alone), or resnet18, resnet34, resnet50, wide_resnet50_2 with --weights, a file in torchvision's names.

Prints I-AUROC over all test images at one threshold and by kind, P-AUROC over the pixels of all normal images, also those of kinds
without masks, and of the anomalous ones with masks (both sides from masks resized to the nearest pixel), milliseconds
per image in batches of --batch from decoded images to score and map, seconds for training, and writes them to
OUT/compare.json.
"""
import argparse
import json
import os
import pathlib
import subprocess
import time

import numpy as np
import torch
from anomalib.models import Patchcore, ReverseDistillation
from anomalib.models.image.reverse_distillation.loss import ReverseDistillationLoss
from PIL import Image
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score

from torch_goldens import Encoder

ROOT = pathlib.Path(__file__).resolve().parent.parent
EMBEDDED = {"resnet18_w16": 16, "resnet18_w32": 32}
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


class Sample:
    def __init__(self, path):
        self.path = path
        self.kind, _, self.group = path.parts[-4:-1]
        self.anomalous = self.group != "good"

    def mask(self, size):
        """[size, size] of 0 and 1, the images that `wgad test` counts: normal ones always; None for an anomalous one without a mask."""
        if not self.anomalous:
            return np.zeros((size, size), np.uint8)
        path = self.path.parents[2] / "ground_truth" / self.group / f"{self.path.stem}_mask.png"
        if not path.is_file():
            return None
        image = Image.open(path).convert("L").resize((size, size), Image.NEAREST)
        return (np.asarray(image) > 127).astype(np.uint8)


def samples(data, pattern):
    return [Sample(path) for path in sorted(data.glob(f"*/{pattern}")) if path.suffix in (".png", ".jpg", ".bmp")]


def batch_of(some, size):
    """[N, 3, size, size], normalised as wgad normalises."""
    images = [Image.open(s.path).convert("RGB").resize((size, size), Image.BILINEAR) for s in some]
    pixels = torch.from_numpy(np.stack([np.asarray(image) for image in images])).float() / 255
    return ((pixels - MEAN) / STD).permute(0, 3, 1, 2).contiguous()


def batches(some, size, batch):
    for first in range(0, len(some), batch):
        yield batch_of(some[first : first + batch], size)


def backbone(encoder, weights):
    """For anomalib's feature extractor: a module with its weights, or a name whose weights `fill` then sets."""
    if encoder not in EMBEDDED:
        return encoder
    module = Encoder(EMBEDDED[encoder])
    tensors = load_file(weights or ROOT / f"weights/{encoder}.safetensors")
    own = {name.removeprefix("encoder."): value for name, value in tensors.items()}
    missing = module.load_state_dict(own, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing), missing
    return module.eval()


def fill(extractor, weights):
    """A timm network of that name: its parts carry torchvision's names."""
    tensors = torch.load(weights, map_location="cpu") if str(weights).endswith(".pth") else load_file(weights)
    missing = extractor.feature_extractor.load_state_dict(tensors, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing), f"{weights} lacks {missing}"


def anomalib_patchcore(args, train):
    model = Patchcore(
        backbone=backbone(args.encoder, args.weights),
        layers=["layer2", "layer3"],
        pre_trained=False,
        coreset_sampling_ratio=args.fraction,
    ).model
    if args.encoder not in EMBEDDED:
        fill(model.feature_extractor, args.weights)
    model.train()
    for images in batches(train, args.size, args.batch):
        model(images)
    model.subsample_embedding(args.fraction)
    return model.eval()


def anomalib_revdist(args, train):
    module = ReverseDistillation(backbone=args.encoder, layers=["layer1", "layer2", "layer3"], pre_trained=False)
    # Its maps are as large as its images.
    module.model.anomaly_map_generator.image_size = (args.size, args.size)
    model, loss_of = module.model, ReverseDistillationLoss()
    fill(model.encoder, args.weights)
    model.train()
    optimiser = module.configure_optimizers()
    random = torch.Generator().manual_seed(args.seed)
    for _ in range(args.iterations):
        some = [train[i] for i in torch.randint(len(train), (args.batch,), generator=random)]
        loss = loss_of(*model(batch_of(some, args.size)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.eval()


def score(model, args, test):
    """Image scores [N], maps [N, size, size], and the median milliseconds per image."""
    scores, maps, times = [], [], []
    with torch.inference_mode():
        model(batch_of(test[: args.batch], args.size))
        for images in batches(test, args.size, args.batch):
            start = time.perf_counter()
            out = model(images)
            if len(images) == args.batch:
                times.append((time.perf_counter() - start) * 1000 / args.batch)
            scores.append(out.pred_score.reshape(-1))
            maps.append(out.anomaly_map.reshape(-1, args.size, args.size))
    return torch.cat(scores).numpy(), torch.cat(maps).numpy(), float(np.median(times))


def figures(test, scores, maps, size):
    """I-AUROC over all and by kind, P-AUROC over the normal images and those with masks; fractions."""
    labels = np.array([s.anomalous for s in test])
    kinds = np.array([s.kind for s in test])
    by_kind = {k: roc_auc_score(labels[kinds == k], scores[kinds == k]) for k in sorted(set(kinds))}
    masked = [(mask, values) for s, values in zip(test, maps) if (mask := s.mask(size)) is not None]
    pixels = None
    if masked:
        truth, values = (np.concatenate([pair[i].reshape(-1) for pair in masked]) for i in (0, 1))
        pixels = roc_auc_score(truth, values)
    return {"iAuroc": roc_auc_score(labels, scores), "pAuroc": pixels, "byKind": by_kind}


def ours(args, method):
    """The same through `wgad train` and `wgad test`."""
    run = args.out / f"wgad-{method}"
    wgad = ["node", str(ROOT / "dist/cli/main.js"), "--quiet", "--seed", str(args.seed)]
    settings = {
        "--out": run, "--method": method, "--encoder": args.encoder, "--align": "none",
        "--size": args.size, "--batch": args.batch, "--weights": args.weights,
        **({"--preset": "anomalib", "--resize": args.size, "--coreset-fraction": args.fraction} if method == "patchcore" else {"--iterations": args.iterations, "--lr": 0.005}),
    }
    flags = [str(word) for flag, value in settings.items() if value is not None for word in (flag, value)]
    start = time.perf_counter()
    subprocess.run([*wgad, "train", str(args.data), *flags], check=True)
    seconds = time.perf_counter() - start
    subprocess.run([*wgad, "test", str(run), "--mask-rule", "nearest"], check=True, stdout=subprocess.DEVNULL)
    results = json.loads((run / "results.json").read_text())
    found = results["protocols"]["absolute-unified"]["none"]
    classes = results["protocols"]["model-unified"]["none"]["classes"]
    by_kind = {kind: of["iAuroc"] for kind, of in classes.items()}
    return {
        "iAuroc": found["iAuroc"], "pAuroc": found["pAuroc"], "byKind": by_kind,
        "msPerImage": results["latency"]["msPerImage"], "trainSeconds": seconds,
    }


def theirs(args, method, train, test):
    torch.manual_seed(args.seed)
    start = time.perf_counter()
    model = {"patchcore": anomalib_patchcore, "revdist": anomalib_revdist}[method](args, train)
    seconds = time.perf_counter() - start
    scores, maps, ms = score(model, args, test)
    return {**figures(test, scores, maps, args.size), "msPerImage": ms, "trainSeconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the runs and compare.json")
    parser.add_argument("--encoder", default="resnet18_w32")
    parser.add_argument("--weights", type=pathlib.Path, help="default: those that ship with the package")
    parser.add_argument("--methods", default="patchcore", help="patchcore, revdist or both with a comma (default: patchcore)")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--fraction", type=float, default=0.02, help="of the patches, for both coresets (default: 0.02)")
    parser.add_argument("--iterations", type=int, default=400, help="steps of Reverse Distillation (default: 400)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    methods = args.methods.split(",")
    if not set(methods) <= {"patchcore", "revdist"}:
        parser.error(f"--methods expects patchcore, revdist or both, got {args.methods}")
    if args.encoder not in EMBEDDED and args.weights is None:
        parser.error(f"--encoder {args.encoder} expects --weights")
    if "revdist" in methods and args.encoder in EMBEDDED:
        parser.error("anomalib's Reverse Distillation has no decoder of this width: give --encoder resnet18 and --weights")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    args.data, args.out = args.data.resolve(), args.out.resolve()
    args.out.mkdir(parents=True, exist_ok=True)
    train, test = samples(args.data, "train/good/*"), samples(args.data, "test/*/*")
    found = {}
    for method in methods:
        found[method] = {"anomalib": theirs(args, method, train, test), "wgad": ours(args, method)}
        for side, of in found[method].items():
            kinds = ", ".join(f"{kind} {100 * value:.1f}" for kind, value in of["byKind"].items())
            pixels = "none" if of["pAuroc"] is None else f"{100 * of['pAuroc']:.1f}"
            print(f"{method} {side}: I-AUROC {100 * of['iAuroc']:.1f} ({kinds}), P-AUROC {pixels}, {of['msPerImage']:.1f} ms an image, trained in {of['trainSeconds']:.0f} s", flush=True)
    choice = {name: str(value) for name, value in vars(args).items()}
    (args.out / "compare.json").write_text(json.dumps({"settings": choice, "methods": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
