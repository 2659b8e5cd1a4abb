# SPDX-License-Identifier: Apache-2.0
"""What tests share that take the operators of the table from the official tests (Debian's libonnx-testdata)."""
import collections
import concurrent.futures
import glob
import os
import subprocess
import sys

import onnx
from onnx import TensorProto, numpy_helper

FOLDER = "/usr/share/libonnx-testdata/data/node"
SECONDS = 60
os.environ["AICC_VERIFY"] = "1"

Row = collections.namedtuple("Row", "domain name since until elements floats")  # as tests/conformance/operators.c prints it


def table(program):
    """The rows of the operator table."""
    text = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [Row(*line.split("\t")) for line in text.splitlines()]


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=SECONDS)


def read_tensor(path):
    tensor = TensorProto()
    with open(path, "rb") as file:
        tensor.ParseFromString(file.read())
    return tensor


def read_array(path):
    return numpy_helper.to_array(read_tensor(path))


def write_tensor(path, tensor):
    with open(path, "wb") as file:
        file.write(tensor.SerializeToString())


def tests_of(operators):
    """(folder, model) of every test that is one node of these operators, over tensors."""
    for path in sorted(glob.glob(os.path.join(FOLDER, "*", "model.onnx"))):
        model = onnx.load(path)
        node = model.graph.node[0]
        values = list(model.graph.input) + list(model.graph.output)
        if "BFLOAT16" in path:  # this release has their data as uint16
            continue
        if len(model.graph.node) == 1 and node.op_type in operators and node.domain in ("", "ai.onnx") and \
                all(value.type.HasField("tensor_type") for value in values):
            yield os.path.dirname(path), model


def in_parallel(function, cases):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, cases))


def names_listed(file):
    """The first column of a list of known failures beside the tests."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), file), encoding="utf-8") as lines:
        return {line.split("\t")[0].strip() for line in lines if line.strip() and not line.startswith("#")}


def skip_without():
    """Ends the test where the official tests are not installed."""
    if not os.path.isdir(FOLDER):
        print("SKIPPED: no folder %s (package libonnx-testdata)" % FOLDER)
        sys.exit(77)
