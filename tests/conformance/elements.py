# SPDX-License-Identifier: Apache-2.0
"""Operators that take any element type move elements of every type whole, or are refused by one line: strings, complex
numbers, 8-bit floats, types below a byte. The official tests of those operators say where each element goes: their data
are made distinct numbers, and what a test expects tells the place. Data are inputs once, and constants once.
known_elements.tsv lists types that are known to fail somewhere; one that no longer does is an error.

usage: elements.py AICC AICC_RUN OPERATORS WORK"""
import collections
import glob
import os
import shutil
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

import cpu
import suite
from suite import read_array, run

AICC, AICC_RUN, OPERATORS, WORK = sys.argv[1:5]
PER_OPERATOR = 4
# number of the data type: name, bits (0: strings)
TYPES = {1: ("float", 32), 2: ("uint8", 8), 3: ("int8", 8), 4: ("uint16", 16), 5: ("int16", 16), 6: ("int32", 32), 7: ("int64", 64),
         8: ("string", 0), 9: ("bool", 8), 10: ("float16", 16), 11: ("double", 64), 12: ("uint32", 32), 13: ("uint64", 64),
         14: ("complex64", 64), 15: ("complex128", 128), 16: ("bfloat16", 16), 17: ("float8e4m3fn", 8), 18: ("float8e4m3fnuz", 8),
         19: ("float8e5m2", 8), 20: ("float8e5m2fnuz", 8), 21: ("uint4", 4), 22: ("int4", 4), 23: ("float4e2m1", 4),
         24: ("float8e8m0", 8), 25: ("uint2", 2), 26: ("int2", 2)}
# What products move, so that it must work; the others may be refused.
MUST = set(range(1, 17))


