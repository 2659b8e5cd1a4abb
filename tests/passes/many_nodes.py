# SPDX-License-Identifier: Apache-2.0
"""Graphs of many nodes of one kind compile in time and memory that grow with them, and are right: against numpy.
many_nodes.py AICC AICC_RUN NODES [SECONDS MEGABYTES], the most that one compilation may take of a processor and of memory"""
import os
import resource
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

AICC, RUN, NODES = sys.argv[1], sys.argv[2], int(sys.argv[3])
LIMITS = [float(a) for a in sys.argv[4:6]]
F32 = numpy.float32


class Graph:
    """Nodes and the values that they have."""

    def __init__(self, **inputs):
        """inputs: name = (array, dims as the model states them)"""
        self.rng = numpy.random.default_rng(0)
        self.nodes, self.weights, self.inputs = [], [], {}
        self.values = {}
        for name, (value, dims) in inputs.items():
            self.values[name] = value
            self.inputs[name] = dims

    def weight(self, value):
        name = "w%d" % len(self.weights)
        self.weights.append(numpy_helper.from_array(numpy.asarray(value), name))
        self.values[name] = numpy.asarray(value)
        return name

    def random_weight(self, *shape):
        return self.weight((self.rng.random(shape) / shape[0]).astype(F32))

    def node(self, kind, operands, value, **attributes):
        name = "v%d" % len(self.nodes)
        self.nodes.append(helper.make_node(kind, operands, [name], **attributes))
        self.values[name] = value
        return name

    def matmul(self, a, b):
        return self.node("MatMul", [a, b], self.values[a] @ self.values[b])

    def add(self, a, b):
        return self.node("Add", [a, b], self.values[a] + self.values[b])


def x_of(*shape, dims=None):
    return Graph(x=(numpy.random.default_rng(1).random(shape).astype(F32), list(dims or shape)))


def chain_of_add(n):
    g = x_of(4, 4)
    name = "x"
    for _ in range(n):
        name = g.add(name, "x")
    return g, name


def fan_into_concat(n, axis, dims, same):
    """The nodes have a constant each, or differ in their kind alone."""
    g = x_of(2 if dims else 1, 4, dims=dims)
    kinds = [("Exp", numpy.exp), ("Tanh", numpy.tanh), ("Neg", numpy.negative), ("Abs", numpy.abs)]
    names = []
    for i in range(n):
        kind, function = kinds[i % len(kinds)]
        names.append(g.node(kind, ["x"], function(g.values["x"])) if same else g.add("x", g.random_weight(1, 4)))
    return g, g.node("Concat", names, numpy.concatenate([g.values[v] for v in names], axis), axis=axis)


