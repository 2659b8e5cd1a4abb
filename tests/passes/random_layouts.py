# SPDX-License-Identifier: Apache-2.0
"""Random graphs of what the graph passes move, against numpy: convolutions, branches of one tensor, pools, pads,
concatenations, softmaxes, reductions, broadcasts, transposes and reshapes in any order.
random_layouts.py AICC_RUN COUNT [SEED]"""
import os
import random
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

RUN, COUNT = sys.argv[1], int(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1


class Graph:
    """Nodes, and beside each value what numpy says it is."""

    def __init__(self, rng):
        self.rng, self.numbers = rng, numpy.random.RandomState(rng.randint(0, 1 << 30))
        self.nodes, self.weights, self.values, self.inputs, self.results = [], [], {}, [], []

    def input(self, dims):
        name = "x%d" % len(self.inputs)
        self.values[name] = self.numbers.uniform(-1, 1, dims).astype(numpy.float32)
        self.inputs.append(name)

    def weight(self, array):
        name = "w%d" % len(self.weights)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind, inputs, result, **attributes):
        name = "v%d" % len(self.nodes)
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        self.values[name] = result.astype(numpy.float32)

    def pick(self, rank=None):
        names = [n for n, v in self.values.items() if rank is None or v.ndim == rank]
        return self.rng.choice(names[-6:]) if names else None


def conv(g, name=None):
    name = name or g.pick(4)
    if not name:
        return
    x, kernel, outputs = g.values[name], g.rng.choice([1, 3]), g.rng.choice([4, 6, 8, 20])
    if min(x.shape[2:]) < 2:
        return
    pad = kernel // 2
    w = g.numbers.uniform(-1, 1, (outputs, x.shape[1], kernel, kernel)).astype(numpy.float32) / (x.shape[1] * kernel)
    padded = numpy.pad(x.astype(float), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    y = sum(numpy.einsum("nchw,oc->nohw", padded[:, :, i:i + x.shape[2], j:j + x.shape[3]], w[:, :, i, j])
            for i in range(kernel) for j in range(kernel))
    g.node("Conv", [name, g.weight(w)], y, pads=[pad] * 4)


def branches(g):
    """Convolutions or products of one tensor, what follows them mostly alike; some are read by one convolution more."""
    name = g.pick(g.rng.choice([3, 4]))
    if not name or g.values[name].size > 20000:
        return
    x, heads, act = g.values[name], g.rng.choice([1, 2, 3]), g.rng.random() < 0.5
    for _ in range(g.rng.choice([2, 3])):
        columns = heads * g.rng.choice([2, 4, 4, 5])
        axis = 1 if x.ndim == 4 else 2
        w = g.numbers.uniform(-1, 1, (x.shape[axis], columns)).astype(numpy.float32) / x.shape[axis]
        bias = g.numbers.uniform(-1, 1, columns).astype(numpy.float32)
        if x.ndim == 4:
            y = numpy.einsum("nchw,co->nohw", x.astype(float), w) + bias.reshape(-1, 1, 1)
            g.node("Conv", [name, g.weight(numpy.ascontiguousarray(w.T.reshape(columns, -1, 1, 1))), g.weight(bias)], y)
        else:
            g.node("MatMul", [name, g.weight(w)], x.astype(float) @ w)
            if g.rng.random() < 0.9:
                product = "v%d" % (len(g.nodes) - 1)
                g.node("Add", [product, g.weight(bias)], g.values[product] + bias)
        if act or g.rng.random() < 0.1:
            unary(g, "v%d" % (len(g.nodes) - 1))
        result = "v%d" % (len(g.nodes) - 1)
        if x.ndim == 4 and g.rng.random() < 0.5:
            conv(g, result)
        elif x.ndim == 3:
            dims = list(x.shape[:2]) + [heads, columns // heads]
            y = g.values[result].reshape(dims)
            g.node("Reshape", [result, g.weight(numpy.array(dims, dtype=numpy.int64))], y)
            g.node("Transpose", ["v%d" % (len(g.nodes) - 1)], y.transpose(0, 2, 1, 3), perm=[0, 2, 1, 3])
        end = "v%d" % (len(g.nodes) - 1)
        g.node("ReduceMax", [end], g.values[end].max(-1), axes=[-1], keepdims=0)
        g.results.append("v%d" % (len(g.nodes) - 1))


def pool(g):
    """Any window, stride and padding; with ceil_mode, a window that would begin behind the input is none."""
    name = g.pick(4)
    if not name:
        return
    x, kernel, ceil = g.values[name], g.rng.choice([1, 2, 2, 3]), g.rng.randint(0, 1)
    stride, pads = g.rng.choice([1, 1, 2, 3]), [g.rng.randrange(kernel + 1) if kernel > 1 else g.rng.choice([0, 0, 1])
                                                for _ in range(4)]
    pads = [min(p, max(kernel - 1, 1)) for p in pads]
    counts = []
    for axis in range(2):
        room = x.shape[axis + 2] + pads[axis] + pads[axis + 2] - kernel
        if room < 0:
            return
        count = (room + (stride - 1) * ceil) // stride + 1
        counts.append(count - (ceil and (count - 1) * stride >= x.shape[axis + 2] + pads[axis]))
    wide = numpy.pad(x, ((0, 0), (0, 0), (pads[0], pads[2] + 3), (pads[1], pads[3] + 3)), constant_values=-numpy.inf)
    y = numpy.max([wide[:, :, i:, j:][:, :, ::stride, ::stride][:, :, :counts[0], :counts[1]]
                   for i in range(kernel) for j in range(kernel)], axis=0)
    if not numpy.isfinite(y).all():
        return
    g.node("MaxPool", [name], y, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads, ceil_mode=ceil)


def pad(g):
    name = g.pick(4)
    if not name:
        return
    x, pads = g.values[name], [g.rng.choice([0, 1, 1, 2]) for _ in range(4)]
    if x.size > 20000:
        return
    inputs = [name, g.weight(numpy.array([0, 0] + pads[:2] + [0, 0] + pads[2:], dtype=numpy.int64))]
    if g.rng.random() < 0.5:
        inputs.append(g.weight(numpy.array(0, dtype=numpy.float32)))
    g.node("Pad", inputs, numpy.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3]))))


