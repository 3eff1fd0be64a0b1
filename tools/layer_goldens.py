"""What PyTorch makes of every layer of wgad/nn, for test/models/layers.test.ts. Run by hand: python3 tools/layer_goldens.py

Writes test/goldens/layers/<network>.safetensors: its state dict as PyTorch names it, and under `golden.` inputs, results in training
and evaluation, gradients of sum(result * weights) and running statistics after the step; and initialisation.json: how PyTorch
draws new tensors (largest magnitude and deviation) of layers that are large enough to tell.
"""
import json
import pathlib
import struct

import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent.parent / "test/goldens/layers"
torch.manual_seed(7)


class Signals(nn.Module):
    """Along one axis."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2)
        self.bn = nn.BatchNorm1d(6)
        self.up = nn.ConvTranspose1d(6, 4, 4, stride=2, padding=1, output_padding=1, groups=2)
        self.gn = nn.GroupNorm(2, 4)
        self.fc = nn.Linear(4, 3)
        self.bn2 = nn.BatchNorm1d(3, eps=1e-3)

    def forward(self, x):
        x = torch.tanh(self.bn(self.conv(x)))
        x = self.gn(self.up(x))
        x = nn.functional.avg_pool1d(x, 3, 2, 1) + nn.functional.max_pool1d(x, 3, 2, 1)
        return self.bn2(self.fc(x.mean(2)))


class Images(nn.Module):
    """Along two."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, (3, 2), stride=(2, 1), padding=(1, 0), bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.up = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=(1, 0))
        self.norm = nn.InstanceNorm2d(4, affine=True)
        self.plain = nn.InstanceNorm2d(4)
        self.ln = nn.LayerNorm([8, 9])

    def forward(self, x):
        x = torch.tanh(self.bn(self.conv(x)))
        return self.ln(self.plain(torch.sigmoid(self.norm(self.up(x)))))


class Volumes(nn.Module):
    """Along three."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(2, 4, (3, 2, 3), stride=(1, 2, 1), padding=1, dilation=(1, 1, 2), groups=2)
        self.bn = nn.BatchNorm3d(4)
        self.up = nn.ConvTranspose3d(4, 2, 3, stride=2, padding=1, output_padding=1, dilation=(2, 1, 1), groups=2)

    def forward(self, x):
        x = torch.tanh(self.bn(self.conv(x)))
        x = self.up(x)
        return nn.functional.avg_pool3d(x, (3, 2, 2), 2, 1) + nn.functional.max_pool3d(x, (3, 2, 2), 2, 1)


class Tokens(nn.Module):
    """Words that attend to those before them, and to a memory of other widths."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(7, 8, padding_idx=2)
        self.own = nn.MultiheadAttention(8, 2, batch_first=True)
        self.other = nn.MultiheadAttention(8, 4, kdim=5, vdim=6, batch_first=True)
        self.bare = nn.MultiheadAttention(8, 2, bias=False, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.fc = nn.Linear(8, 3, bias=False)
        for each in (self.own, self.other):
            nn.init.normal_(each.in_proj_bias, std=0.3)
            nn.init.normal_(each.out_proj.bias, std=0.3)
        nn.init.normal_(self.table.weight)

    def forward(self, at, keys, values):
        x = self.table(at)
        mask = nn.Transformer.generate_square_subsequent_mask(at.shape[1])
        x = x + self.own(x, x, x, attn_mask=mask, need_weights=False)[0]
        x = x + self.other(x, keys, values, need_weights=False)[0]
        x = x + self.bare(x, x, x, need_weights=False)[0]
        return self.fc(self.norm(x))


def write(path, tensors):
    header, at = {}, 0
    for name, x in tensors.items():
        dtype = {torch.float32: "F32", torch.int64: "I64"}[x.dtype]
        size = x.numel() * x.element_size()
        header[name] = {"dtype": dtype, "shape": list(x.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(x.detach().contiguous().numpy().tobytes() for x in tensors.values()))


def network(name, net, *inputs):
    # Not as they start, so that each tells.
    for parameter, x in net.named_parameters():
        if x.dim() == 1:
            nn.init.normal_(x, 1.0 if parameter.endswith("weight") else 0.0, 0.3)
    state = {key: x.clone() for key, x in net.state_dict().items()}
    golden = {f"golden.input.{i}": x.clone().float() for i, x in enumerate(inputs)}
    floats = [x.requires_grad_() for x in inputs if x.is_floating_point()]
    out = net(*inputs)
    weights = torch.randn(out.shape)
    (out * weights).sum().backward()
    golden |= {"golden.weights": weights, "golden.training": out}
    golden |= {f"golden.grad.{key}": x.grad for key, x in net.named_parameters()}
    golden |= {f"golden.grad.input.{i}": x.grad for i, x in enumerate(inputs) if x.is_floating_point()}
    golden |= {f"golden.after.{key}": x for key, x in net.state_dict().items() if "running" in key}
    golden["golden.evaluated"] = net.eval()(*inputs)
    write(FOLDER / f"{name}.safetensors", state | golden)
    print(name, sum(x.numel() for x in (state | golden).values()), "numbers")


FOLDER.mkdir(exist_ok=True)
network("signals", Signals(), torch.randn(3, 4, 11))
network("images", Images(), torch.randn(2, 3, 8, 6))
network("volumes", Volumes(), torch.randn(2, 2, 4, 5, 6))
network("tokens", Tokens(), torch.randint(0, 7, (2, 5)), torch.randn(2, 3, 5), torch.randn(2, 3, 6))

LARGE = {
    "linear": nn.Linear(200, 300),
    "conv1d": nn.Conv1d(64, 96, 5, groups=2),
    "conv2d": nn.Conv2d(32, 48, 3),
    "conv3d": nn.Conv3d(16, 48, 3),
    "convTranspose1d": nn.ConvTranspose1d(96, 64, 5, groups=2),
    "convTranspose2d": nn.ConvTranspose2d(32, 48, 3),
    "convTranspose3d": nn.ConvTranspose3d(16, 48, 3),
    "embedding": nn.Embedding(300, 64, padding_idx=3),
    "multiHeadAttention": nn.MultiheadAttention(128, 4),
    "multiHeadAttentionOfOthers": nn.MultiheadAttention(128, 4, kdim=64, vdim=96),
    "batchNorm": nn.BatchNorm2d(40),
    "groupNorm": nn.GroupNorm(4, 40),
    "layerNorm": nn.LayerNorm(40),
}
drawn = {
    layer: {
        key: {"shape": list(x.shape), "mean": float(x.mean()), "deviation": float(x.std()), "largest": float(x.abs().max())}
        for key, x in net.state_dict().items()
        if x.is_floating_point()
    }
    for layer, net in LARGE.items()
}
(FOLDER / "initialisation.json").write_text(json.dumps(drawn, indent=1) + "\n")
