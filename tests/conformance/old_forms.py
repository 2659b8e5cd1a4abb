# SPDX-License-Identifier: Apache-2.0
"""Operators in the forms of early opsets: old_forms.py AICC AICC_RUN. What is expected is computed with numpy from the
meaning that the specification gave them then. The forms of one opset make up one model."""
import itertools
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "control"))
from build import graph, model, node  # noqa: E402
from objects import expect, expect_error, finish  # noqa: E402

LETTERS = {np.dtype(np.float32): "f", np.dtype(np.float64): "d", np.dtype(np.int64): "i", np.dtype(np.int32): "j",
           np.dtype(bool): "b"}
RNG = np.random.default_rng(7)
forms = {}  # by opset: lists of (kind, inputs, outputs, attributes)


class Constant:
    """An input that is known when the model is compiled."""

    def __init__(self, *numbers, dtype=np.int64, shape=None):
        self.array = np.array(numbers, dtype).reshape(len(numbers) if shape is None else shape)


def rand(*shape, dtype=np.float32):
    return RNG.standard_normal(shape).astype(dtype)


def form(opset, kind, inputs, outputs, **attributes):
    """An operator on arrays and constants, and what it gives: one array or a list."""
    forms.setdefault(opset, []).append((kind, inputs, outputs if isinstance(outputs, list) else [outputs], attributes))


def declared(name, array):
    return "%s:%s[%s]" % (name, LETTERS[array.dtype], ",".join(str(dim) for dim in array.shape))


def build(opset, rows):
    """The model of these forms, its inputs and its outputs."""
    nodes, constants, inputs, outputs = [], [], {}, {}
    for place, (kind, given, expected, attributes) in enumerate(rows):
        names = ["i%d_%d" % (place, k) if array is not None else "_" for k, array in enumerate(given)]
        results = ["o%d_%d" % (place, k) if array is not None else "_" for k, array in enumerate(expected)]
        for name, array in zip(names, given):
            if isinstance(array, Constant):
                constants.append((name, array.array))
            elif array is not None:
                inputs[name] = array
        outputs.update((name, array) for name, array in zip(results, expected) if array is not None)
        nodes.append(node(kind, " ".join(names), " ".join(results), "%s %d" % (kind, place), **attributes))
    top = graph(nodes, [declared(*pair) for pair in inputs.items()], [declared(*pair) for pair in outputs.items()],
                constants)
    return model(top, opset), list(inputs.values()), list(outputs.values())


def refused(name, message, opset, kind, inputs, outputs, **attributes):
    outputs = outputs if isinstance(outputs, list) else [outputs]
    expect_error(name, build(opset, [(kind, inputs, outputs, attributes)])[0], message)


def batch_normalization():
    def normalized(x, scale, bias, mean, variance, epsilon=1e-5):
        if scale.ndim == 1:
            scale, bias, mean, variance = (a.reshape((-1,) + (1,) * (x.ndim - 2)) for a in (scale, bias, mean, variance))
        wide = x.astype(np.float64)
        return ((wide - mean) / np.sqrt(variance.astype(np.float64) + epsilon) * scale + bias).astype(x.dtype)

    def parameters(*shape, dtype=np.float32):
        return [rand(*shape, dtype=dtype) for _ in range(3)] + [np.abs(rand(*shape, dtype=dtype)) + dtype(.1)]

    kind = "BatchNormalization"
    for shape in ((2, 5), (2, 3, 4), (2, 3, 4, 5)):
        x, channel, activation = rand(*shape), parameters(shape[1]), parameters(*shape[1:])
        form(1, kind, [x] + channel, normalized(x, *channel), is_test=1, consumed_inputs=[0, 0, 0, 1, 1])
        form(6, kind, [x] + channel, normalized(x, *channel, epsilon=.01), is_test=1, epsilon=.01, spatial=1)
        form(6, kind, [x] + channel, normalized(x, *channel), is_test=1, spatial=0)
        form(7, kind, [x] + channel, normalized(x, *channel))
        form(9, kind, [x] + channel, normalized(x, *channel))
        for opset in (1, 5, 6):
            form(opset, kind, [x] + activation, normalized(x, *activation), is_test=1, spatial=0)
        for opset in (7, 8):
            form(opset, kind, [x] + activation, normalized(x, *activation, epsilon=.01), spatial=0, epsilon=.01)
    x, channel = rand(2, 3, 4, dtype=np.float64), parameters(3, dtype=np.float64)
    form(6, kind, [x] + channel, normalized(x, *channel), is_test=1)

    x, channel, activation = rand(2, 3, 4), parameters(3), parameters(3, 4)
    y = normalized(x, *channel)
    refused("training, which is the default", "is_test=0", 6, kind, [x] + channel, y)
    refused("training with outputs", "is_test=0", 1, kind, [x] + channel, [y] + channel[2:], is_test=0)
    refused("statistics of a test", "output 1 exists in training only", 6, kind, [x] + channel, [y] + channel[2:], is_test=1)
    refused("per channel where it is per activation", "one number per activation", 7, kind, [x] + channel, y, spatial=0)
    refused("per activation where it is per channel", "one number per channel", 6, kind, [x] + activation, y, is_test=1)
    refused("activations of another shape", "one number per activation", 8, kind, [x] + parameters(4, 3), y, spatial=0)
    refused("is_test after its time", "is_test", 7, kind, [x] + channel, y, is_test=1)


