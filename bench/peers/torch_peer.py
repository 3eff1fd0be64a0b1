"""PyTorch's side of `wgad-bench --peers torch...` (bench/README.md), which starts this and talks to it by pipe.

Both ways a frame is a line of JSON, and behind it the float32 numbers of the tensors that its `tensors` names, [name, shape]
each. The first frame comes from here and says what PyTorch this is; then every request is answered by one, which has `error`
where it failed. Requests:

  open     network (classifier, scoring, training), config, batch, size, settings, tensors, inputs -> id, detail
           network operation: settings, operation, tensors left and right -> id, detail
  run      id, turn -> ms, and the result: logits, scores or the loss
  replay   id, repeats -> ms of so many, of an operation whose operands are on the device, with one wait
  moments  id -> AdamW's running means of the gradients
  close    id

A network's run begins with the images in host memory and ends with the result in host memory and nothing left to do on the
device. It is timed here, so the pipe is not part of it. Needs torch alone.
"""
import ctypes
import gc
import json
import math
import os
import signal
import statistics
import sys
import time
import traceback

try:
    import torch
except ImportError as error:
    print(json.dumps({"error": str(error)}))
    sys.exit(1)

import torch.nn as nn
import torch.nn.functional as F

# The networks as the goldens' scripts have them.
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools"))
from torch_networks import ResNet, RevDist, relu

CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")
# Of weights and images; the faster is taken after so many runs in each, or so many seconds.
LAYOUTS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}
TRIALS, TRIAL_SECONDS = 5, 2


class Pipe:
    """Frames over what were standard input and output."""

    def __init__(self):
        self.source, self.sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
        # What a library prints must not land in a frame, and no process that it starts may read one.
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)

    def read(self):
        """A header, and its tensors in host memory by name; None at the end."""
        line = self.source.readline()
        if not line:
            return None
        header, tensors = json.loads(line), {}
        for name, shape in header.get("tensors", []):
            data = bytearray(4 * math.prod(shape))
            if self.source.readinto(data) != len(data):
                return None
            tensors[name] = torch.frombuffer(data, dtype=torch.float32).reshape(shape)
        return header, tensors

    def write(self, header, tensors=()):
        """tensors: a name and a tensor each."""
        tensors = [(name, tensor.detach().to("cpu", torch.float32).contiguous()) for name, tensor in tensors]
        header = {**header, "tensors": [[name, list(tensor.shape)] for name, tensor in tensors]}
        self.sink.write(json.dumps(header).encode() + b"\n")
        for _, tensor in tensors:
            self.sink.write((ctypes.c_char * (4 * tensor.numel())).from_address(tensor.data_ptr()))
        self.sink.flush()


class Scoring(nn.Module):
    """Images to the mean of the highest `fraction` of the smoothed map. The map is float32 whatever the networks store."""

    def __init__(self, networks, size, fraction):
        super().__init__()
        self.networks, self.size, self.top = networks, size, max(1, int(size * size * fraction + 1e-9))
        taps = torch.exp(-torch.arange(-2.0, 3.0) ** 2 / (2 * 4.0**2))
        taps = taps / taps.sum()
        self.register_buffer("taps", torch.outer(taps, taps)[None, None], persistent=False)

    def forward(self, x):
        features, rebuilt = self.networks(x)
        maps = [
            F.interpolate(1 - F.cosine_similarity(f.float(), g.float())[:, None], self.size, mode="bilinear", align_corners=True)
            for f, g in zip(features, rebuilt)
        ]
        smooth = F.conv2d(sum(maps) / len(maps), self.taps, padding=2)
        return smooth.flatten(1).topk(self.top).values.mean(1)


class Loss(nn.Module):
    """Images to reverse distillation's loss: one cosine a sample and scale."""

    def __init__(self, networks):
        super().__init__()
        self.networks = networks

    def forward(self, x):
        features, rebuilt = self.networks(x)
        return sum((1 - F.cosine_similarity(f.flatten(1), g.flatten(1))).mean() for f, g in zip(features, rebuilt))


