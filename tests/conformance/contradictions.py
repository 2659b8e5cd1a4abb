# SPDX-License-Identifier: Apache-2.0
"""What a model demands of its dims is demanded at run time as at compile time. Every operator of the table is taken
from the official tests; every dim of every input becomes a symbol of its own, or only those of some inputs, while the
others become constants of the model. Then:

- the model compiles: what cannot be proved is no reason to refuse it;
- with the test's dims it gives what the test expects;
- with other dims (each dim in turn one more, 1 and 0) it does what the same model does whose dims are fixed to those
  by --dim: where that is refused, the run gives AICC_E_SHAPE, where that compiles, both give the same results or AICC_E_INDEX. All
  buffers lie between guard pages.

known_contradictions.tsv lists what is known to fail; one that no longer fails is an error.

usage: contradictions.py AICC AICC_RUN OPERATORS WORK [--all] [PATTERN]"""
import collections
import fnmatch
import glob
import os
import shutil
import sys

import numpy as np
import onnx
from onnx import TensorProto

import suite
from suite import read_tensor, run

AICC, AICC_RUN, OPERATORS, WORK = sys.argv[1:5]
ALL = "--all" in sys.argv
PATTERN = next((a for a in sys.argv[5:] if not a.startswith("--")), "*")
PER_OPERATOR = 1000 if ALL else 6
# Operators whose dims are not those of tensors in one node: tests/control has them.
ELSEWHERE = {"If", "Loop", "Scan"}
# Not in this release of the official tests, or without a dim to contradict.
UNTESTED = {"Constant", "BitCast", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "Mish", "Gelu", "Swish", "SwiGLU",
            "ConstantOfShape", "LpPool", "GlobalLpPool", "LpNormalization", "RMSNormalization", "Attention", "RotaryEmbedding", "GroupNormalization"}
# Tests that ask for what only a random generator gives.
RANDOM = ("test_training_dropout",)


# Inputs whose last dim says the rank of the result: it is a part of the type.
RANKS = {("GatherND", 1)}


def is_parameter(index, tensor):
    """A small list of integers behind the first input: shapes, axes, pads."""
    return index > 0 and tensor.data_type in (TensorProto.INT64, TensorProto.INT32) and len(tensor.dims) <= 1


def make_symbolic(folder, is_symbolic):
    """(model with symbolic dims, {symbol: the test's dim}, input tensors) with what `is_symbolic` takes of the inputs'
    numbers, the others as constants; None where it has none or is no tensor."""
    model = onnx.load(os.path.join(folder, "model.onnx"))
    if len(model.graph.node) != 1:
        return None
    inputs, dims = [], {}
    for index, value in enumerate(model.graph.input):
        path = os.path.join(folder, "test_data_set_0", "input_%d.pb" % index)
        if not value.type.HasField("tensor_type") or not os.path.exists(path):
            return None
        tensor = read_tensor(path)
        if is_parameter(index, tensor) or not is_symbolic(index):
            tensor.name = value.name
            model.graph.initializer.append(tensor)
            continue
        shape = value.type.tensor_type.shape
        del shape.dim[:]
        for axis, extent in enumerate(tensor.dims):
            name = "d%d_%d" % (len(inputs), axis)
            if axis == len(tensor.dims) - 1 and (model.graph.node[0].op_type, index) in RANKS:
                shape.dim.add().dim_value = extent
                continue
            shape.dim.add().dim_param = name
            dims[name] = extent
        inputs.append((value, tensor))
    if not dims:
        return None
    del model.graph.input[:]
    model.graph.input.extend(value for value, _ in inputs)
    del model.graph.value_info[:]
    for value in model.graph.output:
        if not value.type.HasField("tensor_type"):
            return None
        value.type.tensor_type.ClearField("shape")
    return model, dims, [tensor for _, tensor in inputs]


def pins(dims):
    return [word for name, extent in dims.items() for word in ("--dim", "%s=%d" % (name, extent))]


# Which inputs have symbolic dims: by name, what is true of their numbers.
VARIANTS = {"all": lambda index: True, "first": lambda index: index == 0, "others": lambda index: index > 0}