def split():
    x = rand(4, 6)
    thirds = [x[:, :1], x[:, 1:4], x[:, 4:]]
    form(1, "Split", [x], thirds, axis=1, split=[1, 3, 2])
    form(1, "Split", [x, Constant(1, 3, 2, dtype=np.float32)], thirds, axis=1)
    form(1, "Split", [x, Constant(1, 3, 2)], thirds, axis=-1)
    form(1, "Split", [x], [x[:2], x[2:]], axis=0)
    form(2, "Split", [x], [x[:2], x[2:]])
    form(2, "Split", [x], thirds, axis=1, split=[1, 3, 2])
    refused("an axis that nothing says", "'axis'", 1, "Split", [x], [x[:2], x[2:]])
    refused("lengths that are no whole numbers", "not known at compile time", 1, "Split",
            [x, Constant(1.5, 2.5, dtype=np.float32)], [x[:1], x[1:]], axis=0)
    refused("lengths that the run tells", "not known at compile time", 1, "Split", [x, rand(2)], [x[:1], x[1:]], axis=0)
    refused("lengths twice", "as an attribute and as an input", 1, "Split", [x, Constant(2, 2)], [x[:2], x[2:]], axis=0,
            split=[2, 2])
    refused("lengths of another axis", "do not add up", 1, "Split", [x], [x[:2], x[2:]], axis=0, split=[2, 3])


def tile():
    x = rand(2, 3)
    for opset in (1, 5):
        form(opset, "Tile", [x, Constant(3, dtype=np.float32, shape=()), Constant(1, dtype=np.float32, shape=())],
             np.tile(x, (1, 3)))
    form(1, "Tile", [x, Constant(2), Constant(0)], np.tile(x, (2, 1)))
    form(1, "Tile", [x, Constant(0, dtype=np.float32), Constant(-1, dtype=np.float32)], np.tile(x, (1, 0)))
    form(6, "Tile", [x, Constant(2, 3)], np.tile(x, (2, 3)))
    refused("tiles that the run tells", "not known at compile time", 1, "Tile", [x, rand(), Constant(0)], x)
    refused("part of a tile", "not known at compile time", 1, "Tile", [x, Constant(.5, dtype=np.float32), Constant(0)], x)
    refused("fewer tiles than none", "negative", 1, "Tile", [x, Constant(-1), Constant(0)], x)
    refused("an axis that is none", "axis 2 lies outside", 1, "Tile", [x, Constant(2), Constant(2)], x)
    refused("two numbers of tiles", "one number each", 1, "Tile", [x, Constant(2, 2), Constant(0)], x)