class Network:
    """What one `open` asked for, with weights of its own; `mode` is torch.compile's."""

    def __init__(self, request, tensors, mode=None):
        self.kind, self.arithmetic = request["network"], request["settings"]["arithmetic"]
        self.compiled = request["settings"]["compiled"]
        config = dict(request["config"])
        blocks, shape = config["blocks"], (config["expansion"], config["widen"], config["base"])
        self.weights = {name: each for name, each in tensors.items() if not name.startswith("input ")}
        if self.kind == "classifier":
            classes = len(self.weights["fc.bias"])
            self.networks = module = ResNet(blocks, *shape, classes=classes)
        else:
            self.networks = RevDist(blocks, *shape, act=relu if config.get("decoderActivation") == "relu" else F.gelu)
            scoring = self.kind == "scoring"
            module = Scoring(self.networks, request["size"], request["scoreFraction"]) if scoring else Loss(self.networks)
        self.load()
        self.networks.to(torch.float16 if self.arithmetic == "f16" else torch.float32)
        module.to(DEVICE).train(self.kind == "training")
        if self.kind == "training":
            self.optimiser = adamw(self.networks, request["optimiser"])
        self.call = torch.compile(module, fullgraph=True, dynamic=False, mode=mode) if self.compiled else module
        self.images = [tensors[name] for name in sorted(tensors) if name.startswith("input ")]
        self.lay_out(torch.contiguous_format)

    def lay_out(self, layout):
        """Weights on the device and images in host memory."""
        self.networks.to(memory_format=layout)
        inputs = [each.contiguous(memory_format=layout) for each in self.images]
        # Pinned, as a DataLoader hands them out: a copy to the device can then go without the processor.
        self.inputs = [each.pin_memory() for each in inputs] if CUDA else inputs

    def load(self):
        """The weights as they were sent."""
        missing, unexpected = self.networks.load_state_dict(self.weights, strict=False)
        wrong = [name for name in missing if not name.endswith("num_batches_tracked")] + list(unexpected)
        if wrong:
            raise ValueError(f"tensors that are missing or unexpected: {', '.join(wrong)}")

    def restart(self):
        """Before the first step again, in the same memory."""
        if self.kind == "training":
            self.load()
            self.optimiser.state.clear()

    def trial(self):
        return self.run(0)[0]

    def run(self, turn):
        """Milliseconds, and the result in host memory."""
        set_arithmetic(self.arithmetic)
        began = time.perf_counter()
        images = self.inputs[turn % len(self.inputs)].to(DEVICE, non_blocking=True)
        if self.arithmetic == "f16":
            images = images.half()
        if self.compiled:
            # Of the last run nothing is needed any more: CUDA graphs may write over it.
            torch.compiler.cudagraph_mark_step_begin()
        result = self.step(images) if self.kind == "training" else self.forward(images)
        result = result.detach().float().cpu()
        if CUDA:
            torch.cuda.synchronize()
        return 1000 * (time.perf_counter() - began), result

    def forward(self, images):
        # Inference tensors are the lighter of the two, and not what torch.compile is made for.
        with torch.no_grad() if self.compiled else torch.inference_mode():
            return self.call(images)

    def step(self, images):
        loss = self.call(images)
        loss.backward()
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return loss

    def moments(self):
        named = dict(self.networks.named_parameters())
        return [(name, self.optimiser.state[each]["exp_avg"]) for name, each in named.items() if each.requires_grad]


class Operation:
    """One convolution or product, over operands that stay on the device."""

    kind, compiled = "operation", False

    def __init__(self, request, tensors):
        self.arithmetic, self.operation = request["settings"]["arithmetic"], request["operation"]
        self.left, self.right = tensors["left"].to(DEVICE), tensors["right"].to(DEVICE)

    def lay_out(self, layout):
        if self.operation["kind"] == "conv2d":
            self.left, self.right = (each.contiguous(memory_format=layout) for each in (self.left, self.right))

    def restart(self):
        pass

    def compute(self):
        a, b = self.left, self.right
        if self.operation["kind"] == "matmul":
            a = a.transpose(-1, -2) if self.operation["transposeA"] else a
            return torch.matmul(a, b.transpose(-1, -2) if self.operation["transposeB"] else b)
        geometry = self.operation["geometry"]
        top, bottom, start, end = geometry["padding"]
        if (top, start) != (bottom, end):
            a, top, start = F.pad(a, (start, end, top, bottom)), 0, 0
        return F.conv2d(a, b, None, geometry["stride"], (top, start), geometry["dilation"], geometry["groups"])

    def run(self, _):
        set_arithmetic(self.arithmetic)
        with torch.inference_mode():
            return 0, self.compute().cpu()

    def replay(self, repeats):
        """Milliseconds of all."""
        set_arithmetic(self.arithmetic)
        with torch.inference_mode():
            began = time.perf_counter()
            for _ in range(repeats):
                result = self.compute()
            if CUDA:
                torch.cuda.synchronize()
            del result
            return 1000 * (time.perf_counter() - began)

    def trial(self):
        return self.replay(1)


