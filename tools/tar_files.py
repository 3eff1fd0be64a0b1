"""The container of PyTorch 0.1, for test/formats. Run by hand: /usr/bin/python3 tools/tar_files.py

No PyTorch writes it any more, so it is written here by weights.md 6.3; PyTorch still reads it, and what it reads is what
tar.json holds. Addresses beyond 2^31 stand for those of tensors in the memory of the saving process.
"""
import array
import collections
import copyreg
import io
import json
import pathlib
import pickle
import struct
import tarfile

import torch

here = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "torch"


class Tensor:
    """Stands for a tensor in the pickle: its persistent id is its address."""

    def __init__(self, address):
        self.address = address


class ParameterBefore:
    """As Variables were pickled before they had a __reduce_ex__: made empty, then given five values."""

    def __init__(self, data):
        self.state = (data, None, collections.OrderedDict(), True, False)

    @property
    def __class__(self):
        return torch.nn.Parameter  # the pickler compares it

    def __reduce_ex__(self, protocol):
        return copyreg.__newobj__, (torch.nn.Parameter,), self.state


class ParameterAfter:
    def __init__(self, data):
        self.data = data

    def __reduce_ex__(self, protocol):
        return torch.nn.Parameter, (self.data,), (True, False, collections.OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return str(value.address) if isinstance(value, Tensor) else None


def dumped(value):
    out = io.BytesIO()
    Pickler(out, protocol=2).dump(value)
    return out.getvalue()


BASE = 140_000_000_000_000


class Archive:
    def __init__(self):
        self.storages, self.views, self.tensors, self.next = [], [], [], BASE

    def address(self):
        self.next += 64
        return self.next

    def storage(self, kind, code, values):
        key = self.address()
        width = {"f": 4, "d": 8, "q": 8, "H": 2}[code]
        self.storages.append(dumped((key, "cpu", getattr(torch, f"{kind}Storage"))) + struct.pack("<q", len(values)) + array.array(code, values).tobytes())
        assert array.array(code).itemsize == width
        return key

    def view(self, root, offset, size):
        key = self.address()
        self.views.append((key, root, offset, size))
        return key

    def tensor(self, kind, storage, sizes, strides, offset=0):
        key = self.address()
        rank = len(sizes)
        packed = struct.pack(f"<ii{rank}q{rank}qq", rank, 0, *sizes, *strides, offset)
        self.tensors.append(dumped((key, storage, getattr(torch, f"{kind}Tensor"))) + packed)
        return Tensor(key)

    def write(self, path, value):
        parts = {
            "storages": dumped(len(self.storages)) + b"".join(self.storages) + dumped(self.views),
            "tensors": dumped(len(self.tensors)) + b"".join(self.tensors),
            "pickle": dumped(value),
        }
        # Times with a fraction make PAX headers, as they did then.
        with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as tar:
            for name, data in parts.items():
                info = tarfile.TarInfo(name)
                info.size, info.mtime = len(data), 1484000000.25
                tar.addfile(info, io.BytesIO(data))


archive = Archive()
base = archive.storage("Float", "f", [i / 8 - 1 for i in range(30)])
double = archive.storage("Double", "d", [0.1, -2.5, 1e-300])
half = archive.storage("Half", "H", [0x3C00, 0x8001, 0x7BFF])
counts = archive.storage("Long", "q", [41])
part = archive.view(base, 10, 12)
tensor = archive.tensor
odd = collections.OrderedDict(
    plain=tensor("Float", base, [6, 5], [5, 1]),
    transposed=tensor("Float", base, [5, 6], [1, 5]),
    sliced=tensor("Float", base, [3, 2], [5, 2], 6),
    viewed=tensor("Float", part, [3, 4], [4, 1]),
    double=tensor("Double", double, [3], [1]),
    half=tensor("Half", half, [3], [1]),
    before=ParameterBefore(tensor("Float", base, [2, 2], [2, 1], 3)),
    after=ParameterAfter(tensor("Float", base, [4], [1], 26)),
    num_batches_tracked=tensor("Long", counts, [1], [1]),
)
archive.write(here / "odd.tar.pth", odd)

read = torch.load(here / "odd.tar.pth")
values = {
    name: {"shape": list(value.shape), "data": [float(v) for v in value.detach().float().flatten()]}
    for name, value in read.items()
    if value.dtype.is_floating_point
}
(here / "tar.json").write_text(json.dumps(values))
print(len(values), (here / "odd.tar.pth").stat().st_size)