def windows(x, kernel, strides, pads, function, empty):
    """function over each window of the last two axes; `empty` is what padding holds."""
    edges = [(0, 0), (0, 0)] + [(pads[i], pads[i + 2]) for i in range(2)]
    x = np.pad(x.astype(np.float64), edges, constant_values=empty)
    extents = [(x.shape[2 + i] - kernel[i]) // strides[i] + 1 for i in range(2)]
    y = np.zeros(x.shape[:2] + tuple(extents))
    for p, q in itertools.product(*(range(extent) for extent in extents)):
        part = x[:, :, p * strides[0]:p * strides[0] + kernel[0], q * strides[1]:q * strides[1] + kernel[1]]
        y[:, :, p, q] = function(part)
    return y.astype(np.float32)


def pools():
    x = rand(2, 3, 7, 6)

    def norm(p):
        return lambda part: (np.abs(part) ** p).sum(axis=(2, 3)) ** (1 / p)
    for p in (1., 2., 3., 1.5):
        form(1, "LpPool", [x], windows(x, (3, 2), (1, 1), [0] * 4, norm(p), 0), kernel_shape=[3, 2], p=p)
    form(1, "LpPool", [x], windows(x, (2, 2), (2, 3), [1, 0, 0, 1], norm(2), 0), kernel_shape=[2, 2], strides=[2, 3],
         pads=[1, 0, 0, 1])
    for mode, pads in (("SAME_UPPER", [1, 0, 1, 1]), ("SAME_LOWER", [1, 1, 1, 0]), ("VALID", [0] * 4)):
        form(1, "LpPool", [x], windows(x, (3, 2), (1, 1), pads, norm(2), 0), kernel_shape=[3, 2], auto_pad=mode)
    form(2, "LpPool", [x], windows(x, (3, 2), (1, 1), [0] * 4, norm(3), 0), kernel_shape=[3, 2], p=3)
    refused("a window that nothing says", "'kernel_shape'", 1, "LpPool", [x], x)
    refused("a norm of order 0", "p must be positive", 1, "LpPool", [x], x, kernel_shape=[1, 1], p=0.)
    refused("an order of another kind", "'p'", 1, "LpPool", [x], x, kernel_shape=[1, 1], p=2)

    wide = np.abs(x.astype(np.float64))
    for opset, p in ((1, 3.), (2, 3)):
        form(opset, "GlobalLpPool", [x], ((wide ** 3).sum(axis=(2, 3), keepdims=True) ** (1 / 3)).astype(np.float32), p=p)
    form(1, "GlobalLpPool", [x], np.sqrt((wide ** 2).sum(axis=(2, 3), keepdims=True)).astype(np.float32))
    form(1, "GlobalAveragePool", [x], x.mean(axis=(2, 3), keepdims=True))
    form(1, "GlobalMaxPool", [x], x.max(axis=(2, 3), keepdims=True))
    for opset in (1, 7):
        form(opset, "AveragePool", [x], windows(x, (2, 3), (2, 2), [1, 1, 0, 1], lambda part: np.nanmean(part, axis=(2, 3)),
                                                np.nan), kernel_shape=[2, 3], strides=[2, 2], pads=[1, 1, 0, 1])
    for opset in (1, 8):
        form(opset, "MaxPool", [x], windows(x, (2, 3), (2, 2), [1, 1, 0, 1], lambda part: part.max(axis=(2, 3)), -np.inf),
             kernel_shape=[2, 3], strides=[2, 2], pads=[1, 1, 0, 1])


def movement():
    x, y = rand(2, 3, 4), rand(2, 5, 4)
    form(1, "Concat", [x, y], np.concatenate([x, y], 1))
    form(3, "Concat", [x, x], np.concatenate([x, x], 2), axis=2)
    form(4, "Concat", [x, x], np.concatenate([x, x], 0), axis=0)
    form(1, "Reshape", [x], x.reshape(4, 6), shape=[4, 6])
    form(1, "Reshape", [x], x.reshape(2, 12), shape=[0, -1], consumed_inputs=[0])
    form(5, "Reshape", [x, Constant(4, 6)], x.reshape(4, 6))
    edges = ((0, 1), (2, 0), (0, 3))
    filled = np.pad(x, edges, constant_values=np.float32(1.5))
    form(1, "Pad", [x], filled, paddings=[0, 2, 0, 1, 0, 3], value=1.5)
    form(2, "Pad", [x], filled, pads=[0, 2, 0, 1, 0, 3], value=1.5)
    for mode in ("reflect", "edge"):
        form(1, "Pad", [x], np.pad(x, edges, mode=mode), paddings=[0, 2, 0, 1, 0, 3], mode=mode)
        form(2, "Pad", [x], np.pad(x, edges, mode=mode), pads=[0, 2, 0, 1, 0, 3], mode=mode)
    form(1, "Slice", [x], x[0:1, 1:], starts=[0, 1], ends=[1, 1000])
    form(1, "Slice", [x], x[:, -2:, 1:-1], axes=[2, 1], starts=[1, -2], ends=[-1, 2 ** 31 - 1])
    one = rand(1, 3, 1)
    form(1, "Squeeze", [one], one.reshape(3, 1), axes=[0])
    form(1, "Squeeze", [one], one.reshape(3))
    form(1, "Unsqueeze", [x], x.reshape(1, 2, 3, 1, 4), axes=[0, 3])
    form(1, "Transpose", [x], x.transpose(2, 1, 0))
    form(1, "Transpose", [x], x.transpose(1, 0, 2), perm=[1, 0, 2])
    for axis in range(4):
        form(1, "Flatten", [x], x.reshape(int(np.prod(x.shape[:axis])), -1), axis=axis)
    form(1, "Flatten", [x], x.reshape(2, 12))
    form(1, "Shape", [x], np.array(x.shape))
    form(1, "Size", [x], np.array(x.size))


def casts():
    x = np.array([0, -1.5, 2.25, 100], np.float32)
    for name, dtype in (("INT32", np.int32), ("INT64", np.int64), ("BOOL", bool), ("DOUBLE", np.float64), ("FLOAT", np.float32)):
        form(1, "Cast", [x], x.astype(dtype), to=name)
    form(6, "Cast", [x], x.astype(np.int64), to=7)
    refused("a type that is none", "names no element type", 1, "Cast", [x], x, to="REAL")


def products():
    a, b, m, full = rand(4, 3), rand(3, 5), rand(4, 3, 5), rand(4, 5)
    product = a.astype(np.float64) @ b
    for opset in (1, 6):
        form(opset, "Gemm", [a, b, full], (.5 * product + 2. * full).astype(np.float32), alpha=.5, beta=2.)
        for c in (rand(5), rand(1, 5), rand(4, 1), rand(1), rand()):
            form(opset, "Gemm", [a, b, c], (product + c).astype(np.float32), broadcast=1)
    form(6, "Gemm", [a.T.copy(), b.T.copy(), full], (product + full).astype(np.float32), transA=1, transB=1)
    form(7, "Gemm", [a, b, full[0]], (product + full[0]).astype(np.float32))
    form(1, "MatMul", [m, b.T], (m.astype(np.float64) @ b.T).astype(np.float32))


def legacy_broadcasting():
    x = np.abs(rand(2, 3, 4, 5)) + np.float32(.5)
    functions = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Pow": np.power,
                 "Less": np.less, "Greater": np.greater}
    for opset, (kind, function) in itertools.product((1, 6), functions.items()):
        for shape, axis in (((), None), ((1, 1), None), ((5,), None), ((4, 5), None), ((3, 4), 1), ((2,), 0), ((3,), 1),
                            ((5,), -1), ((4, 5), 2), ((1,), 0)):
            y = np.abs(rand(*shape)) + np.float32(.5)
            aligned = y if axis in (None, -1) or y.size == 1 else y.reshape(shape + (1,) * (4 - axis - len(shape)))
            form(opset, kind, [x, y], function(x, aligned), broadcast=1, **({} if axis is None else {"axis": axis}))
    form(1, "Add", [x, x], x + x, consumed_inputs=[0, 0])
    form(7, "Add", [x, x[0, 0]], x + x[0, 0])
    p, q, i = rand(2, 3) > 0, rand(2) > 0, RNG.integers(0, 3, (2, 3))
    for kind, function in (("And", np.logical_and), ("Or", np.logical_or), ("Xor", np.logical_xor)):
        form(1, kind, [p, q], function(p, q[:, None]), broadcast=1, axis=0)
    form(1, "Equal", [i, i[:, 0].copy()], i == i[:, :1], broadcast=1, axis=0)
    refused("axes that the first input has not", "from axis 3 on the first has fewer", 6, "Add", [x, x[0, 0]], x,
            broadcast=1, axis=3)
    refused("an axis outside", "axis 4 lies outside", 6, "Less", [x, x[0, 0, 0]], x > 0, broadcast=1, axis=4)
    refused("an axis of another kind", "'axis'", 1, "Mul", [x, x[0, 0]], x, broadcast=1, axis=1.)
    refused("broadcast after its time", "'broadcast'", 7, "Add", [x, x], x, broadcast=1)