def set_arithmetic(arithmetic):
    # PyTorch keeps these for the whole process, not for a network.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = arithmetic == "tf32"
    torch.backends.cudnn.benchmark = True


def adamw(networks, settings):
    trained = [each for each in networks.parameters() if each.requires_grad]
    # One kernel for many tensors, where this PyTorch has it.
    fused = {"fused": True} if CUDA and "fused" in torch.optim.AdamW.__init__.__code__.co_varnames else {}
    return torch.optim.AdamW(
        trained, lr=settings["lr"], betas=settings["betas"], eps=settings["eps"],
        weight_decay=settings["weightDecay"], amsgrad=settings["amsgrad"], **fused,
    )


def opened(request, tensors):
    """Ready to run, and what was chosen: of eager networks the faster memory layout, of modes of torch.compile the first that works."""
    if not request["settings"]["compiled"]:
        network, times = (Operation if request["network"] == "operation" else Network)(request, tensors), {}
        # On the CPU PyTorch 1.13 sometimes gets gradients through a transposed convolution wrong in channels last.
        first = not CUDA and network.kind == "training"
        for name, layout in list(LAYOUTS.items())[:1] if first else LAYOUTS.items():
            network.lay_out(layout)
            times[name] = median_of(network)
        best = min(times, key=times.get)
        network.lay_out(LAYOUTS[best])
        network.restart()
        return network, best
    # With CUDA graphs first: nothing but they spares a network of batch 1 the launching of its kernels.
    modes = ["reduce-overhead", "default"] if CUDA else ["default"]
    for mode in modes:
        torch._dynamo.reset()
        try:
            network = Network(request, tensors, mode)
            for turn in range(3):
                network.run(turn)
            network.restart()
            return network, f"torch.compile mode {mode}"
        except Exception:
            if mode == modes[-1]:
                raise
            traceback.print_exc()


def median_of(network):
    """Milliseconds of a run, after three."""
    for _ in range(3):
        network.trial()
    times, until = [], time.perf_counter() + TRIAL_SECONDS
    while len(times) < TRIALS and (not times or time.perf_counter() < until):
        times.append(network.trial())
    return statistics.median(times)


def freed():
    """Gives memory back, which the other engine may need."""
    gc.collect()
    if CUDA:
        torch.cuda.empty_cache()


def answer(request, tensors, networks):
    """Header and tensors of the reply."""
    op, key = request["op"], request.get("id")
    if op == "open":
        network, detail = opened(request, tensors)
        networks[len(networks)] = network
        return {"id": len(networks) - 1, "detail": detail}, []
    if op == "run":
        ms, result = networks[key].run(request["turn"])
        return {"ms": ms}, [("result", result)]
    if op == "replay":
        return {"ms": networks[key].replay(request["repeats"])}, []
    if op == "moments":
        return {}, networks[key].moments()
    if op == "close":
        # The place stays, so that no later network gets the number.
        if networks[key].compiled:
            torch._dynamo.reset()
        networks[key] = None
        freed()
        return {}, []
    raise ValueError(f"unknown request {op}")


def main():
    # Ctrl-C is for the process that started this one; the pipe's end is what ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Pipe()
    pipe.write({
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name(0) if CUDA else "CPU",
        "cuda": CUDA,
        "compiles": hasattr(torch, "compiler") and hasattr(torch.compiler, "cudagraph_mark_step_begin"),
        "threads": torch.get_num_threads(),
        "cudnn": torch.backends.cudnn.version() if CUDA else None,
    })
    networks = {}
    while (frame := pipe.read()) is not None:
        try:
            reply, results = answer(*frame, networks)
        except Exception as error:
            traceback.print_exc()
            reply, results = {"error": f"{type(error).__name__}: {error}"}, []
        pipe.write(reply, results)


if __name__ == "__main__":
    main()