def chain_of_reshape_and_transpose(n):
    g = x_of(4, 6)
    name, shapes = "x", [g.weight(numpy.array(s)) for s in ((2, 12), (4, 6))]
    for i in range(n // 2):
        name = g.node("Transpose", [name], g.values[name].T, perm=[1, 0])
        name = g.node("Reshape", [name, shapes[i % 2]], g.values[name].reshape(g.values[shapes[i % 2]]))
    return g, name


def products_of_one_tensor(n):
    g = x_of(8, 8)
    name = g.matmul("x", g.random_weight(8, 8))
    for _ in range(n // 2):
        name = g.add(name, g.matmul("x", g.random_weight(8, 8)))
    return g, name


def live_symbolic_buffers(n):
    g = x_of(3, 8, dims=["n", 8])
    live = [g.matmul("x", g.random_weight(8, 8)) for _ in range(n // 3)]
    name, weight = live.pop(), g.random_weight(8, 8)
    while live:
        name = g.add(g.matmul(name, weight), live.pop())
    return g, name


def many_initializers(n):
    g = x_of(4, 4)
    name = "x"
    for _ in range(n):
        name = g.add(name, g.random_weight(4, 4))
    return g, name


def slices_and_concat(n):
    g = x_of(n // 3, 4)
    bounds = [g.weight(numpy.array([i])) for i in range(n // 3 + 1)]
    names = []
    for i in range(n // 3):
        part = g.node("Slice", ["x", bounds[i], bounds[i + 1]], g.values["x"][i:i + 1])
        names.append(g.node("Exp", [part], numpy.exp(g.values[part])))
    names.reverse()
    return g, g.node("Concat", names, numpy.concatenate([g.values[v] for v in names]), axis=0)


def body_of_a_loop(n):
    """Twice through n products."""
    inner = x_of(2, 2)
    name = "x"
    start = inner.values["x"]
    for _ in range(n):
        name = inner.matmul(name, inner.random_weight(2, 2))
        name = inner.node("Softmax", [name], None, axis=1)
        before = inner.values[inner.nodes[-1].input[0]]
        e = numpy.exp(before - before.max(1, keepdims=True))
        inner.values[name] = e / e.sum(1, keepdims=True)
        if len(inner.nodes) >= n:
            break
    factors = [(node.op_type, inner.values[node.input[1]] if node.op_type == "MatMul" else None) for node in inner.nodes]
    value = start
    for _ in range(2):
        for kind, factor in factors:
            e = value @ factor if kind == "MatMul" else numpy.exp(value - value.max(1, keepdims=True))
            value = e if kind == "MatMul" else e / e.sum(1, keepdims=True)
    g = x_of(2, 2)
    tensor = lambda name, kind, shape: helper.make_tensor_value_info(name, kind, shape)
    inner.nodes.append(helper.make_node("Identity", ["go"], ["goes"]))
    inner.nodes[0].input[0] = "carried"
    body = helper.make_graph(inner.nodes, "body", [tensor("i", TensorProto.INT64, []), tensor("go", TensorProto.BOOL, []),
                                                   tensor("carried", TensorProto.FLOAT, [2, 2])],
                             [tensor("goes", TensorProto.BOOL, []), tensor(name, TensorProto.FLOAT, [2, 2])], inner.weights)
    trips, go = g.weight(numpy.array(2)), g.weight(numpy.array(True))
    return g, g.node("Loop", [trips, go, "x"], value.astype(F32), body=body)


CASES = [
    ("chain of Add", chain_of_add),
    ("fan into Concat of rows", lambda n: fan_into_concat(n, 0, None, False)),
    ("fan into Concat of symbolic columns", lambda n: fan_into_concat(n // 2, 1, ["n", 4], False)),
    ("fan of one kind into Concat", lambda n: fan_into_concat(n, 0, None, True)),
    ("chain of Reshape and Transpose", chain_of_reshape_and_transpose),
    ("products of one tensor", products_of_one_tensor),
    ("live symbolic buffers", live_symbolic_buffers),
    ("initializers", many_initializers),
    ("slices into Concat", slices_and_concat),
    ("body of a loop", lambda n: body_of_a_loop(n // 3)),
]


def save(g, result, folder):
    info = helper.make_tensor_value_info
    output = g.values[result]
    dims = ["a", "b"] if any(isinstance(d, str) for s in g.inputs.values() for d in s) else output.shape
    graph = helper.make_graph(g.nodes, "g", [info(n, TensorProto.FLOAT, d) for n, d in g.inputs.items()],
                              [info(result, TensorProto.FLOAT, dims)], g.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    os.makedirs(folder)
    onnx.save(model, folder + "/model.onnx")
    for i, n in enumerate(g.inputs):
        numpy.save(folder + "/input_%d.npy" % i, g.values[n])
    numpy.save(folder + "/output_0.npy", numpy.ascontiguousarray(output))


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compile_alone(folder):
    """Seconds of a processor and megabytes that one compilation took, in a process of its own: the largest of all children
    is what the system tells."""
    code = ("import resource, subprocess, sys; status = subprocess.run(sys.argv[1:]).returncode; "
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)")
    environment = dict(os.environ)
    if LIMITS:  # what users wait for is without checks between passes
        environment.pop("AICC_VERIFY", None)
    before = processor_seconds()
    done = subprocess.run([sys.executable, "-c", code, AICC, folder + "/model.onnx", "-o", folder + "/model.o"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
    text = done.stdout.decode()
    if done.returncode:
        return None, None, text[:500]
    return processor_seconds() - before, int(text.split()[-1]) / 1024, ""


failed = 0
with tempfile.TemporaryDirectory(prefix="aicc-many-") as top:
    for index, (title, make) in enumerate(CASES):
        folder = "%s/%d" % (top, index)
        save(*make(NODES), folder)
        seconds, megabytes, message = compile_alone(folder)
        for _ in range(2):  # the least of three says what it takes on a machine that does other things too
            if not message and LIMITS and seconds > LIMITS[0]:
                again, megabytes, message = compile_alone(folder)
                seconds = min(seconds, again or seconds)
        if not message and LIMITS and (seconds > LIMITS[0] or megabytes > LIMITS[1]):
            message = "takes more than %g s or %g MB" % tuple(LIMITS)
        if not message:
            done = subprocess.run([RUN, folder + "/model.onnx", "--data", folder, "--rtol", "1e-3", "--atol", "1e-5"],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            message = done.stdout.decode()[:500] if done.returncode else ""
        failed += bool(message)
        figures = "%.1f s, %d MB" % (seconds, megabytes) if seconds is not None else "does not compile"
        print("%s %s: %s %s" % ("FAILED" if message else "ok", title, figures, message), flush=True)
sys.exit(failed != 0)