class Case:
    def __init__(self, folder, operator, variant):
        self.name = "%s/%s" % (os.path.basename(folder), variant)
        self.folder, self.operator, self.variant = folder, operator, variant
        self.work = os.path.join(WORK, self.name)
        self.checks, self.failures = 0, []

    def check(self, ok, what, detail=""):
        self.checks += 1
        if not ok:
            self.failures.append("%s: %s" % (what, detail.strip()[-300:]))
        return ok

    def outputs(self, library, dims, label):
        """What the library gives for random inputs, and what aicc-run said."""
        saved = os.path.join(self.work, label)
        os.makedirs(saved, exist_ok=True)
        done = run(AICC_RUN, library, "--random", "7", "--save", saved, *pins(dims))
        files = sorted(glob.glob(os.path.join(saved, "*.npy")))
        arrays = [np.load(path) for path in files] if done.returncode == 0 else None
        shutil.rmtree(saved)
        return arrays, done

    def compare(self, model, library, dims, what):
        fixed = os.path.join(self.work, "fixed.so")
        done = run(AICC, model, "--shared", "-o", fixed, "--cpu=v2", *pins(dims))
        got, ran = self.outputs(library, dims, "symbolic")
        if done.returncode:
            self.check(done.returncode == 1, what + ": refused by a message", done.stdout)
            self.check(ran.returncode == 1 and "AICC_E_SHAPE" in ran.stdout, what + ": AICC_E_SHAPE, since " + done.stdout.strip(),
                       ran.stdout)
            return
        said = ran.stdout
        wanted, ran = self.outputs(fixed, {}, "fixed")
        if "AICC_E_INDEX" in ran.stdout:  # as constant or random indices may be, whatever the dims
            self.check("AICC_E_INDEX" in said, what + ": AICC_E_INDEX, as with fixed dims", said)
            return
        if not self.check(got is not None, what + ": runs", said):
            return
        if not self.check(wanted is not None, what + ": runs with fixed dims", ran.stdout):
            return
        for a, b in zip(got, wanted):
            same = a.shape == b.shape and a.dtype == b.dtype
            if same and a.dtype.kind in "fc":
                same = np.allclose(a, b, rtol=1e-2 if a.dtype.itemsize == 2 else 1e-4, atol=1e-5, equal_nan=True)
            elif same:
                same = bool((a == b).all())
            self.check(same, what + ": as with fixed dims", "%s %s" % (a.shape, b.shape))

    def all(self):
        made = make_symbolic(self.folder, VARIANTS[self.variant])
        if not made:
            return self
        model, dims, tensors = made
        os.makedirs(self.work)
        path, library = os.path.join(self.work, "model.onnx"), os.path.join(self.work, "model.so")
        onnx.save(model, path)
        # What is refused with the test's own dims is not supported at all; the conformance suites look at that.
        if run(AICC, path, "--stop-after=import", "-o", os.devnull, *pins(dims)).returncode == 0:
            done = run(AICC, path, "--shared", "-o", library, "--cpu=v2")
            if self.check(done.returncode == 0, "compiles with symbolic dims", done.stdout):
                self.own(library, tensors)
                for name, extent in dims.items():
                    for other in sorted({extent + 1, 1, 0} - {extent}):
                        self.compare(path, library, dict(dims, **{name: other}), "%s=%d" % (name, other))
        shutil.rmtree(self.work)
        return self

    def own(self, library, tensors):
        """The test's own data."""
        data = os.path.join(self.work, "data")
        os.makedirs(data)
        for index, tensor in enumerate(tensors):
            suite.write_tensor(os.path.join(data, "input_%d.pb" % index), tensor)
        for path in glob.glob(os.path.join(self.folder, "test_data_set_0", "output_*.pb")):
            shutil.copy(path, data)
        done = run(AICC_RUN, library, "--data", data)
        self.check(done.returncode == 0, "the test's own dims", done.stdout)


def choose(operators):
    """Of each operator some tests, as different in their attributes as can be."""
    chosen, seen = [], collections.defaultdict(list)
    for folder, model in suite.tests_of(operators):
        if os.path.basename(folder).startswith(RANDOM):
            continue
        node = model.graph.node[0]
        ranks = [len(value.type.tensor_type.shape.dim) for value in model.graph.input]
        strings = [a.s for a in node.attribute if a.type == onnx.AttributeProto.STRING]
        seen[node.op_type].append((sorted(a.name for a in node.attribute), ranks, strings, folder))
    for operator, tests in seen.items():
        kinds = []
        for names, ranks, strings, folder in tests:
            if ((names, ranks, strings) in kinds and not ALL) or len(kinds) == PER_OPERATOR:
                continue
            kinds.append((names, ranks, strings))
            variants = VARIANTS if len(ranks) > 1 else ["all"]
            chosen.extend(Case(folder, operator, variant) for variant in variants)
    return chosen, set(seen)


def main():
    suite.skip_without()
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    operators = {row.name for row in suite.table(OPERATORS)} - ELSEWHERE
    cases, covered = choose(operators)
    missing = operators - covered - UNTESTED
    cases = [case for case in cases if fnmatch.fnmatchcase(case.name, PATTERN)]
    cases = suite.in_parallel(Case.all, cases)
    failed = {case.name for case in cases if case.failures}
    expected = suite.names_listed("known_contradictions.tsv")
    bad = 0
    for case in cases:
        for failure in case.failures:
            if case.name not in expected:
                print("FAILED: %s: %s" % (case.name, failure))
        bad += case.name in failed and case.name not in expected
    for name in sorted(expected - failed):
        if PATTERN == "*" and any(case.name == name for case in cases):
            print("FAILED: %s is listed as failing, but does not fail" % name)
            bad += 1
    for operator in sorted(missing):
        print("FAILED: no test of operator %s" % operator)
        bad += 1
    print("%d models of %d operators, %d checks; %d models fail, %d of them known" %
          (len(cases), len({case.operator for case in cases}), sum(case.checks for case in cases), len(failed),
           len(failed & expected)))
    return 1 if bad or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
