# SPDX-License-Identifier: Apache-2.0
"""How many kernels a run of a small model takes: what fuses, and what is computed where it belongs, has no kernel of its
own. Weights are larger than what folds whatever it is. kernel_counts.py AICC"""
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
random = numpy.random.RandomState(1)


def weights(*dims):
    return random.uniform(0.5, 1, dims).astype(numpy.float32)


def batch_norm(x, y, channels):
    names = ["scale", "shift", "mean", "var"]
    return (node("BatchNormalization", " ".join([x] + [y + n for n in names]), y),
            [(y + n, weights(channels)) for n in names])


def activated(operator, w, channels, **attributes):
    """x -> operator -> batch normalisation -> y, activated."""
    norm, constants = batch_norm("a", "b", channels)
    return [node(operator, "x w", "a", **attributes), norm, node("Relu", "b", "y")], ["x:f[1,32,8,8]"], constants + [("w", w)]


def dense_block():
    """What two convolutions give, one behind the other, joined, normalised and activated before a third."""
    norm, constants = batch_norm("j", "n", 48)
    nodes = [node("Conv", "x u", "a"), node("Conv", "a v", "b", pads=[1] * 4), node("Concat", "a b", "j", axis=1), norm,
             node("Relu", "n", "r"), node("Conv", "r w", "y")]
    return nodes, ["x:f[1,32,8,8]"], constants + [("u", weights(32, 32, 3, 3)), ("v", weights(16, 32, 3, 3)),
                                                  ("w", weights(32, 48, 1, 1))]


def classifier(pool):
    nodes = [node("Conv", "x w", "a"), node("Relu", "a", "b")]
    if pool:
        nodes.append(node("GlobalAveragePool", "b", "c"))
    nodes += [node("Flatten", nodes[-1].output[0], "f"), node("Gemm", "f v d", "y", transB=1)]
    inner = 32 if pool else 32 * 36
    return nodes, ["x:f[1,32,8,8]"], [("w", weights(32, 32, 3, 3)), ("v", weights(40, inner)), ("d", weights(40))]


def attention():
    """Projections of one tensor, their heads, and the projection of what the heads give."""
    nodes, constants = [], [("heads", numpy.array([0, 0, 4, 16])), ("whole", numpy.array([0, 0, 64])), ("o", weights(64, 64))]
    for name, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        constants += [("w" + name, weights(64, 64)), ("b" + name, weights(64))]
        nodes += [node("MatMul", "x w" + name, "m" + name), node("Add", "m%s b%s" % (name, name), "a" + name),
                  node("Reshape", "a%s heads" % name, "r" + name), node("Transpose", "r" + name, name, perm=perm)]
    nodes += [node("MatMul", "q k", "s"), node("Softmax", "s", "p"), node("MatMul", "p v", "c"),
              node("Transpose", "c", "t", perm=[0, 2, 1, 3]), node("Reshape", "t whole", "u"), node("MatMul", "u o", "y")]
    return nodes, ["x:f[1,32,64]"], constants


def branches():
    """Two 1x1 convolutions of one tensor, each with another behind it, joined."""
    nodes, constants = [], []
    for i, channels in enumerate((24, 40)):
        constants += [("w%d" % i, weights(channels, 32, 1, 1)), ("v%d" % i, weights(32, channels, 3, 3))]
        nodes += [node("Conv", "x w%d" % i, "a%d" % i), node("Relu", "a%d" % i, "b%d" % i),
                  node("Conv", "b%d v%d" % (i, i), "c%d" % i)]
    return nodes + [node("Concat", "c0 c1", "y", axis=1)], ["x:f[1,32,8,8]"], constants


# Inputs and outputs of convolutions are transposed: one kernel each.
CASES = {
    "convolution, batch normalisation, activation": (activated("Conv", weights(40, 32, 3, 3), 40), 3),
    "transposed convolution in four phases": (
        activated("ConvTranspose", weights(32, 40, 4, 4), 40, strides=[2, 2], pads=[1] * 4), 6),
    "dense block": (dense_block(), 6),  # the first tensor is read unnormalised too
    "classifier behind a pool": (classifier(True), 4),
    "classifier of flattened images": (classifier(False), 3),
    # joined projections, keys transposed, scores, softmax, values, projection
    "attention": (attention(), 6),
    "inception": (branches(), 5),
}
failures = 0
with tempfile.TemporaryDirectory(prefix="aicc-kernels-") as folder:
    path = os.path.join(folder, "model.onnx")
    for title, ((nodes, inputs, constants), wanted) in CASES.items():
        onnx.save(model(graph(nodes, inputs, ["y:f"], constants)), path)
        text = subprocess.run([AICC, path, "--stop-after=schedule"], check=True, capture_output=True, text=True).stdout
        found = len(re.findall(r"\n  run @", text))
        if found != wanted:
            failures += 1
            print("%s: %d kernels run instead of %d" % (title, found, wanted))
sys.exit(failures != 0)
