# SPDX-License-Identifier: Apache-2.0
"""Numbers among the attributes take part in the specification's arithmetic, not in the tensor's type: every operator of
the table with an attribute of floats, at every element type that it admits, with numbers that the type cannot hold. The
attributes are float32, what is expected is computed in float64 and rounded once: floats to nearest (half a unit of the
last place, and what arithmetic in the compute type adds), integers towards 0, where they fit.

usage: attributes.py AICC AICC_RUN OPERATORS"""
import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper

AICC, AICC_RUN, OPERATORS = sys.argv[1:4]
NEWEST = 28
FLOATS = [np.float16, np.float32, np.float64]
INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
TYPES = {np.float16: TensorProto.FLOAT16, np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE,
         np.int8: TensorProto.INT8, np.uint8: TensorProto.UINT8, np.int16: TensorProto.INT16, np.uint16: TensorProto.UINT16,
         np.int32: TensorProto.INT32, np.uint32: TensorProto.UINT32, np.int64: TensorProto.INT64, np.uint64: TensorProto.UINT64}
NUMBERS = [-3.0, -1.5, -0.75, -0.1, 0.0, 0.1, 0.3, 0.9, 1.0, 2.5, 3.0, 6.0, 40.0]
WHOLE = [-128, -100, -3, -1, 0, 1, 2, 3, 7, 100, 106, 127]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def slopes(values):
    return [dict(), dict(alpha=values[0]), dict(alpha=values[1])]


# By operator: the attributes to try, and the formula over float64.
FORMULAS = {
    "LeakyRelu": (slopes([0.1, -0.7]), lambda x, alpha=0.01: np.where(x < 0, alpha * x, x)),
    "Elu": (slopes([0.1, 1.7]), lambda x, alpha=1.0: np.where(x < 0, alpha * np.expm1(x), x)),
    "Celu": (slopes([0.1, 1.7]), lambda x, alpha=1.0: np.maximum(x, 0) + np.minimum(0, alpha * np.expm1(x / alpha))),
    "Selu": ([dict(alpha=1.1, gamma=0.3)],
             lambda x, alpha, gamma: gamma * np.where(x <= 0, alpha * np.expm1(x), x)),
    "HardSigmoid": ([dict(), dict(alpha=0.1, beta=0.3)],
                    lambda x, alpha=0.2, beta=0.5: np.maximum(0, np.minimum(1, alpha * x + beta))),
    "ThresholdedRelu": (slopes([0.3, 0.1]), lambda x, alpha=1.0: np.where(x > alpha, x, 0)),
    "Shrink": ([dict(), dict(lambd=0.7, bias=-1.5), dict(lambd=-200.0, bias=-1.5), dict(lambd=1.5, bias=0.5),
                dict(lambd=2.0, bias=1.0), dict(lambd=-300.0, bias=0.5)],
               lambda x, lambd=0.5, bias=0.0: np.where(x < -lambd, x + bias, np.where(x > lambd, x - bias, 0))),
    "Swish": (slopes([0.1, 1.7]), lambda x, alpha=1.0: x * sigmoid(alpha * x)),
    "SwiGLU": (slopes([0.1, 1.7]), lambda a, b, alpha=1.0: a * sigmoid(alpha * a) * b),
    "Clip": ([dict(min=-0.7, max=0.9)], lambda x, min, max: np.minimum(np.maximum(x, min), max)),
    "Pad": ([dict(value=0.1)], lambda x, value: np.pad(x, 1, constant_values=value)),
    "Gemm": ([dict(), dict(alpha=1.5), dict(alpha=0.5, beta=0.5), dict(beta=0.1), dict(alpha=0.3, beta=1.7), dict(alpha=2.0, beta=3.0)],
             lambda a, b, c, alpha=1.0, beta=1.0: alpha * (a @ b) + beta * c),
}
# Not of numbers that take part: elsewhere, with why.
STATISTICS = "epsilon: the official tests and conformance.symbolic; statistics are of stash_type, f32 by default"
ELSEWHERE = {"LRN": "alpha, beta, bias: the official tests and conformance.symbolic",
             "Attention": "scale and softcap: the official tests",
             "Dropout": "ratio: nothing is dropped",
             "LayerNormalization": STATISTICS, "RMSNormalization": STATISTICS, "GroupNormalization": STATISTICS,
             "InstanceNormalization": STATISTICS,
             "Resize": "cubic_coeff_a and extrapolation_value: the official tests; the tables are of f64",
             "Upsample": "height_scale and width_scale say sizes: conformance.old_forms",
             "BatchNormalization": "epsilon and momentum: conformance.old_forms and the official tests, which are of f32",
             "LpPool": "p: the official tests", "GlobalLpPool": "p: the official tests", "Constant": "makes tensors of float32"}