def elementwise():
    x, y, z = rand(2, 3, 4), rand(2, 3, 4), rand(2, 3, 4)
    for opset in (1, 6, 8):
        form(opset, "Sum", [x, y, z], x + y + z)
        form(opset, "Max", [x, y, z], np.maximum(np.maximum(x, y), z))
        form(opset, "Min", [x, y, z], np.minimum(np.minimum(x, y), z))
        form(opset, "Mean", [x, y, z], ((x.astype(np.float64) + y + z) / 3).astype(np.float32))
        form(opset, "Sum", [x], x)
    form(8, "Sum", [x, y[0, 0]], x + y[0, 0])
    hint = {"consumed_inputs": [0]}
    form(1, "Max", [x, y], np.maximum(x, y), **hint)
    for opset, attributes in ((1, hint), (5, {}), (6, {})):
        form(opset, "Clip", [x], np.clip(x, -.5, .25), min=-.5, max=.25, **attributes)
        form(opset, "Clip", [x], np.maximum(x, np.float32(-.5)), min=-.5, **attributes)
        form(opset, "Clip", [x], np.minimum(x, np.float32(.5)), max=.5, **attributes)
        form(opset, "Clip", [x], x, **attributes)
        form(opset, "Relu", [x], np.maximum(x, 0), **attributes)
        form(opset, "Exp", [x], np.exp(x), **attributes)
        form(opset, "LeakyRelu", [x], np.where(x < 0, np.float32(.01) * x, x), **attributes)
        form(opset, "Elu", [x], np.where(x < 0, np.expm1(x), x), **attributes)
        form(opset, "HardSigmoid", [x], np.clip(np.float32(.2) * x + np.float32(.5), 0, 1), **attributes)
        alpha, gamma = (1.6732, 1.0507) if opset < 6 else (1.6732632, 1.050701)
        form(opset, "Selu", [x], (gamma * np.where(x > 0, x, alpha * np.expm1(x))).astype(np.float32), **attributes)
    refused("the hint after its time", "'consumed_inputs'", 6, "Relu", [x], x, **hint)

    image = rand(2, 3, 4, 3)
    for opset in (1, 6):
        slope = rand(3)
        form(opset, "PRelu", [image, slope], np.where(image < 0, slope[:, None, None] * image, image))
        form(opset, "PRelu", [image, slope[:1]], np.where(image < 0, slope[0] * image, image))
        form(opset, "PRelu", [image[0, 0], slope], np.where(image[0, 0] < 0, slope * image[0, 0], image[0, 0]))
    form(7, "PRelu", [image, slope], np.where(image < 0, slope * image, image))


