"""Weights and images from a hash of (name, index), which test/models/hashed.ts repeats: goldens then hold only results."""
import zlib

import numpy as np
import torch


def hashed64(name, n):
    """Uniform in [-1, 1), from 32-bit integer arithmetic alone."""
    h = (np.arange(n, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(zlib.crc32(name.encode()))) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(15)
    h = (h * np.uint64(2246822519)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(13)
    h = (h * np.uint64(3266489917)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(16)
    return h.astype(np.float64) / 2**31 - 1


def hashed(name, n):
    return hashed64(name, n).astype(np.float32)


def fill(module, prefix):
    for name, t in list(module.named_parameters()) + list(module.named_buffers()):
        if name.endswith("num_batches_tracked"):
            continue
        full = f"{prefix}.{name}"
        u = hashed(full, t.numel()).reshape(t.shape)
        if name.endswith("running_var"):
            value = 1 + 0.5 * u
        elif t.dim() == 1:
            value = (1 + 0.2 * u) if name.endswith("weight") else 0.2 * u
        else:
            value = u * np.float32(np.sqrt(3.0 / np.prod(t.shape[1:])))
        t.data.copy_(torch.from_numpy(value.astype(np.float32)))


def images(name, n, size):
    return torch.from_numpy(hashed(name, n * 3 * size * size).reshape(n, 3, size, size) * 2)


def sample(t, count=64):
    flat = t.detach().reshape(-1)
    return [float(v) for v in flat[[i * (flat.numel() - 1) // (count - 1) for i in range(count)]]]