def element(kind, index):
    """The bytes of the index-th element, as distinct from its neighbours' as the type allows; of strings the text."""
    bits = TYPES[kind][1]
    if bits == 0:
        return b"" if index % 7 == 3 else b"element %d \xc3\xa9" % index + b"x" * (index % 5)
    if kind == 9:
        return bytes([index * 7 // 3 % 2])
    if kind in (1, 10, 11, 14, 15, 16):  # no NaN: two of them never compare equal
        if kind == 16:
            return struct.pack("<f", float(index % 120))[2:]
        numbers = [float(index)] if kind in (1, 10, 11) else [float(index), index * 3.0 + 0.5]
        return b"".join(struct.pack({1: "<f", 10: "<e", 11: "<d", 14: "<f", 15: "<d"}[kind], n) for n in numbers)
    if 17 <= kind <= 20 or kind == 24:
        return bytes([index % 100])
    return (index * 0x0123456789ABCDEF + index & (1 << max(bits, 8)) - 1).to_bytes(max(bits, 8) // 8, "little")


def pack(kind, places, dims, name=""):
    """A tensor that holds the elements of these numbers."""
    tensor = TensorProto(data_type=kind, dims=dims, name=name)
    bits = TYPES[kind][1]
    parts = [element(kind, int(place)) for place in places]
    if bits == 0:
        tensor.string_data.extend(parts)
    elif bits >= 8:
        tensor.raw_data = b"".join(parts)
    else:
        per = 8 // bits
        out = bytearray((len(parts) + per - 1) // per)
        for k, part in enumerate(parts):
            out[k // per] |= (part[0] & (1 << bits) - 1) << k % per * bits
        tensor.raw_data = bytes(out)
    return tensor


class Case:
    """One official test: where its outputs come from."""

    def __init__(self, folder, operator, moved):
        self.name, self.folder, self.operator, self.moved = os.path.basename(folder), folder, operator, moved
        self.data = os.path.join(folder, "test_data_set_0")
        self.checks, self.failures, self.refused = 0, [], set()

    def places(self):
        """(numbers of the data inputs' elements, numbers of the outputs'); None where values repeat."""
        inputs = {i: read_array(os.path.join(self.data, "input_%d.pb" % i)) for i in self.moved}
        paths = sorted(glob.glob(os.path.join(self.data, "output_*.pb")), key=lambda p: int(p.split("_")[-1][:-3]))
        outputs = [read_array(path) for path in paths]
        numbers, where, count = {}, {}, 0
        for i, array in inputs.items():
            numbers[i] = np.arange(count, count + array.size).reshape(array.shape)
            for value in array.ravel():
                if value in where:
                    return None
                where[value] = count
                count += 1
        if any(value not in where for array in outputs for value in array.ravel()):
            return None
        return numbers, [np.array([where[v] for v in a.ravel()], int).reshape(a.shape) for a in outputs]

    def show(self, kind, numbers, outputs, as_constants):
        work = os.path.join(WORK, self.name, "%d%s" % (kind, "c" if as_constants else ""))
        data = os.path.join(work, "data")
        os.makedirs(data)
        model = onnx.load(os.path.join(self.folder, "model.onnx"))
        inputs = list(model.graph.input)
        kept = []
        for i, value in enumerate(inputs):
            if i in self.moved:
                value.type.tensor_type.elem_type = kind
                tensor = pack(kind, numbers[i].ravel(), numbers[i].shape, value.name)
            else:
                tensor = numpy_helper.from_array(read_array(os.path.join(self.data, "input_%d.pb" % i)), value.name)
            if i in self.moved and not as_constants:
                suite.write_tensor(os.path.join(data, "input_%d.pb" % len(kept)), tensor)
                kept.append(value)
            else:
                model.graph.initializer.append(tensor)
        del model.graph.input[:]
        model.graph.input.extend(kept)
        for k, value in enumerate(model.graph.output):
            value.type.tensor_type.elem_type = kind
            suite.write_tensor(os.path.join(data, "output_%d.pb" % k), pack(kind, outputs[k].ravel(), outputs[k].shape, value.name))
        path, library = os.path.join(work, "model.onnx"), os.path.join(work, "model.so")
        onnx.save(model, path)
        problem = self.judge(kind, run(AICC, path, "--shared", "-o", library), library, data)
        self.checks += 1
        if problem:
            self.failures.append((TYPES[kind][0], "%s: %s" % ("as constants" if as_constants else "as inputs", problem[-300:])))
        shutil.rmtree(work)

    def judge(self, kind, compiled, library, data):
        text = compiled.stdout.strip()
        if compiled.returncode == 1 and len(text.splitlines()) == 1 and "[type-unsupported]" in text:
            self.refused.add(kind)
            return "refused: " + text if kind in MUST else ""
        if compiled.returncode or text:
            return "aicc ends with %d: %s" % (compiled.returncode, text)
        for level in cpu.levels():
            ran = run(AICC_RUN, library, "--data", data, "--rtol", "0", "--atol", "0", "--cpu", level)
            if ran.returncode:
                return level + ": " + ran.stdout.strip()
        return ""

    def all(self):
        found = self.places()
        if found:
            for kind in TYPES:
                for as_constants in (False, True):
                    self.show(kind, *found, as_constants)
        return self


def choose(operators):
    seen = collections.defaultdict(list)
    for folder, model in suite.tests_of(operators):
        node = model.graph.node[0]
        if len(seen[node.op_type]) == PER_OPERATOR:
            continue
        moved = [i for i, value in enumerate(model.graph.input) if value.type.tensor_type.elem_type == TensorProto.FLOAT]
        if moved and all(value.type.tensor_type.elem_type == TensorProto.FLOAT for value in model.graph.output):
            case = Case(folder, node.op_type, moved)
            if case.places():
                seen[node.op_type].append(case)
    return [case for cases in seen.values() for case in cases]


def main():
    suite.skip_without()
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    # Cast and Shape take any type and give another.
    other = {"Cast", "CastLike", "Shape", "Size", "If", "Loop", "Scan", "Constant"}
    operators = {row.name for row in suite.table(OPERATORS) if row.elements == "any"} - other
    cases = choose(operators)
    failures = 0
    for operator in sorted(operators - {case.operator for case in cases}):
        print("FAILED: no test of operator %s" % operator)
        failures += 1
    cases = suite.in_parallel(Case.all, cases)
    known = suite.names_listed("known_elements.tsv")
    for case in cases:
        for kind, failure in case.failures:
            if kind not in known:
                print("FAILED: %s: %s %s" % (case.name, kind, failure))
                failures += 1
    for kind in sorted(known - {kind for case in cases for kind, _ in case.failures}):
        print("FAILED: %s is listed as failing, but does not fail" % kind)
        failures += 1
    refused = sorted({TYPES[kind][0] for case in cases for kind in case.refused})
    print("%d models of %d operators, %d checks, %d failed; refused: %s" %
          (len(cases), len({case.operator for case in cases}), sum(case.checks for case in cases), failures, " ".join(refused)))
    return 1 if failures or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
