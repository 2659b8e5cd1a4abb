# SPDX-License-Identifier: Apache-2.0
"""A graph with symbolic dims under construction: nodes, what numpy makes of each, and the dims of what each gives."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SYMBOLS = "NMKL"


# --- Dims: a number, a symbol's name, or ("*" or "+" or "b", dim, dim); "b" is what broadcasting gives. ---

def size_of(dim, sizes):
    if isinstance(dim, int):
        return dim
    if isinstance(dim, str):
        return sizes[dim]
    kind, (a, b) = dim[0], (size_of(part, sizes) for part in dim[1:])
    return a * b if kind == "*" else a + b if kind == "+" else b if a == 1 else a


def product(dims):
    dims = list(dims) or [1]
    return dims[0] if len(dims) == 1 else ("*", dims[0], product(dims[1:])) if dims[0] != 1 else product(dims[1:])


def broadcast(a, b):
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + tuple(a), (1,) * (rank - len(b)) + tuple(b)
    return tuple(y if x == 1 else x if y in (1, x) else ("b", x, y) for x, y in zip(a, b))


class Graph:
    """Nodes, what numpy makes of each, and the dims of their results."""

    def __init__(self, rng):
        self.rng, self.numbers = rng, np.random.RandomState(rng.randint(0, 1 << 30))
        self.nodes, self.weights, self.inputs, self.steps, self.results = [], [], [], [], []
        self.dims, self.names, self.source, self.constants = {}, [], {}, {}
        self.mixed = 0

    def input(self, dims):
        name = "x%d" % len(self.inputs)
        self.inputs.append(name)
        self.define(name, dims)
        for axis, dim in enumerate(dims):
            self.source.setdefault(dim, (name, axis))
        return name

    def define(self, name, dims):
        self.dims[name] = tuple(dims)
        self.names.append(name)
        return name

    def constant(self, array):
        name = "w%d" % len(self.weights)
        self.weights.append(numpy_helper.from_array(array, name))
        self.constants[name] = array
        return name

    def weight(self, *dims):
        return self.constant((self.numbers.uniform(-1, 1, dims) / max(dims[0] if len(dims) > 1 else 1, 1) ** .5)
                             .astype(np.float32))

    def integers(self, *numbers):
        return self.constant(np.array(numbers, dtype=np.int64))

    def hidden(self, kind, inputs, **attributes):
        """A node of shape arithmetic, whose values are known without numpy."""
        name = "s%d" % len(self.nodes)
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def node(self, kind, inputs, dims, function, **attributes):
        name = "v%d" % len(self.nodes)
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        self.steps.append((name, [i for i in inputs if i in self.dims or i in self.constants], function))
        return self.define(name, dims)

    def pick(self, rank=None, last=None, least=1):
        found = [n for n in self.names if (rank is None or len(self.dims[n]) == rank) and len(self.dims[n]) >= least and
                 (last is None or isinstance(self.dims[n][last], int))]
        return self.rng.choice(found[-5:] + found[:2]) if found else None

    def unlike(self, symbol):
        return self.rng.choice([s for s in SYMBOLS if s != symbol])

    # --- Shapes as tensors: Shape, Slice, Mul, Add and Concat, as exporters write them. ---

    def piece(self, dim):
        if isinstance(dim, int):
            return self.integers(dim)
        if isinstance(dim, str):
            name, axis = self.source[dim]
            return self.hidden("Slice", [self.hidden("Shape", [name]), self.integers(axis), self.integers(axis + 1)])
        return self.hidden("Mul" if dim[0] == "*" else "Add", [self.piece(dim[1]), self.piece(dim[2])])

    def shape(self, dims):
        return self.hidden("Concat", [self.piece(dim) for dim in dims], axis=0)

    def sized(self, kind, inputs, dims, function, **attributes):
        """A node whose last input is a shape: the function gets its numbers."""
        if any(is_broadcast(dim) for dim in dims):
            return None
        name = self.node(kind, inputs + [self.shape(dims)], dims, None, **attributes)
        self.steps[-1] = (name, inputs, lambda sizes, *arrays: function(*arrays, [size_of(d, sizes) for d in dims]))
        return name

    def reshape(self, name, dims):
        if self.rng.random() < .4 and all(isinstance(d, int) for d in dims[1:]):
            return self.node("Reshape", [name, self.integers(-1, *dims[1:])], dims,
                             lambda sizes, x, _: x.reshape([-1] + list(dims[1:])))
        return self.sized("Reshape", [name], dims, lambda x, shape: x.reshape(shape), allowzero=1)


def is_broadcast(dim):
    return isinstance(dim, tuple) and (dim[0] == "b" or any(is_broadcast(part) for part in dim[1:]))


def save_model(g, path):
    graph = helper.make_graph(g.nodes, "g", [helper.make_tensor_value_info(n, TensorProto.FLOAT, g.dims[n]) for n in g.inputs],
                              [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in g.results], g.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