def softmaxes():
    x = rand(2, 3, 4)
    for opset, axis in itertools.product((1, 11), (0, 1, 2)):
        flat = x.astype(np.float64).reshape(int(np.prod(x.shape[:axis])), -1)
        soft = np.exp(flat) / np.exp(flat).sum(axis=1, keepdims=True)
        for kind, y in (("Softmax", soft), ("LogSoftmax", np.log(soft))):
            attributes = {"axis": axis} if axis != 1 else {}
            form(opset, kind, [x], y.reshape(x.shape).astype(np.float32), **attributes)


def reductions():
    x = rand(2, 3, 4)
    wide = x.astype(np.float64)
    functions = {"ReduceSum": np.sum, "ReduceMean": np.mean, "ReduceMax": np.max, "ReduceMin": np.min, "ReduceProd": np.prod,
                 "ReduceL1": lambda a, **k: np.sum(np.abs(a), **k), "ReduceL2": lambda a, **k: np.sqrt(np.sum(a * a, **k)),
                 "ReduceSumSquare": lambda a, **k: np.sum(a * a, **k),
                 "ReduceLogSumExp": lambda a, **k: np.log(np.sum(np.exp(a), **k))}
    for opset, (kind, function) in itertools.product((1, 11), functions.items()):
        form(opset, kind, [x], function(wide, axis=(0, 2), keepdims=True).astype(np.float32), axes=[0, 2])
        form(opset, kind, [x], function(wide, axis=1).astype(np.float32), axes=[1], keepdims=0)
        form(opset, kind, [x], function(wide, keepdims=True).astype(np.float32))


