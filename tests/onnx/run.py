"""Runs ONNX files that the tests have written, and writes down what ONNX Runtime answers.

    run.py FOLDER

FOLDER/cases.json lists runs: `model` (a file of the folder) and `inputs`, each with `shape` and `at`, its place
among the floats of FOLDER/numbers.bin. FOLDER/answers.json gets, for each run, `error`, or `shape` and `at` of
the first output among the floats of FOLDER/answers.bin, with what the file says of itself and the `kernels` that
ONNX Runtime makes of it. Every file is checked
with onnx.checker, shapes included, and runs in a session with default options on one thread.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort


def open_model(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.optimized_model_filepath = path + ".run"
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    kernels = [node.op_type for node in onnx.load(path + ".run").graph.node]
    return session, model, sorted(set(kernels))


def answer(session, case, numbers):
    kinds = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64}
    feeds = {}
    for info, given in zip(session.get_inputs(), case["inputs"], strict=True):
        count = int(np.prod(given["shape"]))
        values = numbers[given["at"] : given["at"] + count].reshape(given["shape"])
        feeds[info.name] = values.astype(kinds[info.type])
    return session.run(None, feeds)[0].astype(np.float32)


def facts(session, model, kernels):
    return {
        "inputs": [info.name for info in session.get_inputs()],
        "output": session.get_outputs()[0].name,
        "sizes": session.get_outputs()[0].shape,
        "nodes": [node.name for node in model.graph.node],
        "kernels": kernels,
        "producer": model.producer_name,
        "metadata": {entry.key: entry.value for entry in model.metadata_props},
    }


def main(folder):
    numbers = np.fromfile(folder / "numbers.bin", "<f4")
    opened, told, written, at = {}, [], [], 0
    for case in json.loads((folder / "cases.json").read_text()):
        try:
            name = case["model"]
            if name not in opened:
                opened[name] = open_model(str(folder / name))
            y = answer(opened[name][0], case, numbers)
            told.append({"shape": list(y.shape), "at": at, **facts(*opened[name])})
            written.append(y.ravel())
            at += y.size
        except Exception as error:  # whatever a library throws is the answer
            told.append({"error": f"{type(error).__name__}: {error}"})
    np.concatenate(written or [np.zeros(0, np.float32)]).astype("<f4").tofile(folder / "answers.bin")
    (folder / "answers.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
