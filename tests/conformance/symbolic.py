# SPDX-License-Identifier: Apache-2.0
"""Valid models of which some dim is known to the run only: they compile, and give what numpy gives for every size; where
numpy has no answer, the run says AICC_E_SHAPE. One model for each way in which a compiler may take "not provable" for
"false": symbolic.py AICC AICC_RUN"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "control"))
from build import constant, graph, model, node  # noqa: E402
from objects import expect, expect_error, expect_status, finish  # noqa: E402

RANDOM = np.random.default_rng(5)


def numbers(*dims):
    return RANDOM.uniform(-1, 1, dims).astype(np.float32)


def check(name, proto, answer, *shapes):
    """Each shape: the dims of every input. `answer` gives the outputs of the inputs, or raises where there are none."""
    good = []
    for dims in shapes:
        inputs = [numbers(*d) for d in dims]
        try:
            outputs = answer(*inputs)
        except ValueError:
            expect_status("%s with %s" % (name, dims), proto, inputs, [], "AICC_E_SHAPE")
            continue
        good.append((inputs, list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]))
    expect(name, proto, *good)


def slices():
    """x[: S - back] and from there on, of symbolic S; the bound may fall before the axis."""
    for back in (1, 2, 3):
        nodes = [node("Shape", "x", "shape"), constant("zero", np.array([0])), constant("one", np.array([1])),
                 node("Slice", "shape zero one", "rows"), constant("back", np.array([back])), node("Sub", "rows back", "bound"),
                 constant("most", np.array([2**63 - 1])), node("Slice", "x zero bound", "y"), node("Slice", "x bound most", "z")]
        check("slice to S-%d" % back, model(graph(nodes, ["x:f[S,3]"], ["y:f", "z:f"])),
              lambda x, back=back: (x[0:len(x) - back], x[len(x) - back:]), [(4, 3)], [(3, 3)], [(2, 3)], [(1, 3)], [(0, 3)])
    # Bounds of one input's dim on another's axis: anything may clamp.
    nodes = [node("Shape", "n", "shape"), constant("two", np.array([2])), node("Sub", "shape two", "from"),
             constant("most", np.array([100])), node("Slice", "x from most", "y")]
    check("slice from another dim", model(graph(nodes, ["x:f[S]", "n:f[N]"], ["y:f"])), lambda x, n: x[len(n) - 2:],
          [(5,), (0,)], [(5,), (1,)], [(5,), (2,)], [(5,), (4,)], [(5,), (9,)], [(1,), (0,)])
    # Backwards: the start at the first element or behind it, the end before it.
    for start, end, step in ((-100, -200, -1), (100, -100, -2), (-1, -4, -1), (2, 0, -1), (-3, -100, -3)):
        nodes = [constant("start", np.array([start])), constant("end", np.array([end])), constant("axis", np.array([0])),
                 constant("step", np.array([step])), node("Slice", "x start end axis step", "y")]

        def backwards(x, start=start, end=end, step=step):
            size = len(x)
            first = min(max(start + size if start < 0 else start, 0), size - 1)
            last = min(max(end + size if end < 0 else end, -1), size - 1)
            return x[[i for i in range(first, last, step)]] if size else x
        check("slice %d:%d:%d" % (start, end, step), model(graph(nodes, ["x:f[S]"], ["y:f"])), backwards, [(6,)], [(2,)], [(1,)], [(0,)])


def parts():
    nodes = [node("Split", "x", " ".join("p%d" % i for i in range(100)), axis=1),
             node("Concat", " ".join("p%d" % i for i in range(99, -1, -1)), "y", axis=1)]
    check("split into 100", model(graph(nodes, ["x:f[N,C]"], ["y:f"]), opset=13),
          lambda x: np.concatenate(np.split(x, 100, axis=1)[::-1], axis=1), [(2, 100)], [(2, 200)], [(1, 150)])
    nodes = [constant("sizes", np.array([i % 3 for i in range(70)])),
             node("Split", "x sizes", " ".join("p%d" % i for i in range(70)), axis=0), node("Concat", "p69 p2 p1", "y", axis=0)]

    def chosen(x):
        if len(x) != 69:
            raise ValueError
        return np.concatenate([x[69:69], x[1:3], x[0:1]])
    check("split into 70 given", model(graph(nodes, ["x:f[N,2]"], ["y:f"]), opset=13), chosen, [(69, 2)], [(70, 2)], [(3, 2)])
    check("even split", model(graph([node("Split", "x", "y z", axis=0)], ["x:f[N,2]"], ["y:f", "z:f"]), opset=13),
          lambda x: tuple(np.split(x, 2)), [(4, 2)], [(2, 2)], [(0, 2)], [(3, 2)])


def matrices():
    def gemm(a, b, c):
        if a.shape[1] != b.shape[0] or not all(m in (1, n) for m, n in zip(c.shape, (a.shape[0], b.shape[1]))):
            raise ValueError
        return a @ b + c
    check("Gemm with C of other names", model(graph([node("Gemm", "a b c", "y")], ["a:f[N,K]", "b:f[L,4]", "c:f[M,4]"], ["y:f"])), gemm,
          [(3, 5), (5, 4), (3, 4)], [(3, 5), (5, 4), (1, 4)], [(3, 5), (5, 4), (2, 4)], [(3, 5), (6, 4), (3, 4)],
          [(1, 5), (5, 4), (3, 4)], [(0, 5), (5, 4), (0, 4)])
    weights = numbers(48, 3)
    nodes = [node("Flatten", "x", "f"), node("Gemm", "f w", "y")]
    check("Gemm after Flatten", model(graph(nodes, ["x:f[N,3,H,W]"], ["y:f"], [("w", weights)])),
          lambda x: x.reshape(len(x), -1 if len(x) else 48) @ weights, [(2, 3, 4, 4)], [(2, 3, 8, 2)], [(2, 3, 4, 5)], [(0, 3, 4, 4)])
    check("PRelu", model(graph([node("PRelu", "x s", "y")], ["x:f[N,C,H]", "s:f[D,1]"], ["y:f"])),
          lambda x, s: np.where(x < 0, x * np.broadcast_to(s, x.shape[1:]), x), [(2, 3, 4), (3, 1)], [(2, 3, 4), (1, 1)],
          [(2, 1, 4), (3, 1)], [(2, 3, 4), (2, 1)])


def old_broadcasts():
    """Before opset 7 the second operand broadcasts to the first, never the other way."""
    def add(x, b):
        if b.shape[0] not in (1, x.shape[1]):
            raise ValueError
        return x + b.reshape(-1, 1)
    check("Add 6 along an axis", model(graph([node("Add", "x b", "y", broadcast=1, axis=1)], ["x:f[N,C,H]", "b:f[D]"], ["y:f"]), opset=6), add,
          [(2, 3, 4), (3,)], [(2, 3, 4), (1,)], [(2, 1, 4), (3,)], [(2, 3, 4), (2,)])

    def multiply(x, b):
        if b.shape[0] not in (1, x.shape[1]):
            raise ValueError
        return x * b
    check("Mul 6 at the end", model(graph([node("Mul", "x b", "y", broadcast=1)], ["x:f[N,C]", "b:f[D]"], ["y:f"]), opset=6), multiply,
          [(2, 3), (3,)], [(2, 3), (1,)], [(2, 1), (3,)])


def convolutions():
    def convolve(x, w):
        if x.shape[1] != w.shape[1] or x.shape[2] < w.shape[2]:
            raise ValueError
        count = x.shape[2] - w.shape[2] + 1
        return np.stack([np.einsum("nck,ock->no", x[:, :, i:i + w.shape[2]], w) for i in range(count)], 2).astype(np.float32)
    check("Conv of run-time weights", model(graph([node("Conv", "x w", "y")], ["x:f[N,C,L]", "w:f[M,D,K]"], ["y:f"])), convolve,
          [(2, 3, 9), (4, 3, 3)], [(1, 1, 5), (2, 1, 5)], [(2, 3, 9), (4, 2, 3)], [(2, 3, 2), (4, 3, 3)], [(2, 3, 9), (5, 3, 1)])

    def grouped(x, w):
        if x.shape[1] != 2 * w.shape[1] or w.shape[0] % 2:
            raise ValueError
        half = w.shape[0] // 2
        return np.concatenate([convolve(x[:, :w.shape[1]], w[:half]), convolve(x[:, w.shape[1]:], w[half:])], 1)
    check("Conv in groups of run-time weights", model(graph([node("Conv", "x w", "y", group=2)], ["x:f[N,C,L]", "w:f[M,D,2]"], ["y:f"])),
          grouped, [(2, 6, 5), (4, 3, 2)], [(2, 6, 5), (3, 3, 2)], [(2, 5, 5), (4, 3, 2)])

    def normalise(x, s, b, m, v):
        if s.shape != (1,) or b.shape != (1,) or m.shape != (1,) or v.shape != (1,):
            raise ValueError
        return (x - m) / np.sqrt(v * v + np.float32(1e-5)) * s + b
    nodes = [node("Mul", "v v", "var"), node("BatchNormalization", "x s b m var", "y")]
    check("BatchNormalization of a vector",
          model(graph(nodes, ["x:f[N]", "s:f[C]", "b:f[D]", "m:f[1]", "v:f[1]"], ["y:f"])), normalise,
          [(5,), (1,), (1,), (1,), (1,)], [(5,), (5,), (5,), (1,), (1,)])


def pads():
    for mode, least in (("reflect", 3), ("edge", 1), ("wrap", 2), ("constant", 0)):
        nodes = [constant("pads", np.array([2, 0, 1, 0])), node("Pad", "x pads", "y", mode=mode)]

        def pad(x, mode=mode, least=least):
            if len(x) < least:
                raise ValueError
            return np.pad(x, ((2, 1), (0, 0)), mode=mode)
        check("pad " + mode, model(graph(nodes, ["x:f[H,2]"], ["y:f"]), opset=19), pad, [(5, 2)], [(3, 2)], [(2, 2)], [(1, 2)], [(0, 2)])
    nodes = [constant("pads", np.array([-2, 3])), node("Pad", "x pads", "y", mode="edge")]

    def crop(x):
        if len(x) < 3:
            raise ValueError
        return np.pad(x[2:], (0, 3), mode="edge")
    check("pad after a crop", model(graph(nodes, ["x:f[H]"], ["y:f"])), crop, [(5,)], [(3,)], [(2,)], [(0,)])


def chains():
    """Shapes that pass other types on their way into Reshape, as converters write them."""
    for kind, factor in ((TensorProto.INT32, 3), (TensorProto.FLOAT, 3), (TensorProto.DOUBLE, 3), (TensorProto.INT16, 3), (TensorProto.FLOAT16, 3)):
        nodes = [node("Shape", "x", "shape"), node("Cast", "shape", "narrow", to=kind), constant("at", np.array(0)),
                 constant("zero", np.array([0])), constant("one", np.array([1])), node("Slice", "narrow zero one", "rows"),
                 constant("f64", np.array([float(factor)])), node("Cast", "f64", "factor", to=kind), node("Mul", "rows factor", "product")]
        last = "product"
        if kind in (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16):
            nodes.append(node("Floor", "product", "whole"))
            last = "whole"
        nodes += [node("Cast", last, "count", to=TensorProto.INT64), constant("rest", np.array([-1])),
                  node("Concat", "count rest", "wanted", axis=0), node("Reshape", "x wanted", "y")]
        check("dims by way of %s" % TensorProto.DataType.Name(kind), model(graph(nodes, ["x:f[N,6]"], ["y:f"])),
              lambda x: x.reshape(len(x) * 3, 2), [(4, 6)], [(1, 6)], [(100, 6)])
    # A product that leaves int16: the shape would be another than the dims say.
    nodes = [node("Shape", "x", "shape"), node("Cast", "shape", "narrow", to=TensorProto.INT16), constant("factor", np.array([2000], np.int16)),
             node("Mul", "narrow factor", "product"), node("Cast", "product", "wanted", to=TensorProto.INT64), node("Expand", "o wanted", "y")]

    def expand(x, o):
        if len(x) * 2000 > 32767:
            raise ValueError
        return np.broadcast_to(o, (len(x) * 2000,))
    check("a product that wraps", model(graph(nodes, ["x:f[N]", "o:f[1]"], ["y:f"])), expand, [(3,), (1,)], [(16,), (1,)], [(17,), (1,)])


def reshapes():
    def fixed(x):
        return x.reshape(1, 8)
    nodes = [constant("shape", np.array([1, 8])), node("Reshape", "x shape", "y")]
    check("Reshape to a batch of one", model(graph(nodes, ["x:f[N,2,4]"], ["y:f"])), fixed, [(1, 2, 4)], [(3, 2, 4)], [(0, 2, 4)])
    nodes = [constant("shape", np.array([-1, 4])), node("Reshape", "x shape", "y")]
    check("Reshape to rows of 4", model(graph(nodes, ["x:f[N]"], ["y:f"])), lambda x: x.reshape(-1, 4), [(8,)], [(4,)], [(6,)], [(0,)])
    nodes = [constant("shape", np.array([0, -1])), node("Reshape", "x shape", "y")]
    check("Reshape keeps a batch of none", model(graph(nodes, ["x:f[N,2,3]"], ["y:f"])), lambda x: x.reshape(len(x), 6), [(2, 2, 3)], [(0, 2, 3)])
    nodes = [node("Squeeze", "x axes", "y")]
    check("Squeeze", model(graph(nodes, ["x:f[N,M]"], ["y:f"], [("axes", np.array([1]))])),
          lambda x: np.squeeze(x, 1), [(3, 1)], [(3, 2)], [(3, 0)])


def joins():
    token = numbers(1, 1, 4)
    nodes = [node("Concat", "t x", "y", axis=1)]
    check("a class token that was not expanded", model(graph(nodes, ["x:f[N,S,4]"], ["y:f"], [("t", token)])),
          lambda x: np.concatenate([token, x], 1), [(1, 3, 4)], [(2, 3, 4)], [(0, 3, 4)], [(1, 0, 4)])
    check("Concat of other names", model(graph([node("Concat", "a b c", "y", axis=0)], ["a:f[N,A]", "b:f[M,B]", "c:f[2,3]"], ["y:f"])),
          lambda a, b, c: np.concatenate([a, b, c]), [(1, 3), (4, 3), (2, 3)], [(1, 2), (4, 2), (2, 3)], [(1, 3), (4, 2), (2, 3)])
    # What reads the joined value is computed in the parts: its other operand must be as long all the same.
    nodes = [node("Concat", "a b", "c", axis=0), node("Mul", "c s", "m"), node("Relu", "m", "y")]
    check("a map behind a join", model(graph(nodes, ["a:f[N,3]", "b:f[M,3]", "s:f[K,3]"], ["y:f"])),
          lambda a, b, s: np.maximum(np.concatenate([a, b]) * s, 0), [(2, 3), (3, 3), (5, 3)], [(2, 3), (3, 3), (1, 3)],
          [(2, 3), (3, 3), (4, 3)], [(1, 3), (0, 3), (5, 3)])
    body = graph([node("Add", "h a", "s"), node("Mul", "s b", "g")], ["h:f[2]", "a:f[2]", "b:f[2]"], ["g:f[2]", "s:f[2]"])

    def scan(h, a, b):
        if len(a) != len(b):
            raise ValueError
        out = []
        for x, z in zip(a, b):
            s = h + x
            h = s * z
            out.append(s)
        return h, np.array(out, np.float32).reshape(len(a), 2)
    check("Scan over other names", model(graph([node("Scan", "h a b", "y z", num_scan_inputs=2, body=body)],
                                               ["h:f[2]", "a:f[T,2]", "b:f[U,2]"], ["y:f", "z:f"])), scan,
          [(2,), (3, 2), (3, 2)], [(2,), (3, 2), (4, 2)], [(2,), (0, 2), (0, 2)])


def bounds():
    """What must be one number, and may be."""
    nodes = [node("Clip", "x a b", "y")]

    def clip(x, a, b):
        if a.size != 1 or b.size != 1:
            raise ValueError
        return np.minimum(np.maximum(x, a.reshape(())), b.reshape(()))
    check("Clip by vectors", model(graph(nodes, ["x:f[4]", "a:f[K]", "b:f[L,M]"], ["y:f"])), clip, [(4,), (1,), (1, 1)], [(4,), (2,), (1, 1)],
          [(4,), (1,), (1, 2)], [(4,), (0,), (1, 1)])
    nodes = [constant("pads", np.array([1, 2])), node("Pad", "x pads c", "y")]

    def pad(x, c):
        if c.size != 1:
            raise ValueError
        return np.concatenate([c[:1], x, c[:1], c[:1]])
    check("Pad by a vector", model(graph(nodes, ["x:f[N]", "c:f[K]"], ["y:f"])), pad, [(3,), (1,)], [(3,), (2,)], [(0,), (1,)])


def resizes():
    """To scales, and to sizes that are computed from the input's."""
    def linear(x, axis, size):
        at = np.clip((np.arange(size) + .5) * x.shape[axis] / size - .5, 0, x.shape[axis] - 1)
        low = np.floor(at).astype(int)
        rest = (at - low).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        return x.take(low, axis) * (1 - rest) + x.take(np.minimum(low + 1, x.shape[axis] - 1), axis) * rest

    def nearest(x, axis, scale):
        at = (np.arange(int(np.floor(x.shape[axis] * scale))) + .5) / scale - .5
        return x.take(np.clip(np.ceil(at - .5), 0, x.shape[axis] - 1).astype(int), axis)
    for scale in (2.0, 0.5, 1.5, 3.0):
        nodes = [constant("scales", np.array([1, 1, scale, scale], np.float32)), node("Resize", "x _ scales", "y", mode="nearest")]
        check("resize by %g" % scale, model(graph(nodes, ["x:f[N,C,H,W]"], ["y:f"])),
              lambda x, scale=scale: nearest(nearest(x, 2, scale), 3, scale), [(1, 3, 4, 6)], [(2, 1, 7, 5)], [(1, 2, 1, 1)], [(0, 2, 3, 3)])
    nodes = [node("Shape", "like", "sizes"), node("Resize", "x _ _ sizes", "y", mode="linear"), node("Add", "y like", "z")]
    check("resize to another's size", model(graph(nodes, ["x:f[N,C,H,W]", "like:f[N,C,P,Q]"], ["z:f"])),
          lambda x, like: (linear(linear(x, 2, like.shape[2]), 3, like.shape[3]) + like).astype(np.float32),
          [(1, 2, 4, 5), (1, 2, 9, 5)], [(2, 3, 6, 6), (2, 3, 3, 4)], [(1, 1, 1, 1), (1, 1, 5, 2)], [(1, 2, 2, 2), (1, 2, 0, 3)])