def resizes():
    """A place of the result is that place over the scale; the nearest element is before it, of a smaller result behind."""
    x = rand(1, 2, 4, 6)
    twice, part = x.repeat(2, 2).repeat(3, 3), x[:, :, [0, 2]][:, :, :, [0, 2, 4]]

    def linear(array, axis, scale):
        size = array.shape[axis]
        at = np.arange(int(size * scale)) / scale
        low = np.floor(at).astype(int)
        rest = (at - low).reshape([-1 if i == axis else 1 for i in range(4)])
        high = np.minimum(low + 1, size - 1)
        return (array.take(low, axis) * (1 - rest) + array.take(high, axis) * rest).astype(np.float32)
    smooth = linear(linear(x.astype(np.float64), 2, 2), 3, 1.5)
    form(1, "Upsample", [x], twice, height_scale=2.0, width_scale=3.0)
    form(1, "Upsample", [x], smooth, height_scale=2.0, width_scale=1.5, mode="bilinear")
    form(7, "Upsample", [x], twice, scales=[1.0, 1.0, 2.0, 3.0])
    form(7, "Upsample", [x], smooth, scales=[1.0, 1.0, 2.0, 1.5], mode="linear")
    for opset, kind in ((9, "Upsample"), (10, "Resize")):
        form(opset, kind, [x, Constant(1, 1, 2, 3, dtype=np.float32)], twice)
        form(opset, kind, [x, Constant(1, 1, .5, .5, dtype=np.float32)], part)
        form(opset, kind, [x, Constant(1, 1, 2, 1.5, dtype=np.float32)], smooth, mode="linear")


def control():
    """The bodies of those days were of the same opset."""
    x = rand(3)
    branches = {"then_branch": graph([node("Clip", "x", "t", min=0.)], [], ["t:f[3]"]),
                "else_branch": graph([node("Add", "x one", "e", broadcast=1)], [], ["e:f[3]"], [("one", np.ones(1, np.float32))])}
    top = graph([node("If", "c", "y", **branches)], ["c:b[]", "x:f[3]"], ["y:f[3]"])
    expect("If of opset 1", model(top, 1), ([np.array(True), x], [np.maximum(x, 0)]), ([np.array(False), x], [x + 1]))
    body = graph([node("Mul", "a half", "b", broadcast=1), node("Identity", "go", "on")], ["i:i[]", "go:b[]", "a:f[3]"],
                 ["on:b[]", "b:f[3]", "b:f[3]"], [("half", np.full(1, .5, np.float32))])
    top = graph([node("Loop", "n _ x", "y ys", body=body)], ["x:f[3]"], ["y:f[3]", "ys:f[4,3]"], [("n", np.array(4))])
    ys = np.array([x / 2 ** (k + 1) for k in range(4)], np.float32)
    expect("Loop of opset 1", model(top, 1), ([x], [ys[-1], ys]))


for test in (batch_normalization, split, tile, pools, movement, casts, products, legacy_broadcasting, elementwise, softmaxes,
             reductions, resizes):
    test()
for version, made in sorted(forms.items()):
    proto, given, wanted = build(version, made)
    expect("opset %d" % version, proto, (given, wanted), tolerance="1e-5")
control()
finish()
