"""Small files of torch.save in every container, for test/formats. Run by hand: /usr/bin/python3 tools/torch_files.py

values.json holds what each must read as; shapes and numbers follow from the names.
"""
import collections
import json
import pathlib
import pickle

import torch

here = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "torch"
here.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)


def numbers(*shape, dtype=torch.float32):
    return torch.randn(*shape).to(dtype)


base = numbers(6, 5)
shared = numbers(12)
odd = collections.OrderedDict(
    plain=base,
    transposed=base.t(),
    sliced=base[1:4, ::2],
    last=shared[8:],
    first=shared[:4].view(2, 2),
    scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3),
    expanded=torch.tensor([3.0]).expand(4),
    half=numbers(7, dtype=torch.float16),
    bfloat=numbers(7, dtype=torch.bfloat16),
    double=numbers(3, dtype=torch.float64),
    parameter=torch.nn.Parameter(numbers(2, 2)),
    num_batches_tracked=torch.tensor(41),
)
many = collections.OrderedDict((f"layer.{i}.weight", torch.full((2,), float(i))) for i in range(1100))
module = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3)).state_dict()
cases = {
    "odd": odd,
    "many": many,
    "module": module,
    "nested": {"bn": module, "decoder": {"a": base}, "epoch": 3},
    "wrapped": {"epoch": 7, "state_dict": {f"module.{k}": v for k, v in module.items()}, "lr": 0.1, "names": ["a", "b"]},
}


def flat(value, prefix=""):
    out = {}
    for key, inner in value.items():
        if isinstance(inner, torch.Tensor):
            if inner.dtype.is_floating_point:
                out[prefix + key] = {"shape": list(inner.shape), "data": [float(v) for v in inner.detach().float().flatten()]}
        elif isinstance(inner, dict):
            out.update(flat(inner, f"{prefix}{key}."))
    return out


values = {name: flat(case) for name, case in cases.items()}
values["wrapped"] = flat({k[len("module."):]: v for k, v in cases["wrapped"]["state_dict"].items()})
values["many"] = {name: values["many"][name] for name in ["layer.0.weight", "layer.255.weight", "layer.1099.weight"]}
(here / "values.json").write_text(json.dumps(values))
for name, case in cases.items():
    if name != "many":
        torch.save(case, here / f"{name}.zip.pth")
    torch.save(case, here / f"{name}.legacy.pth", _use_new_zipfile_serialization=False)
torch.save(cases["odd"], here / "odd.protocol4.pth", pickle_protocol=4)


class EasyDict(dict):
    pass


EasyDict.__module__, EasyDict.__qualname__ = "easydict", "EasyDict"
import sys
import types

sys.modules["easydict"] = types.ModuleType("easydict")
sys.modules["easydict"].EasyDict = EasyDict
torch.save({"arch": EasyDict(depth=3), "state_dict": module}, here / "foreign.zip.pth")
torch.jit.script(torch.nn.Linear(2, 2)).save(str(here / "script.pt"))
with open(here / "plain.pkl", "wb") as file:
    pickle.dump({"a": 1}, file, protocol=2)
for path in sorted(here.iterdir()):
    print(path.name, path.stat().st_size)
