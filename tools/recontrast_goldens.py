"""ReContrast training from PyTorch. Run by hand: /usr/bin/python3 tools/recontrast_goldens.py

Both encoders have width 16 and weights of their own, so that what is taken from the wrong one shows. Weights and images come
from the hash that test/models/hashed.ts repeats; the file holds losses, and sampled weights of both groups after the last
step, in float32 and in float64: the gap between the two is what rounding alone does to this training.
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import fill, images, sample
from torch_goldens import Bottleneck, Decoder, Encoder

WIDTH, CYCLE = 16, 5
# Adam's first steps go by the sign of each gradient, and rounding decides the sign of the smallest: at the method's 2e-3 that alone
# parts the detector's weights by 2.9e-3 in 50 steps, and by a tenth of it here.
RATE, ENCODER_RATE = 2e-4, 1e-5


class Heads(Decoder):
    """The decoder with two sets of output heads."""

    def __init__(self, b):
        super().__init__(b)
        for i, c in enumerate([b, 2 * b, 4 * b], 1):
            setattr(self, f"out{i}", nn.ModuleList([nn.Conv2d(c, c, 1), nn.Conv2d(c, c, 1)]))

    def forward(self, x):
        g = super().forward(x)
        n = len(x) // 2
        outs = [self.out1, self.out2, self.out3]
        return [o[0](t[:n]) for o, t in zip(outs, g)] + [o[1](t[n:]) for o, t in zip(outs, g)]


def hard_mining(a, b, alpha):
    """methods.md 5.2: the gradient is masked on its way into b, the value is not."""
    a = a.detach()
    with torch.no_grad():
        d = 1 - F.cosine_similarity(a, b).unsqueeze(1)
        easy = d < d.mean() + alpha * d.reshape(-1).std()
    b.register_hook(lambda g: g.masked_fill(easy.expand_as(g), 0))
    return (1 - F.cosine_similarity(a.flatten(1), b.flatten(1))).mean()


def train(dtype, encoder_norm, size, batch, steps, iterations):
    encoder, freeze, neck, decoder = Encoder(WIDTH), Encoder(WIDTH), Bottleneck(WIDTH), Heads(WIDTH)
    for module, name in [(encoder, "encoder"), (freeze, "encoder_freeze"), (neck, "bottleneck"), (decoder, "decoder")]:
        fill(module, name)
        module.to(dtype)
    encoder.train(encoder_norm == "training"), freeze.eval(), neck.train(), decoder.train()
    detector = list(neck.parameters()) + list(decoder.parameters())
    optimiser = torch.optim.AdamW(
        [{"params": detector}, {"params": encoder.parameters(), "lr": ENCODER_RATE}],
        lr=RATE, betas=(0.9, 0.999), weight_decay=1e-5,
    )
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [int(iterations * 0.8)], 0.2)
    losses = []
    for step in range(steps):
        x = images(f"batch {step % CYCLE}", batch, size).to(dtype)
        with torch.no_grad():
            frozen = freeze(x)
        trained = encoder(x)
        rebuilt = decoder(neck([torch.cat(pair) for pair in zip(trained, frozen)]))
        alpha = min(-3 + 4 * step / (0.1 * iterations), 1)
        loss = sum(hard_mining(a, b, alpha) for a, b in zip(frozen + trained, rebuilt)) / 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss))
    tensors = {}
    for module, prefix in [(encoder, "encoder"), (neck, "bottleneck"), (decoder, "decoder")]:
        for name, t in list(module.named_parameters()) + list(module.named_buffers()):
            if not name.endswith("num_batches_tracked"):
                tensors[f"{prefix}.{name}"] = t.detach()
    return losses, tensors


def run(encoder_norm, steps, iterations, size, batch):
    """Losses in both precisions, and 8 places of every tensor that training changes."""
    single = train(torch.float32, encoder_norm, size, batch, steps, iterations)
    double = train(torch.float64, encoder_norm, size, batch, steps, iterations)
    gap = max(abs(a - b) for a, b in zip(single[0], double[0]))
    for group in [("encoder.",), ("bottleneck.", "decoder.")]:
        names = [name for name in single[1] if name.startswith(group) and "running" not in name]
        error = sum(float((single[1][n].double() - double[1][n]).pow(2).sum()) for n in names)
        norm = sum(float(double[1][n].pow(2).sum()) for n in names)
        print(encoder_norm, group, "float32 from float64: losses", gap, "weights", (error / norm) ** 0.5, flush=True)
    return {
        "encoderNorm": encoder_norm, "size": size, "batch": batch, "iterations": iterations, "cycle": CYCLE,
        "losses": single[0], "float64": double[0],
        "lr": RATE, "weights": {name: [float("%.7g" % v) for v in sample(t, 8)] for name, t in single[1].items()},
    }


def main():
    # Where mining is strict, one position on the other side of the bar changes the step. So: a whole short training, strict from
    # its second step on, with the fall of the rates; and the first 50 steps of 1000, in which mining grows to the easiest sixth.
    out = {"whole": run("training", 10, 10, size=64, batch=4), "long": run("evaluation", 50, 1000, size=128, batch=2)}
    path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "models" / "recontrast.json"
    path.write_text(json.dumps(out))


main()