def normalised(x, axes, epsilon=1e-5):
    mean = x.mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + epsilon)


def normalisations():
    """By the statistics of axes whose length only the run knows."""
    inputs = ["x:f[N,S,D]", "s:f[E]", "b:f[D]"]
    sizes = [(2, 3, 5), (5,), (5,)], [(1, 1, 1), (1,), (1,)], [(0, 3, 4), (4,), (4,)], [(1, 2, 33), (33,), (33,)], [(1, 2, 5), (4,), (5,)]

    def scaled(y, s, b=0):
        if y.shape[-1] != len(s) and len(s) != 1:
            raise ValueError("the scale is for another length")
        return (y * s + b).astype(np.float32)
    check("layer normalisation", model(graph([node("LayerNormalization", "x s b", "y")], inputs, ["y:f"]), 17),
          lambda x, s, b: scaled(normalised(x.astype(float), -1), s, b), *sizes)
    check("RMS normalisation", model(graph([node("RMSNormalization", "x s", "y", epsilon=0.5)], inputs[:2], ["y:f"]), 23),
          lambda x, s: scaled(x / np.sqrt((x.astype(float) ** 2).mean(-1, keepdims=True) + .5), s), *[size[:2] for size in sizes])
    inputs = ["x:f[N,C,L,M]", "s:f[P]", "b:f[P]"]

    def channels(y, s, b):
        if len(s) != y.shape[1] or len(b) != y.shape[1]:
            raise ValueError("not one number per channel")
        return (y * s.reshape(-1, 1, 1) + b.reshape(-1, 1, 1)).astype(np.float32)

    def grouped(x, s, b, groups=2):
        if x.shape[1] % groups:
            raise ValueError("no groups")
        return channels(normalised(x.reshape(len(x), groups, -1).astype(float), 2).reshape(x.shape), s, b)
    sizes = [(2, 4, 3, 5), (4,), (4,)], [(1, 2, 1, 1), (2,), (2,)], [(2, 3, 2, 2), (3,), (3,)], [(1, 4, 2, 2), (3,), (3,)]
    check("instance normalisation", model(graph([node("InstanceNormalization", "x s b", "y")], inputs, ["y:f"])),
          lambda x, s, b: channels(normalised(x.astype(float), (2, 3)), s, b), *sizes)
    check("group normalisation", model(graph([node("GroupNormalization", "x s b", "y", num_groups=2)], inputs, ["y:f"]), 21), grouped, *sizes)
    check("lrn", model(graph([node("LRN", "x", "y", size=3, alpha=0.5, bias=2.0)], ["x:f[N,C,L]"], ["y:f"])),
          lambda x: (x / (2 + 0.5 / 3 * np.stack([(x[:, max(c - 1, 0):c + 2] ** 2).sum(1) for c in range(x.shape[1])], 1)) ** 0.75), [(2, 5, 3)], [(1, 1, 4)])


