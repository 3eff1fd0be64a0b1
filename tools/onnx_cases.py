"""Writes the operator cases of the Python package `onnx` (Apache-2.0) for tools/onnxCases.ts: python3 tools/onnx_cases.py FOLDER

A case is a folder with model.onnx, input_I.pb and output_I.pb; of a sequence there are input_I_K.pb and input_I.count. Made with onnx 1.23.2 and NumPy; nothing is downloaded.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

warnings.simplefilter("ignore")


def write(target, name, value, type_proto):
    """One input or output: a file for a tensor, one for each of a sequence, nothing for an empty optional."""
    if type_proto.HasField("optional_type"):
        if value is not None:
            write(target, name, value, type_proto.optional_type.elem_type)
    elif type_proto.HasField("sequence_type"):
        for i, each in enumerate(value):
            (target / f"{name}_{i}.pb").write_bytes(numpy_helper.from_array(np.asarray(each)).SerializeToString())
        (target / f"{name}.count").write_text(str(len(value)))
    else:
        tensor = value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value))
        (target / f"{name}.pb").write_bytes(tensor.SerializeToString())


def main(folder):
    cases = collect_testcases(None)
    for case in cases:
        target = folder / case.name
        target.mkdir(parents=True, exist_ok=True)
        (target / "model.onnx").write_bytes(case.model.SerializeToString())
        inputs, outputs = case.data_sets[0]
        for kind, values, ports in (("input", inputs, case.model.graph.input), ("output", outputs, case.model.graph.output)):
            for i, (value, port) in enumerate(zip(values, ports)):
                write(target, f"{kind}_{i}", value, port.type)
        (target / "tolerance.json").write_text(f'{{"rtol": {case.rtol}, "atol": {case.atol}}}\n')
    print(f"onnx {onnx.__version__}: {len(cases)} cases in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
