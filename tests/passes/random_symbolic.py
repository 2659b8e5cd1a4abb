# SPDX-License-Identifier: Apache-2.0
"""Random graphs of what the passes look for, with symbolic dims, against numpy. Every graph is compiled once and run
with several sizes: names that differ take different sizes in one run, equal ones in the next, then 1, some of them 0,
and some at random; where numpy finds that the shapes contradict each other, the run must give AICC_E_SHAPE. A pass that
takes two dims for equal because they are not provably different is wrong in one of them.
random_symbolic.py AICC AICC_RUN COUNT [SEED]"""
import concurrent.futures
import os
import random
import subprocess
import sys
import tempfile

import numpy as np
from onnx import TensorProto

from symbolic_graph import SYMBOLS, Graph, broadcast, is_broadcast, product, save_model, size_of

AICC, RUN, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 1
FIXED = [4, 4, 3, 6, 8]  # dims that are no symbols; all symbols are 4 in the run in which all are equal
ELEMENTS = 20000
SECONDS = 60
ENOUGH_FAILURES = 1  # more graphs would say the same


def need(condition):
    if not condition:
        raise ValueError("shapes contradict each other")


# --- What the passes look for. ---

def unary(g, name=None):
    name = name or g.pick()
    if g.rng.random() < .5:
        return g.node("Tanh", [name], g.dims[name], lambda sizes, x: np.tanh(x))
    return g.node("Relu", [name], g.dims[name], lambda sizes, x: np.maximum(x, 0))


def apply(g, kind, a, b, function):
    dims = [g.dims[n] if n in g.dims else g.constants[n].shape for n in (a, b)]
    return g.node(kind, [a, b], broadcast(*dims), lambda sizes, x, y: function(x, y))


def elementwise(g, a, b):
    kind, function = g.rng.choice([("Add", np.add), ("Mul", np.multiply), ("Sub", np.subtract), ("Max", np.maximum)])
    return apply(g, kind, *((a, b) if g.rng.random() < .5 else (b, a)), function)


def beside(g, name):
    """A constant or an input that broadcasts to the value: one number, a number per element of an axis, or some axes;
    now and then an axis of another name."""
    dims = g.dims[name]
    kind = g.rng.random()
    if kind < .3 or not dims:
        return g.weight(*g.rng.choice([(), (1,), (1,) * len(dims)]))
    axis = g.rng.randrange(len(dims))
    if kind < .65 and isinstance(dims[axis], int):
        return g.weight(*([1] * axis + [dims[axis]] + [1] * (len(dims) - axis - 1))[g.rng.choice([0, axis]):])
    wanted = [d if g.rng.random() < .5 else 1 for d in dims]
    if any(isinstance(d, tuple) for d in wanted):
        return g.weight(1)
    if g.mixed == 0 and g.rng.random() < .6:
        symbolic = [i for i, d in enumerate(wanted) if isinstance(d, str)]
        for i in g.rng.sample(symbolic, min(len(symbolic), 1)):
            wanted[i] = g.unlike(wanted[i])
            g.mixed += 1
    return g.input(wanted[g.rng.choice([0, 0, next((i for i, d in enumerate(wanted) if d != 1), 0)]):])


def binary(g, name=None):
    name = name or g.pick()
    alike = [n for n in g.names if n != name and g.dims[n] == g.dims[name]]
    other = g.rng.choice(alike) if alike and g.rng.random() < .4 else beside(g, name)
    return elementwise(g, name, other)


def matmul(g, name, columns, on_left=False):
    dims = g.dims[name]
    if on_left:
        return g.node("MatMul", [g.weight(columns, dims[-2]), name], dims[:-2] + (columns, dims[-1]),
                      lambda sizes, w, x: w.astype(float) @ x)
    return g.node("MatMul", [name, g.weight(dims[-1], columns)], dims[:-1] + (columns,),
                  lambda sizes, x, w: x.astype(float) @ w)


def gemm(g, name, columns):
    rows, depth = g.dims[name]
    c = g.weight(*g.rng.choice([(columns,), (1,), (1, columns)]))
    if g.rng.random() < .5:  # one number per row, and the rows have a name, now and then another one
        other = g.unlike(rows) if isinstance(rows, str) and g.mixed == 0 and g.rng.random() < .5 else rows
        g.mixed += other != rows
        c = g.input([other if isinstance(other, str) else 1, g.rng.choice([1, columns])])

    def compute(sizes, x, w, c):
        y = x.astype(float) @ w
        need((y + c).shape == y.shape)  # what is added is stretched, the product is not
        return y + c
    return g.node("Gemm", [name, g.weight(depth, columns), c], (rows, columns), compute)


