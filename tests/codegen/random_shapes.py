# SPDX-License-Identifier: Apache-2.0
"""Models of one contraction, pooling or softmax with random shapes and types that leave remainders of every kind, for
kernel_oracle to compare with the interpreter at each level. random_shapes.py KERNEL_ORACLE COUNT [SEED]"""
import os
import random
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

ORACLE, COUNT = sys.argv[1], int(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1


def weights(rng, name, dims):
    array = numpy.random.RandomState(rng.randint(0, 1 << 30)).uniform(-1, 1, dims).astype(numpy.float32)
    return numpy_helper.from_array(array, name)


def converted(tensor, element):
    """An f32 initializer as one of another type."""
    array = numpy_helper.to_array(tensor)
    if element != TensorProto.BFLOAT16:
        return numpy_helper.from_array(array.astype(helper.mapping.TENSOR_TYPE_TO_NP_TYPE[element]), tensor.name)
    upper = (array.astype(numpy.float32).view(numpy.uint32) >> 16).astype(numpy.uint16)
    return helper.make_tensor(tensor.name, element, tensor.dims, upper.tobytes(), raw=True)


def save(path, nodes, inputs, initializers):
    """Types of fewer bits are converted on the way to the registers, f64 has half the lanes."""
    element = rng.choice([TensorProto.FLOAT] * 7 + [TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16])
    with_bfloat16 = ("MatMul", "Relu", "Tanh", "Gemm", "Softmax")  # in this opset
    if element == TensorProto.BFLOAT16 and any(node.op_type not in with_bfloat16 for node in nodes):
        element = TensorProto.FLOAT16
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info(n, element, d) for n, d in inputs],
                              [helper.make_tensor_value_info("y", element, None)],
                              [converted(tensor, element) for tensor in initializers])
    del graph.output[0].type.tensor_type.shape.dim[:]
    graph.output[0].type.tensor_type.ClearField("shape")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)


def extent(rng, most):
    return rng.choice([1, 2, 3, rng.randint(1, most), rng.randint(1, most), most])


