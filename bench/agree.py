# SPDX-License-Identifier: Apache-2.0
"""Whether compiled models and ONNX Runtime agree at sizes that the test data do not have: symbolic dims are given two sets
of sizes each, inputs are random. What the compiled model gives is what ONNX Runtime is compared with, in aicc-bench.
agree.py --build DIR --ort LIBRARY [MODEL...]; bench/run.sh agree [MODEL...] installs what it needs."""
import argparse
import os
import pathlib
import re
import subprocess
import sys

import numpy
import onnx

import zoo

MODELS = ["bert_base_uncased", "t5_small_encoder", "t5_small_decoder", "t5_small_decoder_with_past", "gpt2_with_past",
          "llama_tiny_prefill", "llama_tiny_with_past", "whisper_tiny_decoder", "whisper_tiny_decoder_with_past",
          "clip_text_b32", "espcn_x3_dyn", "keras_cnn", "mlp_tabular_dyn", "mobilenet_v2_dyn", "resnet18_dyn", "resnet50_dyn"]
# The first pattern that is found in a dim's name says its sizes.
SIZES = [("past", (1, 33)), ("encoder.*out", (5, 150)), ("batch|^N$", (1, 3)), ("^h$", (24, 40)), ("^w$", (32, 17)),
         ("sequence|length|time", (7, 128))]
MOST = {"clip_text_b32": 77}  # positions that a model knows
ONE_TOKEN = ("sequence_length", (1, 2))  # beside a past


def size_of(name, which, has_past):
    """The size of a dim; "past + sequence" is the sum of both."""
    parts = [part.strip() for part in name.split("+")]
    if len(parts) > 1:
        return sum(size_of(part, which, has_past) for part in parts)
    if name.isdigit():
        return int(name)
    if has_past and name == ONE_TOKEN[0]:
        return ONE_TOKEN[1][which]
    for pattern, sizes in SIZES:
        if re.search(pattern, name):
            return sizes[which]
    raise KeyError(name)


def write_inputs(path, folder, which, most):
    """Random inputs; numbers of tokens stay small, masks are ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.npy"):
        file.unlink()
    random = numpy.random.RandomState(which)
    graph = onnx.load(str(path), load_external_data=False).graph
    names = {dim.dim_param for value in graph.input for dim in value.type.tensor_type.shape.dim if dim.dim_param}
    has_past = any("past" in name for name in names)
    sizes = {name: min(size_of(name, which, has_past), most) for name in names}
    for i, value in enumerate(v for v in graph.input if v.name not in {w.name for w in graph.initializer}):
        tensor = value.type.tensor_type
        shape = [sizes[dim.dim_param] if dim.dim_param else dim.dim_value for dim in tensor.shape.dim]
        dtype = onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[tensor.elem_type]
        if "mask" in value.name:
            array = numpy.ones(shape)
        elif dtype.kind == "f":
            array = random.uniform(-1, 1, shape)
        elif "position" in value.name:
            first = max([size for name, size in sizes.items() if "past" in name and "+" not in name] or [0])
            array = numpy.broadcast_to(first + numpy.arange(shape[-1]), shape)
        elif "type" in value.name:
            array = random.randint(0, 2, shape)
        else:
            array = random.randint(1, 1000, shape)
        numpy.save(folder / f"input_{i}.npy", numpy.asarray(array, dtype=dtype))
    return sizes


def agree(build, ort, name):
    """Lines of what was compared, and whether all agreed."""
    work = build / "bench"
    target = work / "models" / name
    zoo.fill(zoo.unpack(pathlib.Path(os.environ["AICC_TESTDATA"]), work), name, target)
    model, library = target / "model.onnx", target / "agree.so"
    subprocess.run([build / "bin/aicc", model, "--shared", "-o", library], check=True)
    good = True
    for which in range(2):
        folder = target / f"sizes_{which}"
        sizes = write_inputs(model, folder, which, MOST.get(name, sys.maxsize))
        ran = subprocess.run([build / "bin/aicc-run", library, "--data", folder, "--no-compare", "--save", folder],
                             capture_output=True, text=True, check=False)
        if ran.returncode == 0:
            ran = subprocess.run([build / "bin/aicc-bench", "--rounds", "1", "--seconds", "0", "--ort", "ort", ort, model, folder],
                                 capture_output=True, text=True, check=False)
        good = good and ran.returncode == 0
        print("%-8s %-32s %s%s" % ("agree" if ran.returncode == 0 else "FAILED", name,
                                   ", ".join("%s=%d" % pair for pair in sorted(sizes.items())),
                                   "" if ran.returncode == 0 else ": " + (ran.stderr or ran.stdout)[-400:]), flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--ort", required=True)
    parser.add_argument("models", nargs="*", default=MODELS)
    given = parser.parse_args()
    if "AICC_TESTDATA" not in os.environ:
        print("AICC_TESTDATA does not name the folder with zoo.tar.xz")
        return 1
    results = [agree(given.build, os.path.abspath(given.ort), name) for name in given.models or MODELS]
    print("%d of %d models agree" % (sum(results), len(results)))
    return not all(results)


if __name__ == "__main__":
    sys.exit(main())