def conv(g, name, outputs, kernel=None, pads=None):
    n, c, h, w = g.dims[name]
    kernel = kernel or g.rng.choice([1, 3])
    pad = kernel // 2

    def compute(sizes, x, weight):
        x = np.pad(x.astype(float), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        rows, columns = x.shape[2] - kernel + 1, x.shape[3] - kernel + 1
        need(rows > 0 and columns > 0)
        return sum(np.einsum("nchw,oc->nohw", x[:, :, i:i + rows, j:j + columns], weight[:, :, i, j])
                   for i in range(kernel) for j in range(kernel))
    return g.node("Conv", [name, g.weight(outputs, c, kernel, kernel)], (n, outputs, h, w), compute, pads=[pad] * 4)


def channels(g, name, *dims):
    """A constant of one number per channel for the value."""
    return g.weight(*([dims[0]] + [1] * (len(g.dims[name]) - 2) if len(g.dims[name]) == 4 else [dims[0]]))


def tail(g, name, count, kinds):
    """What follows a product: the kinds of node, each with one number per channel, or one."""
    for kind in kinds:
        if kind == "unary":
            name = unary(g, name)
        elif kind == "norm" and len(g.dims[name]) == 4:
            parts = [g.weight(count) for _ in range(3)] + [g.constant(g.numbers.uniform(.5, 1, count).astype(np.float32))]
            name = g.node("BatchNormalization", [name] + parts, g.dims[name], lambda sizes, x, s, b, m, v: (x - col(m)) *
                          col(s) / np.sqrt(col(v) + 1e-5) + col(b))
        elif kind in ("Add", "Mul"):
            function = np.add if kind == "Add" else np.multiply
            other = channels(g, name, count) if g.rng.random() < .8 else g.weight(*g.rng.choice([(), (1,)]))
            name = apply(g, kind, name, other, function)
    return name


def col(array):
    return array.reshape(-1, 1, 1)


def product_of(g, name, columns):
    dims = g.dims[name]
    if len(dims) == 4 and isinstance(dims[1], int) and g.rng.random() < .7:
        return conv(g, name, columns)
    if len(dims) == 2 and isinstance(dims[1], int) and g.rng.random() < .5:
        return gemm(g, name, columns)
    return matmul(g, name, columns) if dims and isinstance(dims[-1], int) else None


def siblings(g):
    """Products of one tensor, or of two whose rows have different names, with what follows each mostly alike."""
    name = g.pick(last=g.rng.choice([-1, -1, 1]), least=2)
    if not name:
        return
    dims = g.dims[name]
    convolve = len(dims) == 4 and isinstance(dims[1], int)
    if not convolve and not isinstance(dims[-1], int):
        return
    heads = g.rng.choice([1, 2, 2])
    kinds = [g.rng.choice(["Add", "Mul", "unary"]) for _ in range(g.rng.randint(0, 2))]
    how = g.rng.random()
    for k in range(g.rng.choice([2, 2, 3])):
        columns = heads * g.rng.choice([2, 4, 4])
        y = conv(g, name, columns, 1) if convolve else matmul(g, name, columns)
        y = tail(g, y, columns, kinds if g.rng.random() < .9 else kinds[:1])
        rows, each = g.dims[y][:-1], columns // heads
        if not convolve and how < .7 and not any(is_broadcast(d) for d in rows):
            if how < .2:  # the columns alone are split
                y = g.reshape(y, rows + (heads, each))
            elif how < .5:  # all rows are joined, and rows of another length
                y = g.reshape(y, (product(rows), heads, each))
            elif len(rows) > 1:  # the rows in another order
                y = g.reshape(y, tuple(reversed(rows)) + (heads, each))
            if y and g.rng.random() < .5:
                y = transpose(g, y)
        if y:
            g.results.append(y)


def scales(g):
    """A scale, a sum or both behind a product; the scale varies along the columns, the rows, or not at all."""
    name = g.pick(last=-1, least=1)
    if not name or g.rng.random() < .3:
        name = g.pick(4, last=1) or name
    if not name:
        return
    if len(g.dims[name]) == 1 or g.rng.random() < .15:
        return dot(g)
    y = product_of(g, name, g.rng.choice([4, 6]))
    if not y:
        return
    dims = g.dims[y]
    count = dims[1] if len(dims) == 4 else dims[-1]
    if isinstance(count, int):
        y = tail(g, y, count, g.rng.choice([["Mul"], ["Add", "Mul"], ["norm"], ["Add", "norm"], ["Mul", "Add"], ["Add"]]))
    for _ in range(g.rng.randint(0, 2)):
        y = binary(g, y)
    g.results.append(y)


def dot(g):
    """A product that is one number, added to more, and those scaled."""
    columns = g.rng.choice([3, 4])
    y = g.node("MatMul", [g.input([4]), g.weight(4)], (), lambda sizes, x, w: np.dot(x.astype(float), w))
    y = apply(g, "Add", y, g.weight(*g.rng.choice([(columns,), (2, columns)])), np.add)
    g.results.append(apply(g, "Mul", y, g.weight(*g.rng.choice([(columns,), (1, columns), (1,)])), np.multiply))


def left(g):
    """The weights on the left: columns are the tensor's own, and have a name."""
    name = g.pick(last=-2, least=2)
    if not name:
        return
    rows = g.rng.choice([4, 6])
    y = matmul(g, name, rows, True)
    for _ in range(g.rng.randint(1, 3)):
        if g.rng.random() < .6:
            kind, function = g.rng.choice([("Mul", np.multiply), ("Add", np.add)])
            y = apply(g, kind, y, g.weight(rows, 1), function)
        else:
            y = binary(g, y)
    g.results.append(y)


def pads(g):
    """Padding, with zeros or not, before a window, a product or a reduction."""
    name = g.pick(4, last=1)
    if not name or any(isinstance(d, tuple) for d in g.dims[name]):
        return
    low, high = [g.rng.choice([0, 1, 2]) for _ in range(2)], [g.rng.choice([0, 1]) for _ in range(2)]
    fill = g.rng.choice([0, 0, 1, -1])
    n, c, h, w = g.dims[name]
    dims = (n, c, ("+", h, low[0] + high[0]), ("+", w, low[1] + high[1]))
    inputs = [name, g.integers(0, 0, *low, 0, 0, *high)]
    if fill or g.rng.random() < .5:
        inputs.append(g.constant(np.array(fill, dtype=np.float32)))
    around = ((0, 0), (0, 0), (low[0], high[0]), (low[1], high[1]))
    y = g.node("Pad", inputs, dims, lambda sizes, x, *_: np.pad(x, around, constant_values=fill))
    kind = g.rng.choice(["conv", "MaxPool", "AveragePool", "ReduceSum", "binary"])
    if kind == "conv":
        y = conv(g, y, 4)
    elif kind.endswith("Pool"):
        combine = np.maximum if kind == "MaxPool" else np.add

        def compute(sizes, x):
            need(min(x.shape[2:]) >= 2)
            y = combine(combine(x[:, :, :-1, :-1], x[:, :, 1:, :-1]), combine(x[:, :, :-1, 1:], x[:, :, 1:, 1:]))
            return y if kind == "MaxPool" else y / 4
        y = g.node(kind, [y], (n, c, ("+", dims[2], -1), ("+", dims[3], -1)), compute, kernel_shape=[2, 2])
    elif kind == "ReduceSum":
        y = g.node("ReduceSum", [y, g.integers(2)], (n, c, dims[3]), lambda sizes, x, _: x.astype(float).sum(2), keepdims=0)
    else:
        y = binary(g, y)
    g.results.append(y)


def repeats(g):
    """What is repeated, mapped with what else is repeated, alike or along another axis."""
    small = g.input([1, g.rng.choice(SYMBOLS)]) if g.rng.random() < .5 else g.input([g.rng.choice(SYMBOLS), 1])
    axis = g.dims[small].index(1)
    other = g.unlike(g.dims[small][1 - axis])
    g.source.get(other) or g.input([other])
    dims = tuple(other if i == axis else d for i, d in enumerate(g.dims[small]))
    wide = []
    for _ in range(2):
        if g.rng.random() < .6:
            wide.append(g.sized("Expand", [unary(g, small) if wide else small], dims,
                                lambda x, shape: np.broadcast_to(x, np.broadcast_shapes(x.shape, shape))))
        elif g.rng.random() < .5:
            counts = [other if i == axis else 1 for i in range(2)]
            name = g.node("Tile", [small, g.shape(counts)], dims, None)
            g.steps[-1] = (name, [small], lambda sizes, x: np.tile(x, [size_of(c, sizes) for c in counts]))
            wide.append(name)
        else:
            wide.append(elementwise(g, small, g.input([d if i == axis else 1 for i, d in enumerate(dims)])))
    y = elementwise(g, *wide)
    g.results.append(binary(g, unary(g, y)))


def concat(g):
    """Joined tensors, and maps over the joined one with tensors that vary along any axis."""
    name = g.pick(least=1)
    dims = g.dims[name]
    if any(isinstance(d, tuple) for d in dims):
        return
    axis = g.rng.randrange(len(dims))
    parts = [name]
    for _ in range(g.rng.choice([1, 1, 2])):
        wanted = list(dims)
        wanted[axis] = g.rng.choice([g.rng.choice(SYMBOLS), dims[axis], g.rng.choice(FIXED)])
        if g.mixed == 0 and g.rng.random() < .4:  # another name where both must be one size
            symbolic = [i for i, d in enumerate(dims) if i != axis and isinstance(d, str)]
            for i in g.rng.sample(symbolic, min(len(symbolic), 1)):
                wanted[i], g.mixed = g.unlike(dims[i]), 1
        part = g.input(wanted)
        parts.append(unary(g, part) if g.rng.random() < .4 else part)
    g.rng.shuffle(parts)
    joined = g.dims[parts[0]][axis]
    for part in parts[1:]:
        joined = ("+", joined, g.dims[part][axis])
    dims = tuple(joined if i == axis else d for i, d in enumerate(g.dims[parts[0]]))
    y = g.node("Concat", parts, dims, lambda sizes, *arrays: np.concatenate(arrays, axis), axis=axis)
    if g.rng.random() < .3:
        y = g.reshape(y, dims[:axis + 1] + (1,) + dims[axis + 1:]) or y
    for _ in range(g.rng.randint(1, 3)):
        y = g.rng.choice([unary, binary, binary])(g, y)
    if g.rng.random() < .5:
        y = elementwise(g, y, joined_input(g, y))
    g.results.append(y)


def joined_input(g, name):
    """An input along the one axis of the value whose dim is a sum."""
    dims = [1 if not isinstance(d, tuple) else d for d in g.dims[name]]
    if any(is_broadcast(d) for d in dims):
        return g.weight(1)
    return g.sized("Expand", [g.weight(1)], dims, lambda x, shape: np.broadcast_to(x, shape))


def reshapes(g):
    """Axes joined before a product with weights: those summed over, or the rows."""
    first, second = g.rng.choice(SYMBOLS), g.rng.choice(SYMBOLS)
    kind = g.rng.random()
    if kind < .5:
        inner = [g.rng.choice([2, 3, 4]), g.rng.choice([1, 2, 3])]
        x = g.input([first, second][:g.rng.choice([1, 2])] + inner)
        if g.rng.random() < .5:
            x = transpose(g, x, [0] + g.rng.sample(range(1, len(g.dims[x])), len(g.dims[x]) - 1))
        dims = g.dims[x]
        if all(isinstance(d, int) for d in dims[-2:]):
            y = g.reshape(x, dims[:-2] + (dims[-2] * dims[-1],))
        else:
            y = g.reshape(x, dims[:1] + (product(dims[1:]),))
    else:
        x = g.input([first, second, 4])
        y = g.reshape(x, (("*", first, second), 4)) if kind < .8 else g.reshape(x, (second, first, 4))
    if y and isinstance(g.dims[y][-1], int):
        y = binary(g, matmul(g, y, g.rng.choice([4, 6])))
    if y:
        g.results.append(y)


def alike(g):
    """Nodes that differ in a dim's name only: they are equal where the sizes are."""
    first = g.rng.choice(SYMBOLS)
    second = g.unlike(first)
    for symbol in (first, second):
        if symbol not in g.source:
            g.input([symbol])
    kind = g.rng.random()
    w = g.weight(*g.rng.choice([(), (1,), (4, 1)]))
    pair = []
    for a, b in ((first, second), (second, first)):
        if kind < .4:
            y = g.sized("Expand", [w], (a,) if g.constants[w].ndim < 2 else (4, a),
                        lambda x, shape: np.broadcast_to(x, np.broadcast_shapes(x.shape, shape)))
            y = g.node("ReduceSum", [y, g.integers(-1)], g.dims[y][:-1], lambda sizes, x, _: x.astype(float).sum(-1),
                       keepdims=0)
        elif kind < .7:
            x = pair[0][1] if pair else g.input([first, second, 2])
            y = g.reshape(x, (a, b, 2))
            y = g.node("ReduceMax", [y], g.dims[y][1:], lambda sizes, x: x.max(0, initial=-np.inf), axes=[0], keepdims=0)
            pair.append((y, x))
            g.results.append(y)
            continue
        else:  # a mean by a count that is a dim
            number = g.hidden("Cast", [g.piece(a)], to=TensorProto.FLOAT)
            x = g.names[0]
            y = g.node("Div", [x, number], g.dims[x], None)
            g.steps[-1] = (y, [x], lambda sizes, x, a=a: x / np.float32(sizes[a]))
        g.results.append(y)


def softmax(g):
    name = g.pick(least=1)
    axis = g.rng.randrange(len(g.dims[name]))

    def compute(sizes, x):
        e = np.exp(x.astype(float) - x.max(axis, keepdims=True, initial=-np.inf))
        return e / e.sum(axis, keepdims=True)
    return g.node("Softmax", [name], g.dims[name], compute, axis=axis)


def transpose(g, name=None, perm=None):
    name = name or g.pick(least=2)
    if not name:
        return None
    perm = perm or g.rng.sample(range(len(g.dims[name])), len(g.dims[name]))
    return g.node("Transpose", [name], [g.dims[name][p] for p in perm], lambda sizes, x: x.transpose(perm), perm=perm)


def mean(x, axis, keepdims):
    return x.sum(axis=axis, keepdims=keepdims) / np.float64(x.shape[axis])


def reverse(g):
    name = g.pick(least=1)
    axis = g.rng.randrange(len(g.dims[name]))
    whole = [g.integers(-1), g.integers(-2**63), g.integers(axis), g.integers(-1)]
    return g.node("Slice", [name] + whole, g.dims[name], lambda sizes, x, *_: np.flip(x, axis))


def reduce(g):
    name = g.pick(least=2)
    if not name:
        return None
    axis, keep = g.rng.randrange(len(g.dims[name])), g.rng.randint(0, 1)
    dims = list(g.dims[name])
    dims[axis:axis + 1] = [1] * keep
    kind, function = g.rng.choice([("ReduceMean", mean), ("ReduceMax", lambda x, **how: x.max(initial=-np.inf, **how)),
                                   ("ReduceL2", lambda x, **how: np.sqrt((x * x).sum(**how)))])
    return g.node(kind, [name], dims, lambda sizes, x: function(x.astype(float), axis=axis, keepdims=bool(keep)), axes=[axis],
                  keepdims=keep)


def products(g):
    """Both operands from outside, with batch dims of their own."""
    a, b, c = (g.rng.choice(SYMBOLS) for _ in range(3))
    x = g.input([a, b, 4] if g.rng.random() < .6 else [a, b, c])
    batch = g.rng.choice([[], [a], [1], [a] if g.mixed else [g.unlike(a)]])
    g.mixed += batch not in ([], [a], [1])
    y = g.input(batch + [g.dims[x][-1], g.rng.choice([4, g.rng.choice(SYMBOLS)])])
    dims = broadcast(g.dims[x][:-2], g.dims[y][:-2]) + (g.dims[x][-2], g.dims[y][-1])
    g.results.append(binary(g, g.node("MatMul", [x, y], dims, lambda sizes, x, y: x.astype(float) @ y)))


def sums(g):
    """Products and reductions that meet in one elementwise node, which can take only one of them into its kernel."""
    rows, columns = g.rng.choice(SYMBOLS), g.rng.choice([4, 6])
    parts = []
    for _ in range(2):
        x = g.input([rows, g.rng.choice([3, 4])])
        if g.rng.random() < .7:
            parts.append(matmul(g, x, columns))
        else:
            x = g.input([g.rng.choice(SYMBOLS), rows, columns])
            parts.append(g.node("ReduceMax", [x], (rows, columns), lambda sizes, x: x.max(0, initial=-np.inf), axes=[0], keepdims=0))
        if g.rng.random() < .3:
            parts[-1] = binary(g, parts[-1])
    g.results.append(unary(g, elementwise(g, *parts)))


def make(rng):
    g = Graph(rng)
    names = rng.sample(SYMBOLS, 4)
    g.input(rng.choice([[names[0], names[1], 4], [names[0], 4], [names[0], rng.choice([3, 4]), names[1], names[2]],
                        [names[0], 4, names[1], names[1]], [names[0], names[1]]]))
    for kind in rng.sample([siblings, siblings, scales, scales, left, pads, repeats, concat, concat, reshapes, alike, products,
                            sums], rng.randint(2, 4)):
        kind(g)
        for _ in range(rng.randint(0, 2)):
            rng.choice([unary, binary, softmax, transpose, reverse, reduce, reduce])(g)
    g.results.append(g.names[-1])
    g.results = [r for r in dict.fromkeys(g.results) if r not in g.inputs]
    return g


@np.errstate(all="ignore")
def evaluate(g, arrays, sizes):
    """The results, or None where the shapes contradict each other."""
    values = dict(arrays, **g.constants)
    try:
        for name, inputs, function in g.steps:
            values[name] = np.asarray(function(sizes, *[values[i] for i in inputs])).astype(np.float32)
            if values[name].size > ELEMENTS:
                return "large"
    except ValueError:
        return None
    return [np.ascontiguousarray(values[name]) if values[name].ndim else values[name] for name in g.results]


def assignments(rng):
    """Sizes of the symbols by what they show."""
    yield "different", dict(zip(SYMBOLS, (2, 3, 5, 7)))
    yield "equal", dict.fromkeys(SYMBOLS, 4)
    yield "one", dict.fromkeys(SYMBOLS, 1)
    ones = rng.sample(SYMBOLS, 2)
    yield "some one", {s: 1 if s in ones else 4 for s in SYMBOLS}
    none = rng.choice(SYMBOLS)
    yield "none", {s: 0 if s == none else rng.choice([1, 4]) for s in SYMBOLS}
    yield "random", {s: rng.choice([1, 2, 2, 3, 5, 17]) for s in SYMBOLS}


def call(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
                          env=dict(os.environ, AICC_VERIFY="1"))
    return done.returncode, done.stdout.decode()


class Case:
    def __init__(self, index, top):
        self.rng = random.Random("%d.%d" % (SEED, index))
        self.index, self.folder = index, os.path.join(top, str(index))
        self.values = self.refused = 0
        self.failures = []

    def fail(self, what, text):
        self.failures.append("graph %d of seed %d, %s: %s" % (self.index, SEED, what, text[-700:]))

    def run(self, g, library, what, sizes):
        used = {d for n in g.inputs for d in g.dims[n] if isinstance(d, str)}
        arrays = {n: g.numbers.uniform(-1, 1, [size_of(d, sizes) for d in g.dims[n]]).astype(np.float32) for n in g.inputs}
        wanted = evaluate(g, arrays, sizes)
        if wanted == "large":
            return
        data = os.path.join(self.folder, what)
        os.makedirs(data)
        for i, name in enumerate(g.inputs):
            np.save(data + "/input_%d.npy" % i, arrays[name])
        what += " (%s)" % ", ".join("%s=%d" % (s, sizes[s]) for s in SYMBOLS if s in used)
        if wanted is None:
            code, text = call([RUN, library, "--data", data, "--no-compare"])
            self.refused += 1
            if code != 1 or "AICC_E_SHAPE" not in text:
                self.fail(what, "AICC_E_SHAPE is expected: " + text)
            return
        for i, array in enumerate(wanted):
            np.save(data + "/output_%d.npy" % i, array)
        code, text = call([RUN, library, "--data", data, "--rtol", "1e-3", "--atol", "1e-4"])
        self.values += 1
        if code:
            self.fail(what, text)

    def all(self):
        g = make(self.rng)
        os.makedirs(self.folder)
        path, library = self.folder + "/model.onnx", self.folder + "/model.so"
        save_model(g, path)
        code, text = call([AICC, path, "--shared", "-o", library])
        if code:
            self.fail("compiling", text)
            return self
        for what, sizes in assignments(self.rng):
            self.run(g, library, what, sizes)
        if self.failures and os.environ.get("KEEP"):
            os.system("cp -r %s %s" % (self.folder, os.environ["KEEP"]))
        return self


def main():
    with tempfile.TemporaryDirectory(prefix="aicc-symbolic-") as top:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            running, cases, failed = [pool.submit(lambda i=i: Case(i, top).all()) for i in range(COUNT)], [], 0
            for case in (future.result() for future in running):
                cases.append(case)
                failed += bool(case.failures)
                if failed == ENOUGH_FAILURES:
                    pool.shutdown(wait=False, cancel_futures=True)
                    break
    for case in cases:
        for failure in case.failures:
            print("FAILED " + failure)
    values, refused = sum(case.values for case in cases), sum(case.refused for case in cases)
    print("%d of %d graphs, %d runs with values, %d refused, %d graphs failed (seed %d)" %
          (len(cases), COUNT, values, refused, failed, SEED))
    return failed != 0 or values < 2 * COUNT or not refused


if __name__ == "__main__":
    sys.exit(main())