def unary(g, name=None):
    name = name or g.pick()
    g.node("Tanh", [name], numpy.tanh(g.values[name]))


def binary(g):
    name = g.pick()
    x = g.values[name]
    alike = [n for n, v in g.values.items() if v.shape == x.shape]
    kind = g.rng.random()
    if kind < 0.4:
        other = g.rng.choice(alike)
        g.node("Add", [name, other], x + g.values[other])
    elif x.ndim:
        axis = g.rng.randrange(x.ndim)
        w = g.numbers.uniform(-1, 1, [d if i == axis else 1 for i, d in enumerate(x.shape)]).astype(numpy.float32)
        g.node("Mul", [name, g.weight(w)], x * w)


def concat(g):
    name = g.pick()
    x = g.values[name]
    if not x.ndim or x.size > 20000:
        return
    axis = g.rng.randrange(x.ndim)
    others = [n for n, v in g.values.items()
              if v.ndim == x.ndim and all(a == b or i == axis for i, (a, b) in enumerate(zip(v.shape, x.shape)))]
    other = g.rng.choice(others)
    g.node("Concat", [name, other], numpy.concatenate([x, g.values[other]], axis), axis=axis)


def softmax(g):
    name = g.pick()
    x = g.values[name]
    if not x.ndim:
        return
    axis = g.rng.randrange(x.ndim)
    e = numpy.exp(x.astype(float) - x.max(axis, keepdims=True))
    g.node("Softmax", [name], e / e.sum(axis, keepdims=True), axis=axis)


def transpose(g):
    name = g.pick()
    x = g.values[name]
    perm = list(range(x.ndim))
    g.rng.shuffle(perm)
    g.node("Transpose", [name], x.transpose(perm), perm=perm)


def reshape(g):
    name = g.pick()
    x = g.values[name]
    dims = list(x.shape)
    kind = g.rng.random()
    if kind < 0.4 and len(dims) > 1:  # merge neighbours
        i = g.rng.randrange(len(dims) - 1)
        dims[i:i + 2] = [dims[i] * dims[i + 1]]
    elif kind < 0.8 and len(dims) < 6 and dims:  # split one
        i = g.rng.randrange(len(dims))
        factor = g.rng.choice([f for f in (1, 2, 3, 4, dims[i]) if dims[i] % f == 0])
        dims[i:i + 1] = [factor, dims[i] // factor]
    elif len(dims) < 6:
        dims.insert(g.rng.randint(0, len(dims)), 1)
    g.node("Reshape", [name, g.weight(numpy.array(dims, dtype=numpy.int64))], x.reshape(dims))


def reduce(g):
    name = g.pick()
    x = g.values[name]
    if x.ndim < 2:
        return
    axis, keep = g.rng.randrange(x.ndim), g.rng.randint(0, 1)
    g.node("ReduceMean", [name], x.astype(float).mean(axis, keepdims=bool(keep)), axes=[axis], keepdims=keep)


def build(rng, folder):
    g = Graph(rng)
    g.input([rng.choice([1, 2]), rng.choice([3, 4, 6]), rng.choice([4, 6]), rng.choice([4, 8])])
    conv(g)
    for _ in range(rng.randint(3, 14)):
        rng.choice([conv, conv, branches, pool, pad, pad, unary, binary, binary, concat, softmax, transpose, reshape, reshape,
                    reduce])(g)
    results = g.results + ["v%d" % (len(g.nodes) - 1)]
    if rng.random() < 0.4:
        results.append(g.pick())
    results = [r for i, r in enumerate(results) if r not in results[:i]]
    graph = helper.make_graph(g.nodes, "g", [helper.make_tensor_value_info(n, TensorProto.FLOAT, g.values[n].shape) for n in g.inputs],
                              [helper.make_tensor_value_info(n, TensorProto.FLOAT, g.values[n].shape) for n in results], g.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    os.makedirs(folder)
    onnx.save(model, folder + "/model.onnx")
    for i, n in enumerate(g.inputs):
        numpy.save(folder + "/input_%d.npy" % i, g.values[n])
    for i, n in enumerate(results):
        numpy.save(folder + "/output_%d.npy" % i, numpy.ascontiguousarray(g.values[n]))


rng = random.Random(SEED)
failed = 0
with tempfile.TemporaryDirectory(prefix="aicc-layouts-") as top:
    for index in range(COUNT):
        folder = "%s/%d" % (top, index)
        build(rng, folder)
        done = subprocess.run([RUN, folder + "/model.onnx", "--data", folder, "--rtol", "1e-3", "--atol", "1e-4"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, AICC_VERIFY="1"))
        if done.returncode:
            failed += 1
            print("FAILED graph %d of seed %d: %s" % (index, SEED, done.stdout.decode()[:500]))
            if os.environ.get("KEEP"):
                os.system("cp -r %s %s" % (folder, os.environ["KEEP"]))
print("%d graphs, %d failed (seed %d)" % (COUNT, failed, SEED))
sys.exit(failed != 0)
