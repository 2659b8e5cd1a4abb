# SPDX-License-Identifier: Apache-2.0
"""Numeric rules at every CPU level, through real objects: expected values come from numpy and Python's integers.
numeric.py AICC AICC_RUN"""
import math
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import cpu  # noqa: E402

AICC, AICC_RUN = sys.argv[1:3]
TYPES = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE, np.int8: TensorProto.INT8,
         np.int32: TensorProto.INT32, np.int64: TensorProto.INT64, np.uint8: TensorProto.UINT8,
         np.uint32: TensorProto.UINT32, np.bool_: TensorProto.BOOL, np.int16: TensorProto.INT16,
         np.uint16: TensorProto.UINT16, np.uint64: TensorProto.UINT64, np.float16: TensorProto.FLOAT16}
LENGTHS = (1, 7, 33, 1000)
failures = cases = 0


LEVELS = cpu.levels()
cpu.report_missing()


def wrap(value, dtype):
    """A Python integer as an element of an integer type."""
    bits = np.dtype(dtype).itemsize * 8
    value &= (1 << bits) - 1
    return value - (1 << bits) if np.dtype(dtype).kind == "i" and value >> (bits - 1) else value


def check(name, op, inputs, expected, opset=18, rtol=0.0, atol=0.0, **attributes):
    """Runs op on inputs (arrays) and compares with the expected array, bits for rtol 0 (any NaN equals any)."""
    global failures, cases
    names = ["i%d" % k for k in range(len(inputs))]
    graph = helper.make_graph([helper.make_node(op, names, ["y"], **attributes)], "g",
                              [helper.make_tensor_value_info(n, TYPES[a.dtype.type], a.shape) for n, a in zip(names, inputs)],
                              [helper.make_tensor_value_info("y", TYPES[expected.dtype.type], expected.shape)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    onnx.save(model, "m.onnx")
    for k, array in enumerate(inputs):
        np.save("input_%d.npy" % k, array)
    done = subprocess.run([AICC, "m.onnx", "--shared", "-o", "m.so"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        failures += 1
        print("FAILED %s: %s" % (name, done.stdout.decode()))
        return
    for level in LEVELS:
        cases += 1
        done = subprocess.run([AICC_RUN, "./m.so", "--data", ".", "--no-compare", "--save", "out", "--cpu", level],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            failures += 1
            print("FAILED %s %s: %s" % (name, level, done.stdout.decode()))
            continue
        got = np.load(next(os.path.join("out", f) for f in os.listdir("out")))
        if got.dtype != expected.dtype or got.shape != expected.shape:
            failures += 1
            print("FAILED %s %s: %s %s" % (name, level, got.dtype, got.shape))
            continue
        if expected.dtype.kind == "f":
            nan = np.isnan(expected)
            same = (np.isnan(got) == nan) & (nan | (got == expected) & (np.signbit(got) == np.signbit(expected)))
            if rtol or atol:
                with np.errstate(all="ignore"):
                    same |= np.abs(got - expected) <= atol + rtol * np.abs(expected)
        else:
            same = got == expected
        if not same.all():
            failures += 1
            at = int(np.argmin(same.ravel()))
            print("FAILED %s %s [%d]: got %r, expected %r" % (name, level, at, got.ravel()[at], expected.ravel()[at]))


def spread(values, dtype, length):
    return np.resize(np.array(values, dtype=dtype), length)


def pairs(values, dtype, length):
    """Every value against every other, repeated to the length."""
    a = [x for x in values for _ in values]
    b = [y for _ in values for y in values]
    count = max(length, len(a)) if length > 100 else length
    return np.resize(np.array(a, dtype=dtype), count), np.resize(np.array(b, dtype=dtype), count)


INF, NAN, TINY = math.inf, math.nan, 1e-45
SPECIAL = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, TINY, -TINY, 1.17549435e-38, 3.4028235e38, 0.5, -2.5, 1e-40]


def integers(dtype):
    info = np.iinfo(dtype)
    return [0, 1, 2, 3, 7, info.max, info.min, info.max - 1] + ([-1, -2, -7] if info.min < 0 else [])


def integer_rules(dtype, length):
    a, b = pairs(integers(dtype), dtype, length)
    x, y = [int(v) for v in a], [int(v) for v in b]
    least = np.iinfo(dtype).min
    bits = np.dtype(dtype).itemsize * 8

    def quotient(p, q):
        if q == 0:
            return 0
        return wrap(abs(p) // abs(q) * (1 if (p < 0) == (q < 0) else -1), dtype)

    def array(values):
        return np.array([wrap(v, dtype) for v in values], dtype=dtype)

    tag = "%s[%d]" % (np.dtype(dtype).name, len(a))
    check("add " + tag, "Add", [a, b], array([p + q for p, q in zip(x, y)]))
    check("sub " + tag, "Sub", [a, b], array([p - q for p, q in zip(x, y)]))
    check("mul " + tag, "Mul", [a, b], array([p * q for p, q in zip(x, y)]))
    check("div " + tag, "Div", [a, b], array([quotient(p, q) for p, q in zip(x, y)]))
    check("mod " + tag, "Mod", [a, b], array([p % q if q else 0 for p, q in zip(x, y)]))
    check("rem " + tag, "Mod", [a, b], array([p - q * quotient(p, q) if q else 0 for p, q in zip(x, y)]), fmod=1)
    check("max " + tag, "Max", [a, b], np.maximum(a, b))
    check("abs " + tag, "Abs", [a], array([abs(p) for p in x]))
    if least < 0:
        check("neg " + tag, "Neg", [a], array([-p for p in x]))
    else:
        shifts = np.array([p % (2 * bits) for p in y], dtype=dtype)
        check("left " + tag, "BitShift", [a, shifts], array([p << int(s) if s < bits else 0 for p, s in zip(x, shifts)]),
              direction="LEFT")
        check("right " + tag, "BitShift", [a, shifts], array([p >> int(s) if s < bits else 0 for p, s in zip(x, shifts)]),
              direction="RIGHT")
    check("less " + tag, "Less", [a, b], np.array([p < q for p, q in zip(x, y)]))
    check("and " + tag, "BitwiseAnd", [a, b], a & b)
    check("not " + tag, "BitwiseNot", [a], ~a)


def float_rules(dtype, length):
    a, b = pairs(SPECIAL, dtype, length)
    tag = "%s[%d]" % (np.dtype(dtype).name, len(a))
    with np.errstate(all="ignore"):
        check("add " + tag, "Add", [a, b], a + b)
        check("mul " + tag, "Mul", [a, b], a * b)
        check("div " + tag, "Div", [a, b], a / b)
        nan = np.isnan(a) | np.isnan(b)
        # The sign of a zero that Max and Min give is not specified: + 0.0 leaves it out on both sides.
        check("max+0 " + tag, "Max", [a + dtype(0), b + dtype(0)], np.where(nan, dtype(NAN), np.maximum(a + dtype(0), b + dtype(0))))
        check("min+0 " + tag, "Min", [a + dtype(0), b + dtype(0)], np.where(nan, dtype(NAN), np.minimum(a + dtype(0), b + dtype(0))))
        check("relu " + tag, "Relu", [a + dtype(0)], np.where(np.isnan(a), dtype(NAN), np.maximum(a + dtype(0), 0)).astype(dtype))
        check("equal " + tag, "Equal", [a, b], a == b)
        check("less " + tag, "Less", [a, b], a < b)
        check("greater or equal " + tag, "GreaterOrEqual", [a, b], a >= b)
        check("isnan " + tag, "IsNaN", [a], np.isnan(a))
        check("isinf " + tag, "IsInf", [a], a == -INF, opset=20, detect_positive=0) if dtype == np.float32 else None
        check("neg " + tag, "Neg", [a], -a)
        check("abs " + tag, "Abs", [a], np.abs(a))
        check("sign " + tag, "Sign", [a + dtype(0)], np.sign(a + dtype(0)))
        check("floor " + tag, "Floor", [a], np.floor(a))
        check("ceil " + tag, "Ceil", [a], np.ceil(a))
        check("round " + tag, "Round", [a], np.round(a))
        check("sqrt " + tag, "Sqrt", [a], np.sqrt(a))
        low, high = np.array(-1, dtype), np.array(1, dtype)
        check("clip " + tag, "Clip", [a, low, high], np.where(np.isnan(a), a, np.minimum(np.maximum(a, low), high)))
        eps = 4 * np.finfo(dtype).eps
        check("exp " + tag, "Exp", [a], np.exp(a.astype(np.longdouble)).astype(dtype), rtol=eps)
        check("log " + tag, "Log", [a], np.log(a.astype(np.longdouble)).astype(dtype), rtol=eps)
        check("tanh " + tag, "Tanh", [a], np.tanh(a.astype(np.longdouble)).astype(dtype), rtol=eps)
        check("sigmoid " + tag, "Sigmoid", [a], (1 / (1 + np.exp(-a.astype(np.longdouble)))).astype(dtype), rtol=eps)
        check("pow " + tag, "Pow", [a, b], np.power(a.astype(np.float64), b.astype(np.float64)).astype(dtype), rtol=eps)


def cast_rules(length):
    values = [0.0, -0.0, 0.9, -0.9, 1.5, -1.5, 127.5, 128.0, -128.5, -129.0, 255.9, 256.0, 3e9, -3e9, 1e19, -1e19, 2e19,
              INF, -INF, NAN, 2147483648.0, -2147483648.0, 9.3e18]
    for source in (np.float32, np.float64):
        a = spread(values, source, length)
        for target in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64):
            info = np.iinfo(target)
            want = [0 if math.isnan(v) else info.max if v >= info.max else info.min if v <= info.min else int(v)
                    for v in a.tolist()]
            check("cast %s to %s[%d]" % (source.__name__, target.__name__, length), "Cast", [a],
                  np.array(want, dtype=target), to=TYPES[target])
        check("cast %s to bool[%d]" % (source.__name__, length), "Cast", [a], a != 0, to=TensorProto.BOOL)
    for source in (np.int32, np.int64, np.uint8):
        a = spread(integers(source), source, length)
        for target in (np.int8, np.uint16, np.int64):
            check("cast %s to %s[%d]" % (source.__name__, target.__name__, length), "Cast", [a],
                  np.array([wrap(int(v), target) for v in a], dtype=target), to=TYPES[target])
        check("cast %s to float[%d]" % (source.__name__, length), "Cast", [a], a.astype(np.float32), to=TensorProto.FLOAT)
    a = spread([65504.0, 65519.9, 65520.0, 1e-8, 5.97e-8, 6.0e-5, 1 + 2 ** -11, 1 + 3 * 2 ** -11, NAN, -INF, -0.0],
               np.float32, length)
    with np.errstate(all="ignore"):
        check("cast float to half[%d]" % length, "Cast", [a], a.astype(np.float16), to=TensorProto.FLOAT16)


def half_rules():
    """Every f16 as f32, and back with what lies half way to the next one, just below and just above."""
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    with np.errstate(all="ignore"):
        wide = halves.astype(np.float32)
        check("every half to float", "Cast", [halves], wide, to=TensorProto.FLOAT)
        finite = wide[np.isfinite(wide)]
        step = np.where(np.abs(finite) < 2 ** -14, 2.0 ** -24, np.exp2(np.floor(np.log2(np.maximum(np.abs(finite), 2 ** -24))) - 10))
        middle = (finite + np.copysign(step / 2, finite)).astype(np.float32)
        a = np.concatenate([wide, middle, np.nextafter(middle, np.float32(INF)), np.nextafter(middle, np.float32(-INF))])
        check("float to half at every border", "Cast", [a], a.astype(np.float16), to=TensorProto.FLOAT16)


def reduction_rules():
    for rows, columns in ((1, 1), (3, 7), (5, 33), (2, 1000)):
        a = np.random.default_rng(rows).standard_normal((rows, columns)).astype(np.float32)
        for special in (None, NAN, INF, -INF):
            if special is not None:
                a[rows - 1, columns // 2] = special
            with np.errstate(all="ignore"):
                wide = a.astype(np.float64)
                for op, want in (("ReduceMax", a.max(1)), ("ReduceMin", a.min(1))):
                    check("%s %s" % (op, special), op, [a], want, opset=13, axes=[1], keepdims=0)
                for op, want in (("ReduceSum", wide.sum(0)), ("ReduceMean", wide.mean(0)), ("ReduceSumSquare", (wide ** 2).sum(0))):
                    check("%s %s" % (op, special), op, [a], want.astype(np.float32), opset=11, axes=[0], keepdims=0,
                          rtol=1e-5, atol=1e-5)
                most = wide.max()
                want = most + np.log(np.exp(wide - (most if np.isfinite(most) else 0)).sum()) if most == most else NAN
                if special != INF:
                    check("ReduceLogSumExp %s" % special, "ReduceLogSumExp", [a], np.array([[want]], np.float32), opset=13,
                          rtol=1e-5, atol=1e-6)
                pool = a.reshape(1, 1, rows, columns)
                check("MaxPool %s" % special, "MaxPool", [pool], pool.max(2, keepdims=True), opset=12,
                      kernel_shape=[rows, 1])
    empty = np.zeros((2, 0), np.float32)
    check("ReduceSum of nothing", "ReduceSum", [empty], np.zeros(2, np.float32), opset=11, axes=[1], keepdims=0)
    check("ReduceProd of nothing", "ReduceProd", [empty], np.ones(2, np.float32), opset=13, axes=[1], keepdims=0)
    check("ReduceMax of nothing", "ReduceMax", [empty], np.full(2, -INF, np.float32), opset=13, axes=[1], keepdims=0)


with tempfile.TemporaryDirectory(prefix="aicc-numeric-") as folder:
    os.chdir(folder)
    kind = sys.argv[3]
    for n in LENGTHS:
        if kind == "integers":
            for t in (np.int8, np.uint8, np.int32, np.uint32, np.int64):
                integer_rules(t, n)
        elif kind == "floats":
            for t in (np.float32, np.float64):
                float_rules(t, n)
        elif kind == "casts":
            cast_rules(n)
    if kind == "casts":
        half_rules()
    if kind == "reductions":
        reduction_rules()
    os.chdir("/")
print("%d cases, %d failed" % (cases, failures))
sys.exit(failures != 0 or cases == 0)