def places():
    """Where elements stand, along axes whose length only the run knows."""
    check("argmax", model(graph([node("ArgMax", "x", "y", axis=1, keepdims=0), node("Cast", "y", "z", to=1)], ["x:f[N,M]"], ["z:f"])),
          lambda x: x.argmax(1).astype(np.float32), [(3, 7)], [(1, 1)], [(0, 4)], [(2, 0)])
    check("triangles", model(graph([node("Trilu", "x", "u"), constant("k", np.array(-1)), node("Trilu", "x k", "l", upper=0)],
                                   ["x:f[B,N,M]"], ["u:f", "l:f"])), lambda x: (np.triu(x), np.tril(x, -1)), [(2, 4, 6)], [(1, 6, 3)], [(1, 1, 1)])
    nodes = [node("Shape", "x", "s"), constant("zero", np.array(0)), constant("one", np.array(1)), constant("first", np.array(0)),
             node("Gather", "s first", "n"), node("Range", "zero n one", "r"), node("Cast", "r", "f", to=1), node("Mul", "x f", "y")]
    check("range over a dim", model(graph(nodes, ["x:f[N]"], ["y:f"])), lambda x: x * np.arange(len(x), dtype=np.float32), [(5,)], [(1,)], [(0,)])
    nodes = [constant("i", np.array([0, 2, -1])), node("Shape", "x", "depth"), constant("v", np.array([0, 1], np.float32)),
             node("OneHot", "i depth v", "y"), node("Mul", "y x", "z")]
    check("one of a dim", model(graph(nodes, ["x:f[D]"], ["z:f"])), lambda x: np.stack([x * (np.arange(len(x)) == i % len(x)) for i in (0, 2, -1)]).astype(np.float32),
          [(5,)], [(3,)])
    nodes = [constant("axis", np.array(1)), node("CumSum", "x axis", "y"), node("CumSum", "x axis", "z", exclusive=1, reverse=1)]
    check("running sums", model(graph(nodes, ["x:f[N,M]"], ["y:f", "z:f"])),
          lambda x: (x.cumsum(1), x[:, ::-1].cumsum(1)[:, ::-1] - x), [(2, 9)], [(1, 1)], [(2, 0)])
    nodes = [node("SpaceToDepth", "x", "d", blocksize=2), node("DepthToSpace", "d", "y", blocksize=2)]

    def there_and_back(x):
        if x.shape[2] % 2 or x.shape[3] % 2:
            raise ValueError("no blocks")
        return x
    check("blocks", model(graph(nodes, ["x:f[N,C,H,W]"], ["y:f"])), there_and_back, [(1, 3, 4, 6)], [(2, 1, 2, 2)], [(1, 1, 3, 2)])


def impossible():
    """Provably false is an error."""
    expect_error("inner dims", model(graph([node("MatMul", "a b", "y")], ["a:f[N,3]", "b:f[4,M]"], ["y:f"])), "inner dims of A and B differ: 3 and 4")
    expect_error("joined axis", model(graph([node("Concat", "a b", "y", axis=0)], ["a:f[N,3]", "b:f[M,4]"], ["y:f"])), "differ in another axis")
    expect_error("reshape", model(graph([constant("s", np.array([-1, 4])), node("Reshape", "x s", "y")], ["x:f[6]"], ["y:f"])), "reshape")
    expect_error("too large", model(graph([constant("s", np.array([2**31, 2**31])), node("Expand", "x s", "e"), node("Exp", "e", "y")],
                                          ["x:f[1]"], ["y:f"])), "overflow")


for case in (slices, parts, matrices, old_broadcasts, convolutions, pads, chains, reshapes, joins, bounds, resizes, normalisations, places, impossible):
    case()
finish()
