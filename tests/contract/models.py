# SPDX-License-Identifier: Apache-2.0
"""Small models that the tests of the output contract compile."""
import os

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def save(path, nodes, inputs, outputs, weights=(), opset=13):
    """inputs, outputs: (name, element type, dims); weights: name to array."""
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info(*i) for i in inputs],
                              [helper.make_tensor_value_info(*o) for o in outputs],
                              [numpy_helper.from_array(a, n) for n, a in dict(weights).items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    onnx.save(model, path)


def weights(*shape):
    return numpy.random.default_rng(7).standard_normal(shape).astype(numpy.float32)


def dense(path):
    """Static shapes, large enough to be cut into tasks, with weights."""
    save(path, [helper.make_node("Gemm", ["x", "w", "b"], ["h"], transB=1, name="first"),
                helper.make_node("Tanh", ["h"], ["y"], name="second")],
         [("x", TensorProto.FLOAT, [64, 96])], [("y", TensorProto.FLOAT, [64, 200])],
         {"w": weights(200, 96), "b": weights(200)})


def symbolic(path):
    """y = relu(x) + b over a symbolic batch, with an intermediate that needs workspace."""
    save(path, [helper.make_node("Gemm", ["x", "w"], ["h"], name="product"),
                helper.make_node("ReduceMax", ["h"], ["m"], axes=[1], keepdims=1, name="most"),
                helper.make_node("Sub", ["h", "m"], ["y"], name="less")],
         [("x", TensorProto.FLOAT, ["N", 5])], [("y", TensorProto.FLOAT, ["N", 7])], {"w": weights(5, 7)})


def names(path):
    """Names that are no identifiers, keywords, and names that collide."""
    inputs = ["int", "1st", "a b", "a-b", "dim_N"]
    nodes, last = [], inputs[0]
    for index, name in enumerate(inputs[1:]):
        nodes.append(helper.make_node("Add", [last, name], ["s%d" % index]))
        last = "s%d" % index
    nodes.append(helper.make_node("Relu", [last], ["*/ y"]))
    save(path, nodes, [(n, TensorProto.FLOAT, ["N"]) for n in inputs], [("*/ y", TensorProto.FLOAT, ["N"])])


def dims(path):
    """Names of dims that would end a comment, begin one or go on in the next line."""
    wild = ["a*/b", "*/", "/*", "c\\", "d\n#error"]
    save(path, [helper.make_node("Relu", ["x"], ["y"])], [("x", TensorProto.FLOAT, wild)], [("y", TensorProto.FLOAT, wild)])


def fields(path, inputs):
    """Inputs of these names; only the first is read."""
    save(path, [helper.make_node("Relu", [inputs[0]], ["y y"])],
         [(name, TensorProto.FLOAT, [1, "N"]) for name in inputs], [("y y", TensorProto.FLOAT, [1, "N"])])


def view(path):
    """Nothing that needs working memory."""
    save(path, [helper.make_node("Relu", ["x"], ["y"])], [("x", TensorProto.FLOAT, [3])], [("y", TensorProto.FLOAT, [3])])


def one(path):
    """One element in, one out."""
    save(path, [helper.make_node("Relu", ["x"], ["y"])], [("x", TensorProto.FLOAT, [1])], [("y", TensorProto.FLOAT, [1])])


def external(path, location="w.bin"):
    """Weights in another file, which is written beside the model."""
    data = os.path.join(os.path.dirname(path), location)
    os.makedirs(os.path.dirname(data) or ".", exist_ok=True)
    weights(6).tofile(data)
    save(path, [helper.make_node("Mul", ["x", "w"], ["y"])], [("x", TensorProto.FLOAT, [6])], [("y", TensorProto.FLOAT, [6])])
    model = onnx.load(path, load_external_data=False)
    tensor = model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[6], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    onnx.save(model, path)


def broadcast(path):
    """Dims that only the caller knows to be equal, or 1."""
    save(path, [helper.make_node("Add", ["a", "b"], ["y"])],
         [("a", TensorProto.FLOAT, ["M", "N"]), ("b", TensorProto.FLOAT, ["P"])], [("y", TensorProto.FLOAT, ["M", "Q"])])


def faults(path):
    """More faulty nodes than anyone likes to read."""
    save(path, [helper.make_node("NoSuchOperator", ["x"], ["v%d" % k], name="node_%d" % k) for k in range(500)],
         [("x", TensorProto.FLOAT, [3])], [("v499", TensorProto.FLOAT, [3])])
