# SPDX-License-Identifier: Apache-2.0
"""Short ways to write models with subgraphs."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

TYPES = {"f": TensorProto.FLOAT, "i": TensorProto.INT64, "b": TensorProto.BOOL,
         "d": TensorProto.DOUBLE, "j": TensorProto.INT32}


def value(text):
    """"x:f[N,4]", "c:b[]", "y:f" (no shape), "y" (no type)."""
    name, _, rest = text.partition(":")
    if not rest:
        return helper.make_empty_tensor_value_info(name)
    shape = None
    if "[" in rest:
        inner = rest[rest.index("[") + 1:-1]
        shape = [int(dim) if dim.isdigit() else dim for dim in inner.split(",")] if inner else []
    return helper.make_tensor_value_info(name, TYPES[rest[0]], shape)


def constant(name, array, label=None):
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(array), name), name=label)


def node(kind, inputs, outputs, label=None, **attributes):
    """Inputs and outputs as "a b c"; "_" is an absent one."""
    names = [["" if name == "_" else name for name in text.split()] for text in (inputs, outputs)]
    return helper.make_node(kind, names[0], names[1], name=label or names[1][0], **attributes)


def graph(nodes, inputs, outputs, initializers=(), name="graph"):
    tensors = [numpy_helper.from_array(np.asarray(array), key) for key, array in initializers]
    return helper.make_graph(nodes, name, [value(text) for text in inputs], [value(text) for text in outputs], tensors)


def model(top, opset=16, functions=(), domains=()):
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, 1) for domain in domains]
    made = helper.make_model(top, opset_imports=opsets)
    made.ir_version = 8
    made.functions.extend(functions)
    return made