# Before opset 14 the first forms have other defaults, which are given here all the same.
EXTRA = {"Pad": {"pads": [1, 1]}}
# Beyond rounding to the type: what arithmetic in the compute type may add, of the largest magnitude.
NOISE = {np.float16: 8 * 2.0**-24, np.float32: 8 * 2.0**-24, np.float64: 8 * 2.0**-53}


def table():
    """(operator, opset, element types) of every row with a float attribute."""
    rows = []
    out = subprocess.run([OPERATORS], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in out.splitlines():
        _, name, since, until, elements, floats = line.split("\t")
        if floats:
            rows.append((name, int(until) or NEWEST, elements))
            if since != until:
                rows.append((name, int(since), elements))
    return rows


def inputs_of(name, dtype):
    is_float = np.dtype(dtype).kind == "f"
    if name == "Gemm":
        small = [29, 1, 3, 2, 5, 7] if not is_float else [0.3, -1.5, 2.25, 0.1, 1.0, 7.0]
        a, b = np.array(small, dtype).reshape(2, 3), np.array(small[::-1], dtype).reshape(3, 2)
        return [a, b, np.array([[1, 2], [3, 5]], dtype)]
    values = NUMBERS if is_float else [w for w in WHOLE if np.iinfo(dtype).min <= w <= np.iinfo(dtype).max]
    x = np.array(values, dtype)
    return [x, x[::-1].copy()] if name == "SwiGLU" else [x]


def wrong(dtype, got, exact):
    """Where the result is not the exact one, rounded."""
    if np.dtype(dtype).kind == "f":
        with np.errstate(over="ignore"):
            unit = np.spacing(np.maximum(np.abs(exact), np.finfo(dtype).tiny).astype(dtype)).astype(np.float64)
        noise = NOISE[dtype] * max(1.0, float(np.abs(exact).max()))
        return ~(np.abs(got.astype(np.float64) - exact) <= 0.5 * unit + noise)
    info, whole = np.iinfo(dtype), np.trunc(exact)
    fits = (whole >= info.min) & (whole <= info.max)
    return fits & (got.astype(np.float64) != whole)


def run(name, opset, dtype, attributes):
    """What is wrong, or nothing."""
    arrays = inputs_of(name, dtype)
    names = ["x%d" % i for i in range(len(arrays))]
    extra = dict(EXTRA.get(name, {}))
    if name == "Pad" and opset == 1:
        extra = {"paddings": extra["pads"]}
    node = helper.make_node(name, names, ["y"], **attributes, **extra)
    inputs = [helper.make_tensor_value_info(n, TYPES[dtype], a.shape) for n, a in zip(names, arrays)]
    graph = helper.make_graph([node], "g", inputs, [helper.make_tensor_value_info("y", TYPES[dtype], None)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), "m.onnx")
    done = subprocess.run([AICC, "m.onnx", "--shared", "-o", "m.so"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        return done.stdout.strip()
    for index, array in enumerate(arrays):
        np.save("input_%d.npy" % index, array)
    ran = subprocess.run([AICC_RUN, "./m.so", "--data", ".", "--no-compare", "--save", "out"], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    if ran.returncode:
        return ran.stdout.strip()
    got = np.load("out/output_0.npy")
    numbers = {key: float(np.float32(value)) for key, value in attributes.items()}
    exact = FORMULAS[name][1](*[a.astype(np.float64) for a in arrays], **with_defaults(name, numbers))
    bad = wrong(dtype, got, exact)
    if not bad.any():
        return ""
    at = np.unravel_index(int(np.argmax(bad)), bad.shape)
    return "%s[%s] is %r, not %r" % (attributes, at, got[at], exact[at])


def with_defaults(name, numbers):
    """The formula's own defaults, as the float32 that a model would have."""
    formula = FORMULAS[name][1]
    given = formula.__defaults__ or ()
    names = formula.__code__.co_varnames[:formula.__code__.co_argcount]
    filled = {key: float(np.float32(value)) for key, value in zip(names[len(names) - len(given):], given)}
    filled.update(numbers)
    return filled


def main():
    failed, cases = {}, 0
    rows = table()
    for name in sorted({row[0] for row in rows} - set(FORMULAS) - set(ELSEWHERE)):
        failed[name] = "has an attribute of floats, but no formula here"
    with tempfile.TemporaryDirectory(prefix="aicc-attributes-") as folder:
        os.chdir(folder)
        for name, opset, elements in rows:
            if name not in FORMULAS:
                continue
            types = FLOATS + (INTEGERS if elements in ("numeric", "arithmetic") else [])
            for dtype, attributes in itertools.product(types, FORMULAS[name][0]):
                cases += 1
                problem = run(name, opset, dtype, attributes)
                if problem:
                    failed.setdefault("%s %d %s" % (name, opset, np.dtype(dtype).name), problem)
        os.chdir("/")
    for case in sorted(failed):
        print("FAILED: %s: %s" % (case, failed[case]))
    print("%d cases, %d fail" % (cases, len(failed)))
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
