# SPDX-License-Identifier: Apache-2.0
"""Which leaf each product gets: register tiles for everything with several rows and columns, whatever lies how and
whatever is known when aicc runs; vectors along the sum for one column, for a few columns of weights, and for few rows of a
transposed operand.
products.py AICC"""
import os
import re
import subprocess
import sys
import tempfile

import numpy
import onnx

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "control"))
from build import graph, model, node  # noqa: E402

AICC = sys.argv[1]


def leaves_of_products(folder, nodes, tensors, constants):
    """The leaf of every kernel that adds up products, as the schedule prints it."""
    random = numpy.random.RandomState(1)
    arrays = [(name, random.uniform(-1, 1, tensors[name]).astype(numpy.float32)) for name in constants]
    inputs = ["%s:f[%s]" % (name, ",".join(map(str, dims))) for name, dims in tensors.items() if name not in constants]
    path = os.path.join(folder, "model.onnx")
    onnx.save(model(graph(nodes, inputs, ["y:f"], arrays)), path)
    text = subprocess.run([AICC, path, "--stop-after=schedule"], check=True, capture_output=True, text=True).stdout
    found = []
    for kernel in re.split(r"\n  kernel ", text)[1:]:
        if re.search(r"= add\[", kernel) and "mul(" in kernel:
            found += re.findall(r"\b(tile|vec)\b", kernel.split("schedule {")[1])
    return found


def conv(rank, channels, outputs, groups=1, operator="Conv", **attributes):
    x = [1, channels] + {1: [50], 2: [14, 14], 3: [6, 6, 6]}[rank]
    w = ([channels, outputs // groups] if operator == "ConvTranspose" else [outputs, channels // groups]) + [3] * rank
    return [node(operator, "x w", "y", group=groups, **attributes)], {"x": x, "w": w}


def gemm(m, k, n, ta, tb):
    return ([node("Gemm", "a b", "y", transA=ta, transB=tb)],
            {"a": [k, m] if ta else [m, k], "b": [n, k] if tb else [k, n]})


def transposed(dims, perm, other):
    """other x transpose(k): the scores of attention."""
    return [node("Transpose", "k", "t", perm=perm), node("MatMul", "q t", "y")], {"q": other, "k": dims}


TILES = {
    "gemm": gemm(64, 96, 80, 0, 0), "gemm_b": gemm(64, 96, 80, 0, 1), "gemm_a": gemm(64, 96, 80, 1, 0),
    "gemm_ab": gemm(64, 96, 80, 1, 1), "gemm_symbols": gemm("m", "k", "n", 0, 1),
    "scores": transposed([1, 4, 64, 32], [0, 1, 3, 2], [1, 4, 64, 32]),
    "scores_of_heads": transposed([1, 64, 4, 32], [0, 2, 3, 1], [1, 4, 64, 32]),
    "batch": ([node("MatMul", "a b", "y")], {"a": [3, 64, 96], "b": [3, 96, 80]}),
    "batch_broadcast": ([node("MatMul", "a b", "y")], {"a": [3, 64, 96], "b": [1, 96, 80]}),
    "one_row": ([node("MatMul", "a b", "y")], {"a": [1, 96], "b": [96, 80]}),
    "conv_1d": conv(1, 16, 32), "conv_2d": conv(2, 16, 32, pads=[1] * 4), "conv_3d": conv(3, 16, 32),
    "conv_grouped": conv(2, 16, 32, 4), "conv_depthwise": conv(2, 16, 16, 16), "conv_multiplied": conv(2, 16, 32, 16),
    "conv_strided": conv(2, 16, 32, strides=[2, 2]), "conv_dilated": conv(2, 16, 32, dilations=[2, 2]),
    "conv_transpose": conv(2, 16, 32, operator="ConvTranspose", strides=[2, 2]),
}
VECTORS = {
    "matrix_vector": ([node("MatMul", "a b", "y")], {"a": [64, 96], "b": [96]}),
    "dot": ([node("MatMul", "a b", "y")], {"a": [96], "b": [96]}),
    "few_rows_of_columns": gemm(7, 96, 80, 0, 1),
}
VECTORS_OF_CONSTANTS = {"few_columns": gemm(64, 96, 4, 0, 0), "conv_few_outputs": conv(2, 32, 3)}

failures = 0
with tempfile.TemporaryDirectory(prefix="aicc-products-") as directory:
    # with the second operand computed when the object runs, known when aicc runs, or both in turn
    for leaf, cases, ways in (("tile", TILES, (False, True)), ("vec", VECTORS, (False,)),
                              ("vec", VECTORS_OF_CONSTANTS, (True,))):
        for name, (nodes, tensors) in cases.items():
            second = list(tensors)[1]
            for is_known in ways:
                constants = [second] if is_known else []
                if "m" in tensors.get("a", []) and is_known:
                    continue  # a weight has no symbolic dims
                found = leaves_of_products(directory, nodes, tensors, constants)
                if not found or set(found) != {leaf}:
                    failures += 1
                    print("%s, constant %s: leaves %s instead of %s" % (name, constants, found, leaf))
sys.exit(failures != 0)
