# SPDX-License-Identifier: Apache-2.0
"""Nodes of constants alone are computed when aicc runs, to what the run would compute. Every operator of the table is
taken from the official tests, with its inputs as constants of the model: once it is the whole model, once its result is
added to (or compared with) an input, so that it must fold away; and with its first input alone as the model's, so that
the others are constants in the object.

usage: constants.py AICC AICC_RUN OPERATORS WORK"""
import os
import shutil
import sys

import onnx
from onnx import TensorProto, helper

import suite
from suite import read_tensor, run

AICC, AICC_RUN, OPERATORS, WORK = sys.argv[1:5]
PER_OPERATOR = 4
NUMBERS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.INT8, TensorProto.INT16, TensorProto.INT32,
           TensorProto.INT64, TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64}


class Case:
    def __init__(self, folder, operator):
        self.name, self.folder, self.operator = os.path.basename(folder), folder, operator
        self.data = os.path.join(folder, "test_data_set_0")
        self.work = os.path.join(WORK, self.name)
        self.checks, self.failures = 0, []

    def check(self, ok, what, detail):
        self.checks += 1
        if not ok:
            self.failures.append("%s: %s" % (what, detail.strip()[-300:]))
        return ok

    def with_constants(self, kept):
        """The model with constants for all inputs but the first `kept`."""
        model = onnx.load(os.path.join(self.folder, "model.onnx"))
        for index, value in enumerate(model.graph.input):
            if index >= kept:
                tensor = read_tensor(os.path.join(self.data, "input_%d.pb" % index))
                tensor.name = value.name
                model.graph.initializer.append(tensor)
        del model.graph.input[kept:]
        return model

    def folds(self, model):
        """Every result of numbers plus a zero that only the run knows."""
        for value in model.graph.output:
            kind = value.type.tensor_type.elem_type
            if kind not in NUMBERS:
                return None
            inner, zero = value.name + "_inner", value.name + "_zero"
            for node in model.graph.node:
                for index, name in enumerate(node.output):
                    if name == value.name:
                        node.output[index] = inner
            model.graph.input.append(helper.make_tensor_value_info(zero, kind, []))
            model.graph.node.append(helper.make_node("Add", [inner, zero], [value.name]))
        return model

    def show(self, what, model, zeros=0):
        if not model:
            return
        os.makedirs(self.work, exist_ok=True)
        path, library = os.path.join(self.work, "model.onnx"), os.path.join(self.work, "model.so")
        onnx.save(model, path)
        done = run(AICC, path, "--shared", "-o", library, "--cpu=v2")
        if done.returncode == 1 and "node-invalid" in done.stdout and what.startswith("alone"):
            return  # a form that is not supported, as conformance.suite says
        if not self.check(done.returncode == 0, what + ": compiles", done.stdout):
            return
        data = os.path.join(self.work, "data")
        shutil.copytree(self.data, data)
        for index in range(zeros):
            tensor = TensorProto(data_type=model.graph.input[index].type.tensor_type.elem_type)
            tensor.raw_data = bytes(helper.mapping.TENSOR_TYPE_TO_NP_TYPE[tensor.data_type].itemsize)
            suite.write_tensor(os.path.join(data, "input_%d.pb" % index), tensor)
        done = run(AICC_RUN, library, "--data", data)
        self.check(done.returncode == 0, what + ": is right", done.stdout)
        shutil.rmtree(data)

    def all(self):
        inputs = onnx.load(os.path.join(self.folder, "model.onnx")).graph.input
        if all(os.path.exists(os.path.join(self.data, "input_%d.pb" % i)) for i in range(len(inputs))):
            self.show("alone", self.with_constants(0))
            if not self.failures and self.checks:
                folded = self.folds(self.with_constants(0))
                self.show("folded", folded, zeros=len(folded.graph.input) if folded else 0)
                if len(inputs) > 1:
                    self.show("first input", self.with_constants(1))
        shutil.rmtree(self.work, ignore_errors=True)
        return self


def choose(operators):
    seen = {}
    for folder, model in suite.tests_of(operators):
        node = model.graph.node[0]
        if any(a.type == onnx.AttributeProto.GRAPH for a in node.attribute):
            continue
        kinds = seen.setdefault(node.op_type, [])
        kind = (sorted(a.name for a in node.attribute), len(model.graph.input[0].type.tensor_type.shape.dim)
                if model.graph.input else 0)
        if kind not in [k for k, _ in kinds] and len(kinds) < PER_OPERATOR:
            kinds.append((kind, folder))
    return [Case(folder, operator) for operator, kinds in seen.items() for _, folder in kinds]


def main():
    suite.skip_without()
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    cases = suite.in_parallel(Case.all, choose({row.name for row in suite.table(OPERATORS)}))
    for case in cases:
        for failure in case.failures:
            print("FAILED: %s: %s" % (case.name, failure))
    failed = sum(bool(case.failures) for case in cases)
    print("%d models of %d operators, %d checks, %d models fail" %
          (len(cases), len({case.operator for case in cases}), sum(case.checks for case in cases), failed))
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
