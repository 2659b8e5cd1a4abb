# SPDX-License-Identifier: Apache-2.0
"""A Cast means what it says also where it is fused into what reads it: to float16 and bfloat16 it rounds to nearest even,
once, and overflows to infinity. From every type that a cast takes, read by one node of each kind, at every CPU level.
Expected values are numpy's (bfloat16: worked out from the exact value).

usage: fused_casts.py AICC AICC_RUN"""
import math
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import cpu  # noqa: E402

AICC, AICC_RUN = sys.argv[1:3]
FLOAT, HALF, BRAIN = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16
SOURCES = {np.float32: FLOAT, np.float64: TensorProto.DOUBLE, np.int32: TensorProto.INT32, np.int16: TensorProto.INT16,
           np.uint16: TensorProto.UINT16, np.uint8: TensorProto.UINT8, np.int8: TensorProto.INT8}
VALUES = [0.0, -0.0, 1.0, 2047.0, 2049.0, 2051.0, -2049.0, 4098.0, 65504.0, 65519.0, 65520.0, -65520.0, 70000.0, -1e30, 3.3e38,
          1e-9, -1e-9, 2.0**-24, 2.0**-25, 1.5 * 2.0**-25, 6e-8, 0.1, 1 / 3, math.pi, 255.0, 257.0, 259.0, math.inf, -math.inf,
          math.nan,
          # just above a tie of the narrow type, below what float32 sees
          1 + 2.0**-11 + 2.0**-40, 1 + 2.0**-8 + 2.0**-40, 1 + 3 * 2.0**-11 - 2.0**-40, 1 + 3 * 2.0**-8 - 2.0**-40,
          2.0**-25 + 2.0**-60, 65520 - 2.0**-20, -(1 + 2.0**-11 + 2.0**-45)]
LENGTHS = (len(VALUES), 3)


def to_brain(values):
    """The nearest bfloat16 of each float64, halves to even, as float64."""
    out = []
    for value in values.astype(np.float64):
        if not np.isfinite(value) or value == 0:
            out.append(value)
            continue
        exponent = max(math.frexp(value)[1] - 1, -126) - 7
        scaled = float(np.round(math.ldexp(value, -exponent)))  # exact but for the rounding, halves to even
        rounded = math.ldexp(scaled, exponent)
        out.append(math.copysign(math.inf, value) if abs(rounded) >= 2.0**128 else rounded)
    return np.array(out)


def rounded(values, kind):
    with np.errstate(over="ignore"):
        return values.astype(np.float16).astype(np.float64) if kind == HALF else to_brain(values.astype(np.float64))


def narrow_of(values, source, kind):
    """What the cast gives, as float64. Integers go to bfloat16 by float32, as numpy's extension and others do."""
    if kind == BRAIN and np.dtype(source).kind in "iu":
        values = values.astype(np.float32)
    return rounded(values, kind)


def to_int(values):
    out = np.where(np.isnan(values), 0, np.clip(values, -2.0**31, 2.0**31 - 1))
    return np.trunc(out).astype(np.int32)


# By name: the nodes from "h", of the narrow type, to "y"; y's type; what y is, of what h is (float64) and of rounding.
def readers(kind):
    back = ("Cast", ["h"], "w", {"to": FLOAT})
    return {
        "back": ([("Cast", ["h"], "y", {"to": FLOAT})], FLOAT, lambda h: h.astype(np.float32)),
        "int": ([("Cast", ["h"], "y", {"to": TensorProto.INT32})], TensorProto.INT32, to_int),
        "double": ([("Cast", ["h"], "y", {"to": TensorProto.DOUBLE})], TensorProto.DOUBLE, lambda h: h),
        "bool": ([("Cast", ["h"], "y", {"to": TensorProto.BOOL})], TensorProto.BOOL, lambda h: h != 0),
        "isinf": ([("IsInf", ["h"], "y", {})], TensorProto.BOOL, np.isinf),
        "isnan": ([("IsNaN", ["h"], "y", {})], TensorProto.BOOL, np.isnan),
        "equal": ([back, ("Equal", ["w", "w"], "y", {})], TensorProto.BOOL, lambda h: h == h),
        "neg": ([back, ("Neg", ["w"], "y", {})], FLOAT, lambda h: (-h).astype(np.float32)),
        "difference": ([back, ("Cast", ["x"], "v", {"to": FLOAT}), ("Sub", ["w", "v"], "y", {})], FLOAT, None),
        "twice": ([("Cast", ["h"], "o", {"to": BRAIN if kind == HALF else HALF}), ("Cast", ["o"], "y", {"to": FLOAT})], FLOAT,
                  lambda h: rounded(h, BRAIN if kind == HALF else HALF).astype(np.float32)),
        "most": ([back, ("ReduceMax", ["w"], "y", {"keepdims": 1})], FLOAT, lambda h: np.max(h, keepdims=True).astype(np.float32)),
    }


def run(source, kind, name, values):
    nodes, result, formula = readers(kind)[name]
    made = [helper.make_node("Cast", ["x"], ["h"], to=kind)]
    made += [helper.make_node(op, ins, [out], **attributes) for op, ins, out, attributes in nodes]
    graph = helper.make_graph(made, "g", [helper.make_tensor_value_info("x", SOURCES[source], values.shape)],
                              [helper.make_tensor_value_info("y", result, None)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), "m.onnx")
    with open("input_0.pb", "wb") as file:
        file.write(numpy_helper.from_array(values).SerializeToString())
    done = subprocess.run([AICC, "m.onnx", "--shared", "-o", "m.so"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        return done.stdout
    h = narrow_of(values, source, kind)
    with np.errstate(all="ignore"):
        wanted = formula(h) if formula else (h.astype(np.float32) - values.astype(np.float32))
    for level in cpu.levels():
        ran = subprocess.run([AICC_RUN, "./m.so", "--data", ".", "--no-compare", "--save", "out", "--cpu", level],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if ran.returncode:
            return ran.stdout
        got = np.load("out/output_0.npy")
        same = got == wanted
        if wanted.dtype.kind == "f":
            same |= np.isnan(got) & np.isnan(wanted)
        if not same.all():
            at = int(np.argmin(same))
            return "%s: of %r got %r, expected %r" % (level, values[min(at, len(values) - 1)], got[at], wanted[at])
    return ""


def main():
    failures = cases = 0
    with tempfile.TemporaryDirectory(prefix="aicc-casts-") as folder:
        os.chdir(folder)
        for source in SOURCES:
            info = np.iinfo(source) if np.dtype(source).kind in "iu" else None
            values = np.array(VALUES, np.float64)
            if info:
                values = np.array([v for v in VALUES + [info.max, info.min] if np.isfinite(v) and info.min <= v <= info.max and
                                   v == int(v)])
            with np.errstate(all="ignore"):
                values = values.astype(source)
            for kind in (HALF, BRAIN):
                for name in readers(kind):
                    for length in LENGTHS if name == "back" else LENGTHS[:1]:
                        cases += 1
                        problem = run(source, kind, name, values[:length])
                        if problem:
                            failures += 1
                            print("FAILED: %s to %s, %s: %s" % (np.dtype(source).name, "float16" if kind == HALF else "bfloat16",
                                                                name, problem.strip()))
        os.chdir("/")
    cpu.report_missing()
    print("%d cases, %d failed" % (cases, failures))
    return 1 if failures or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