def conv(rng, path):
    rank, groups = rng.choice([1, 2, 2, 2, 3]), rng.choice([1, 1, 1, 2, 4])
    kind = rng.random()
    channels = groups * extent(rng, 20)
    outputs = groups * extent(rng, 70)
    if kind < 0.25:  # depthwise, also with several outputs per channel
        groups = channels = extent(rng, 70)
        outputs = channels * rng.choice([1, 1, 2])
    kernel = [rng.choice([1, 2, 3, 3, 5, 7]) for _ in range(rank)]
    stride = [rng.choice([1, 1, 2, 3]) for _ in range(rank)]
    dilation = [rng.choice([1, 1, 1, 2]) for _ in range(rank)]
    pads = [rng.randint(0, 3) for _ in range(2 * rank)]
    spatial = []
    for i in range(rank):
        reach = dilation[i] * (kernel[i] - 1) + 1
        spatial.append(max(reach - pads[i] - pads[i + rank], 1) + rng.choice([0, 1, rng.randint(0, 30 // rank)]))
    dims = [rng.choice([1, 1, 2]), channels] + spatial
    if rng.random() < 0.25:  # symbolic extents, of 3 in the oracle
        for i in range(rank):
            if dilation[i] * (kernel[i] - 1) + 1 <= 3 + pads[i] + pads[i + rank] and rng.random() < 0.7:
                dims[i + 2] = "s%d" % i
        if rng.random() < 0.5:
            dims[0] = "n"
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["t"], strides=stride, dilations=dilation, pads=pads, group=groups,
                              kernel_shape=kernel), helper.make_node(rng.choice(["Relu", "Sigmoid", "Identity"]), ["t"], ["y"])]
    w = [outputs, channels // groups] + kernel
    if rng.random() < 0.3:  # weights computed at run time
        save(path, nodes, [("x", dims), ("w", w)], [weights(rng, "b", [outputs])])
    else:
        save(path, nodes, [("x", dims)], [weights(rng, "w", w), weights(rng, "b", [outputs])])


def conv_transpose(rng, path):
    rank, groups = rng.choice([1, 2, 2]), rng.choice([1, 1, 2])
    kernel = [rng.randint(1, 4) for _ in range(rank)]
    w = [groups * extent(rng, 20), extent(rng, 40)] + kernel
    nodes = [helper.make_node("ConvTranspose", ["x", "w"], ["t"], strides=[rng.randint(1, 3) for _ in kernel], group=groups),
             helper.make_node("Relu", ["t"], ["y"])]
    x = [1, w[0]] + [rng.randint(1, 12) for _ in kernel]
    if rng.random() < 0.5:
        save(path, nodes, [("x", x), ("w", w)], [])
    else:
        save(path, nodes, [("x", x)], [weights(rng, "w", w)])


def product(rng, path):
    batch = [extent(rng, 4) for _ in range(rng.randint(0, 2))]
    m, k, n = extent(rng, 70), extent(rng, 90), extent(rng, 150)
    a, b = batch + [m, k], [k, n]
    if rng.random() < 0.5:
        b = [d if rng.random() < 0.6 else 1 for d in batch] + b
    if rng.random() < 0.2:
        a[-2] = "m"
    constant = rng.random() < 0.6
    if not constant and rng.random() < 0.3:
        b[-1] = "n"
    nodes = [helper.make_node("MatMul", ["a", "b"], ["t"]), helper.make_node(rng.choice(["Relu", "Tanh"]), ["t"], ["y"])]
    if not constant and rng.random() < 0.5:
        nodes.insert(0, helper.make_node("Transpose", ["c"], ["b"], perm=list(range(len(b) - 2)) + [len(b) - 1, len(b) - 2]))
        save(path, nodes, [("a", a), ("c", b[:-2] + [b[-1], b[-2]])], [])
    else:
        save(path, nodes, [("a", a)] + ([] if constant else [("b", b)]), [weights(rng, "b", b)] if constant else [])


def interleaved(rng, path):
    """Results that are not adjacent in memory, so that blocks of columns are read without register tiles."""
    m, k, n = extent(rng, 40), extent(rng, 40), extent(rng, 150)
    element = rng.choice([TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT32])
    kind = helper.mapping.TENSOR_TYPE_TO_NP_TYPE[element]
    array = numpy.random.RandomState(rng.randint(0, 1 << 30)).randint(-9, 9, (k, n)).astype(kind)
    nodes = [helper.make_node("MatMul", ["a", "b"], ["t"]), helper.make_node("Unsqueeze", ["t", "two"], ["u"]),
             helper.make_node("Concat", ["u", "v"], ["y"], axis=2)]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("a", element, [m, k]),
                                           helper.make_tensor_value_info("v", element, [m, n, 1])],
                              [helper.make_tensor_value_info("y", element, [m, n, 2])],
                              [numpy_helper.from_array(array, "b"), numpy_helper.from_array(numpy.array([2]), "two")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)


def left(rng, path):
    """The constant operand on the left."""
    m, k, n = extent(rng, 70), extent(rng, 90), extent(rng, 50)
    batch = [extent(rng, 3) for _ in range(rng.randint(0, 2))]
    nodes = [helper.make_node("MatMul", ["w", "x"], ["t"]), helper.make_node("Relu", ["t"], ["y"])]
    save(path, nodes, [("x", batch + [k, n])], [weights(rng, "w", rng.choice([[m, k], batch + [m, k]]))])


def gemm(rng, path):
    m, k, n = extent(rng, 40), extent(rng, 90), extent(rng, 150)
    ta, tb = rng.randint(0, 1), rng.randint(0, 1)
    nodes = [helper.make_node("Gemm", ["a", "b", "c"], ["y"], transA=ta, transB=tb, alpha=rng.choice([1.0, 0.5]))]
    b, c = [n, k] if tb else [k, n], weights(rng, "c", rng.choice([[n], [1, n], [m, 1]]))
    constant = rng.random() < 0.6
    save(path, nodes, [("a", [k, m] if ta else [m, k])] + ([] if constant else [("b", b)]),
         [weights(rng, "b", b), c] if constant else [c])


def pooling(rng, path):
    rank = rng.choice([1, 2, 2, 3])
    kernel = [rng.randint(1, 4) for _ in range(rank)]
    pads = [rng.randint(0, k - 1) for k in kernel] * 2
    dims = [1, extent(rng, 40)] + [k + rng.randint(0, 12) for k in kernel]
    channels = extent(rng, 40)
    attributes = {"count_include_pad": rng.randint(0, 1)} if rng.random() < 0.5 else {}
    kind = "AveragePool" if attributes else rng.choice(["MaxPool", "AveragePool"])
    nodes = [helper.make_node("Conv", ["x", "w"], ["t"]),  # channels last before the pool
             helper.make_node(kind, ["t"], ["y"], kernel_shape=kernel, pads=pads, ceil_mode=rng.randint(0, 1),
                              strides=[rng.randint(1, 3) for _ in kernel], **attributes)]
    save(path, nodes, [("x", dims)], [weights(rng, "w", [channels, dims[1]] + [1] * rank)])


def reduction(rng, path):
    dims = [extent(rng, 30) for _ in range(rng.randint(1, 4))]
    axes = sorted(rng.sample(range(len(dims)), rng.randint(1, len(dims))))
    operator = rng.choice(["ReduceMax", "ReduceMean", "ReduceL2", "ReduceProd"])
    save(path, [helper.make_node(operator, ["x"], ["y"], axes=axes, keepdims=rng.randint(0, 1))], [("x", dims)], [])


def rows(rng, path):
    """Maxima, sums and maps of rows that no vector fits."""
    dims = [extent(rng, 40) for _ in range(rng.randint(1, 3))] + [extent(rng, 100)]
    if rng.random() < 0.2:
        dims[-1] = "n"
    nodes = [helper.make_node("Tanh", ["x"], ["t"]), helper.make_node("Softmax", ["t"], ["y"], axis=rng.randrange(len(dims)))]
    save(path, nodes, [("x", dims)], [])


rng = random.Random(SEED)
with tempfile.TemporaryDirectory(prefix="aicc-shapes-") as folder:
    paths = []
    for index in range(COUNT):
        kind = rng.choice([conv, conv, conv, conv_transpose, product, product, gemm, left, interleaved, pooling, reduction,
                           rows])
        paths.append(os.path.join(folder, "%s_%d.onnx" % (kind.__name__, index)))
        kind(rng, paths[-1])
    done = subprocess.run([ORACLE] + paths, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = done.stdout.decode().splitlines()
    agreed = sum(line.startswith("ok ") for line in lines)
    for line in lines:
        if not line.startswith("ok "):
            print(line)
    print("%d of %d models agree with the interpreter (seed %d)" % (agreed, COUNT, SEED))
sys.exit(done.returncode != 0 or agreed < COUNT * 9 // 10)
