# SPDX-License-Identifier: Apache-2.0
"""Contractions and pools at the edges of what shapes can be: no elements, one element, and shapes that do not fit, whose
message names the node. edge_shapes.py AICC_RUN"""
import os
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import cpu  # noqa: E402

RUN = sys.argv[1]
failed = 0


def ones(*dims):
    return numpy.ones(dims, numpy.float32)


def run(name, node, inputs, weights, expected=None, message=None, options=()):
    """Compares with `expected`, or looks for `message` and the node's name in what aicc says. Every buffer ends at a page
    that cannot be read."""
    global failed
    node.name = "the_node"
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info(n, TensorProto.FLOAT, a.shape) for n, a in inputs],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              [numpy_helper.from_array(a, n) for n, a in weights])
    graph.output[0].type.tensor_type.ClearField("shape")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    with tempfile.TemporaryDirectory(prefix="aicc-edges-") as folder:
        onnx.save(model, folder + "/m.onnx")
        for i, (_, array) in enumerate(inputs):
            numpy.save(folder + "/input_%d.npy" % i, array)
        if expected is not None:
            numpy.save(folder + "/output_0.npy", expected)
        done = subprocess.run([RUN, folder + "/m.onnx", "--data", folder, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(os.environ, AICC_VERIFY="1"))
    text = done.stdout.decode()
    fits = done.returncode == 0 if message is None else done.returncode == 1 and message in text and "'the_node'" in text
    if not fits:
        failed += 1
        print("FAILED %s: exit code %d\n%s" % (name, done.returncode, text))


make = helper.make_node
conv = make("Conv", ["x", "w"], ["y"], pads=[1] * 4)
run("no images", conv, [("x", ones(0, 3, 8, 8))], [("w", ones(4, 3, 3, 3))], ones(0, 4, 8, 8))
run("no input channels, a bias", make("Conv", ["x", "w", "b"], ["y"], pads=[1] * 4), [("x", ones(1, 0, 8, 8))],
    [("w", ones(4, 0, 3, 3)), ("b", 2 * ones(4))], 2 * ones(1, 4, 8, 8))
run("no output channels", conv, [("x", ones(1, 3, 8, 8))], [("w", ones(0, 3, 3, 3))], ones(1, 0, 8, 8))
run("one pixel", conv, [("x", ones(1, 3, 1, 1))], [("w", ones(4, 3, 3, 3))], 3 * ones(1, 4, 1, 1))


def inside(extent, taps, pad):
    """How many taps of each window lie in the tensor."""
    return numpy.array([sum(0 <= at + tap - pad < extent for tap in range(taps)) for at in range(extent)], numpy.float32)


# The last rows and columns of tiles over padded images: their windows end one element or more behind the image.
for height, width, taps in ((7, 7, 3), (14, 14, 3), (9, 30, 3), (13, 11, 5), (8, 16, 3), (1, 17, 3)):
    pad = taps // 2
    counts = numpy.outer(inside(height, taps, pad), inside(width, taps, pad))
    for level in cpu.levels():
        run("padded %dx%d at %s" % (height, width, level), make("Conv", ["x", "w"], ["y"], pads=[pad] * 4),
            [("x", ones(1, 16, height, width))], [("w", ones(32, 16, taps, taps))],
            16 * numpy.broadcast_to(counts, (1, 32, height, width)), options=["--cpu", level])
product = make("MatMul", ["x", "w"], ["y"])
run("no inner extent", product, [("x", ones(3, 0))], [("w", ones(0, 5))], 0 * ones(3, 5))
run("no columns", product, [("x", ones(3, 2))], [("w", ones(2, 0))], ones(3, 0))
run("no rows, both computed", product, [("x", ones(0, 2)), ("w", ones(2, 7))], [], ones(0, 7))
run("vectors", product, [("x", ones(6)), ("w", ones(6))], [], numpy.float32(6) * ones())
run("no channels to pool", make("MaxPool", ["x"], ["y"], kernel_shape=[2, 2]), [("x", ones(1, 0, 8, 8))], [], ones(1, 0, 7, 7))
run("mean of nothing", make("GlobalAveragePool", ["x"], ["y"]), [("x", ones(1, 2, 0, 8))], [], numpy.nan * ones(1, 2, 1, 1))
run("nothing joined", make("Concat", ["x", "z"], ["y"], axis=1), [("x", ones(1, 0, 8)), ("z", ones(1, 2, 8))], [], ones(1, 2, 8))
run("no images, transposed", make("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2]), [("x", ones(0, 3, 8, 8))],
    [("w", ones(3, 4, 3, 3))], ones(0, 4, 17, 17))
image = ("x", ones(1, 3, 8, 8))
run("window too large", make("Conv", ["x", "w"], ["y"]), [("x", ones(1, 3, 4, 4))], [("w", ones(4, 3, 7, 7))],
    message="larger than the padded input")
run("groups and channels", make("Conv", ["x", "w"], ["y"], group=2), [image], [("w", ones(4, 1, 3, 3))],
    message="not group times")
run("groups and outputs", make("Conv", ["x", "w"], ["y"], group=3), [image], [("w", ones(4, 1, 3, 3))], message="do not divide")
for word in ("S", "SAME", "FOO", ""):
    run("auto_pad '%s'" % word, make("ConvTranspose", ["x", "w"], ["y"], auto_pad=word), [image], [("w", ones(3, 4, 3, 3))],
        message="auto_pad '%s'" % word)
run("inner extents", make("MatMul", ["x", "w"], ["y"]), [("x", ones(3, 4))], [("w", ones(3, 5))], message="inner dims")
run("joined across", make("Concat", ["x", "z"], ["y"], axis=1), [("x", ones(1, 2, 8)), ("z", ones(1, 2, 9))], [],
    message="another axis")
print("%d failed" % failed)
sys.exit(failed != 0)
