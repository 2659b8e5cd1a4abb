#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Broken and hostile models: each gives its message, exit code 1 and no output, within bounded memory and time.

usage: test_bad_input.py PROGRAM (import_model or aicc)"""
import os
import random
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper

from support import Checks, Program, block, import_memory, inline_memory, number, varint

FLOAT = TensorProto.FLOAT


def model(nodes, inputs=None, outputs=None, initializers=(), opset=17, ir_version=8, functions=(), imports=()):
    inputs = inputs or [helper.make_tensor_value_info("x", FLOAT, [2, 3])]
    outputs = outputs or [helper.make_tensor_value_info("y", FLOAT, None)]
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    opsets = [helper.make_opsetid("", opset), *imports]
    made = helper.make_model(graph, opset_imports=opsets, functions=list(functions))
    made.ir_version = ir_version
    return made


def relu(source="x", target="y", name=""):
    return helper.make_node("Relu", [source], [target], name=name)


def tensor(name="w", data_type=FLOAT, dims=(2,), **fields):
    made = TensorProto(name=name, data_type=data_type, dims=dims)
    for key, value in fields.items():
        if isinstance(value, (bytes, int)):
            setattr(made, key, value)
        else:
            getattr(made, key).extend(value)
    return made


def with_initializer(initializer):
    return model([helper.make_node("Add", ["x", initializer.name], ["y"])], initializers=[initializer])


def external(location, data_type=FLOAT, dims=(2,), **more):
    made = TensorProto(name="w", data_type=data_type, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, **more}.items():
        if value is not None:
            made.external_data.add(key=key, value=str(value))
    return with_initializer(made)


def function(name, nodes, domain="local", overload=None):
    return helper.make_function(domain, name, ["a"], ["b"], nodes, [helper.make_opsetid("", 17),
                                                                     helper.make_opsetid("local", 1)])


LOCAL = helper.make_opsetid("local", 1)


def nested(levels):
    """Sequence types inside one another."""
    pieces, length = [], 0
    for level in range(levels):
        field = (1, 4)[level % 2]
        pieces.append(varint(field << 3 | 2) + varint(length))
        length += len(pieces[-1])
    body = b"".join(reversed(pieces))
    return number(1, 8) + block(7, block(11, block(1, "x") + block(2, body)))


def nested_ifs(count, condition="c"):
    """y = relu(x) where c, within that many Ifs, else -x. In bytes, since Python's classes have a limit of their own."""
    def info(field, name, element, shape):
        return block(field, helper.make_tensor_value_info(name, element, shape).SerializeToString())

    node = block(1, relu("x", "r0").SerializeToString())
    for level in range(count):
        branch = helper.make_graph([helper.make_node("Neg", ["x"], ["n"])], "else", [],
                                   [helper.make_tensor_value_info("n", FLOAT, [2, 3])])
        inner = node + block(2, "then") + info(12, "r%d" % level, FLOAT, [2, 3])
        attributes = (block(5, block(1, "then_branch") + block(6, inner) + number(20, 5)) +
                      block(5, block(1, "else_branch") + block(6, branch.SerializeToString()) + number(20, 5)))
        node = block(1, block(1, condition) + block(2, "r%d" % (level + 1)) + block(4, "If") + attributes)
    last = block(1, helper.make_node("Identity", ["r%d" % count], ["y"]).SerializeToString())
    graph = (node + last + block(2, "g") + info(11, "c", TensorProto.BOOL, []) + info(11, "x", FLOAT, [2, 3]) +
             info(12, "y", FLOAT, [2, 3]))
    return number(1, 8) + block(7, graph) + block(8, number(2, 17))


def valid_model():
    weights = helper.make_tensor("w", FLOAT, [2, 3], np.arange(6, dtype=np.float32).tobytes(), raw=True)
    return model([helper.make_node("Add", ["x", "w"], ["h"]), relu("h")], initializers=[weights])


def cases(folder):
    """(name, model or bytes, substrings of which each must be in some message, most errors)"""
    good = valid_model().SerializeToString()
    for sixteenth in range(16):
        yield "cut at %d/16" % sixteenth, good[:len(good) * sixteenth // 16], ["not-onnx|ir-version|invalid"], 1
    yield "cut by one byte", good[:-1], ["not-onnx"], 1
    yield "text", b"This is not a model.\n" * 20, ["not-onnx"], 1
    yield "png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(64), ["not-onnx"], 1
    yield "gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + bytes(range(64)), ["not-onnx"], 1
    yield "zeros", bytes(1000), ["not-onnx"], 1
    generator = random.Random(1)
    for length in (1, 16, 100, 1000, 100000):
        yield "random %d" % length, generator.randbytes(length), ["not-onnx"], 1
    yield "no graph", number(1, 8), ["no graph"], 1
    yield "nested 100000 deep", nested(100000), ["too-deep"], 1
    yield "a million empty nodes", number(1, 8) + block(7, block(1, b"") * 1000000), ["too-many-messages"], 1
    yield "a million empty names", number(1, 8) + block(7, block(1, block(1, b"") * 1000000)), [
        "has no op_type"], 2
    yield "100000 attributes", number(1, 8) + block(7, block(1, block(4, "Relu") + b"".join(
        block(5, block(1, "attribute%d" % i) + number(20, 2)) for i in range(100000))) + block(12, block(1, "y"))), [
            "100000 attributes"], 3
    variadic = model([helper.make_node("Sum", ["x"], ["y"])]).SerializeToString().replace(
        block(7, model([helper.make_node("Sum", ["x"], ["y"])]).graph.SerializeToString()), b"")
    graph = model([helper.make_node("Sum", ["x"], ["y"])]).graph
    node = graph.node[0].SerializeToString()
    del graph.node[:]
    yield "a million inputs", variadic + block(7, block(1, block(1, b"x") * 1000000 + node) + graph.SerializeToString()), [
        "has 1000001"], 1
    yield "zero byte in a name", number(1, 8) + block(7, block(2, b"a\0b")), ["zero byte"], 1
    yield "graph twice", number(1, 8) + block(7, b"") * 2, ["twice"], 1
    yield "wrong wire type", block(1, b"8") + block(7, b""), ["wire type"], 1

    yield "ir version 2", model([relu()], ir_version=2), ["ir-version"], 1
    yield "ir version 99", model([relu()], ir_version=99), ["ir-version"], 1
    yield "opset 99", model([relu()], opset=99), ["opset-unsupported"], 1
    missing = model([relu()])
    del missing.opset_import[:]
    yield "no opset", missing, ["opset-missing"], 1
    yield "foreign domain", model([helper.make_node("Foo", ["x"], ["y"], domain="my.own")],
                                  imports=[helper.make_opsetid("my.own", 1)]), ["domain-unknown"], 1
    yield "unsupported operators, all listed", model([
        helper.make_node("NoSuchA", ["x"], ["a"], name="first"), relu("a", "b"),
        helper.make_node("NoSuchB", ["b"], ["y"])]), ["'first'", "NoSuchA", "'#2 NoSuchB'"], 2
    inner = helper.make_graph([helper.make_node("NoSuchC", ["x"], ["t"], name="deep")], "then", [],
                              [helper.make_tensor_value_info("t", FLOAT, None)])
    other = helper.make_graph([relu("x", "e")], "else", [], [helper.make_tensor_value_info("e", FLOAT, None)])
    yield "inside subgraphs", model(
        [helper.make_node("NoSuchIf", ["c"], ["y"], name="If_3", then_branch=inner, else_branch=other)],
        inputs=[helper.make_tensor_value_info("x", FLOAT, [1]), helper.make_tensor_value_info("c", TensorProto.BOOL, [])]), [
            "'If_3'", "'If_3/then_branch/deep'"], 2
    outer_later = helper.make_graph([relu("later", "t"), relu("nowhere", "u")], "then", [],
                                    [helper.make_tensor_value_info("t", FLOAT, None)])
    yield "names in subgraphs", model([helper.make_node("NoSuchIf", ["x"], ["y"], name="If", then_branch=outer_later),
                                       relu("x", "later")]), ["'If'", "'If/then_branch/#1 Relu': uses value 'nowhere'"], 2
    cyclic = helper.make_graph([relu("y", "t")], "then", [], [helper.make_tensor_value_info("t", FLOAT, None)])
    yield "a cycle through a subgraph", model(
        [helper.make_node("NoSuchIf", ["x"], ["y"], name="If", then_branch=cyclic)]), ["NoSuchIf", "value-cycle"], 2
    yield "no operator", model([helper.make_node("", ["x"], ["y"])]), ["op_type"], 1

    yield "undefined value", model([relu("nowhere")]), ["value-undefined", "nowhere"], 1
    yield "an undefined value is told once", model([relu("nowhere", "a"), relu("nowhere")]), ["value-undefined"], 1
    yield "cycle", model([relu("b", "a"), relu("a", "b"), relu("a", "y")]), ["value-cycle"], 1
    yield "own output", model([relu("y", "y")]), ["value-cycle"], 1
    yield "value twice", model([relu("x", "y"), relu("x", "y")]), ["value-twice"], 1
    yield "node output named as an input", model([relu("x", "x"), relu("x", "y")]), ["value-twice"], 1
    yield "node output named as an initializer", model([relu("x", "w"), relu("x", "y")], initializers=[
        tensor(float_data=[1, 2])]), ["value-twice"], 1
    yield "initializer twice", model([relu()], initializers=[tensor(float_data=[1, 2])] * 2), ["value-twice"], 1
    yield "input twice", model([relu()], inputs=[helper.make_tensor_value_info("x", FLOAT, [2])] * 2), ["value-twice"], 1
    yield "output not produced", model([relu("x", "z")]), ["output-missing", "'y'"], 1
    yield "output twice", model([relu()], outputs=[helper.make_tensor_value_info("y", FLOAT, None)] * 2), ["twice"], 1
    no_outputs = model([relu()])
    del no_outputs.graph.output[:]
    yield "no outputs", no_outputs, ["no outputs"], 1
    yield "output of another type", model([relu()], outputs=[
        helper.make_tensor_value_info("y", TensorProto.INT64, [2, 3])]), ["output-type"], 1
    yield "output of another type and shape", model([relu()], outputs=[
        helper.make_tensor_value_info("y", TensorProto.INT64, [6])]), ["output-type"], 1
    wrong = helper.make_graph([relu("x", "t")], "then", [], [helper.make_tensor_value_info("t", TensorProto.INT64, [2, 3])])
    yield "a subgraph's output of another type", model(
        [helper.make_node("If", ["c"], ["y"], name="if", then_branch=wrong, else_branch=wrong)],
        inputs=[helper.make_tensor_value_info("x", FLOAT, [2, 3]), helper.make_tensor_value_info("c", TensorProto.BOOL, [])]), [
            "'if': output 't'", "int64[2,3]", "float32[2,3]"], 2
    yield "65 nested graphs", nested_ifs(65), ["deeper than 64"], 1
    yield "1000 nested graphs", nested_ifs(1000), ["too-deep"], 1

    yield "input without shape", model([relu()], inputs=[helper.make_tensor_value_info("x", FLOAT, None)]), [
        "shape-unknown", "'x'"], 1
    yield "input with a negative dim", model([relu()], inputs=[helper.make_tensor_value_info("x", FLOAT, [-5])]), [
        "negative"], 1
    yield "input of an unknown type", model([relu()], inputs=[helper.make_tensor_value_info("x", 99, [2])]), [
        "element type 99"], 1
    yield "input too large", model([relu()], inputs=[helper.make_tensor_value_info("x", FLOAT, [1 << 40, 1 << 40])]), [
        "more elements"], 1
    yield "sequence input", model([relu()], inputs=[
        helper.make_tensor_sequence_value_info("x", FLOAT, [2])]), ["interface"], 1
    yield "sequence output", model([relu()], outputs=[
        helper.make_tensor_sequence_value_info("y", FLOAT, [2])]), ["interface"], 1
    yield "rank 33", model([relu()], inputs=[helper.make_tensor_value_info("x", FLOAT, [1] * 33)]), ["33 dims"], 1

    yield "tensor: too few values", with_initializer(tensor(float_data=[1])), ["tensor-invalid", "'w'"], 1
    yield "tensor: too many values", with_initializer(tensor(float_data=[1, 2, 3])), ["tensor-invalid"], 1
    yield "tensor: raw too short", with_initializer(tensor(raw_data=b"1234567")), ["tensor-invalid"], 1
    yield "tensor: no values", with_initializer(tensor()), ["no values"], 1
    yield "tensor: two fields", with_initializer(tensor(raw_data=b"12345678", float_data=[1, 2])), ["more than one"], 1
    yield "tensor: wrong field", with_initializer(tensor(int64_data=[1, 2])), ["float_data", "int64_data"], 1
    yield "tensor: unknown type", with_initializer(tensor(data_type=77, raw_data=b"")), ["element type 77"], 1
    yield "tensor: negative dim", with_initializer(tensor(dims=[-2], float_data=[1, 2])), ["negative"], 1
    yield "tensor: dims overflow", with_initializer(tensor(dims=[1 << 40, 1 << 40], raw_data=b"1234")), ["overflow"], 1
    yield "tensor: bytes overflow", with_initializer(tensor(dims=[1 << 62], raw_data=b"1234")), ["overflow"], 1
    yield "tensor: rank 40", with_initializer(tensor(dims=[1] * 40, raw_data=b"1234")), ["40 dims"], 1
    yield "tensor: half a list", number(1, 8) + block(7, block(5, block(4, b"12345"))), ["broken numbers"], 1
    yield "tensor: broken varints", number(1, 8) + block(7, block(5, block(7, b"\x80" * 20))), ["broken numbers"], 1
    yield "tensor: no name", model([relu()], initializers=[tensor(name="", float_data=[1, 2])]), ["no name"], 1
    yield "shapes that do not fit", with_initializer(tensor(float_data=[1, 2])), ["'#0 Add'"], 1

    yield "attribute: wrong kind", model([helper.make_node("Softmax", ["x"], ["y"], axis="1")]), ["attribute-kind"], 1
    yield "attribute: unknown", model([helper.make_node("Relu", ["x"], ["y"], slope=1.0)]), ["attribute-unknown"], 1
    double = model([helper.make_node("Softmax", ["x"], ["y"], axis=1)])
    double.graph.node[0].attribute.append(double.graph.node[0].attribute[0])
    yield "attribute: twice", double, ["given twice"], 1
    untyped = model([helper.make_node("Softmax", ["x"], ["y"], axis=1)])
    untyped.graph.node[0].attribute[0].f = 1
    yield "attribute: two values", untyped, ["another type"], 1
    stray = model([helper.make_node("Softmax", ["x"], ["y"], axis=1)])
    stray.graph.node[0].attribute[0].ref_attr_name = "k"
    yield "attribute: reference outside a function", stray, ["stands in none"], 1

    yield "function calls itself", model([helper.make_node("F", ["x"], ["y"], domain="local")], functions=[
        function("F", [helper.make_node("F", ["a"], ["b"], domain="local")])], imports=[LOCAL]), ["from within itself"], 1
    yield "functions call each other", model([helper.make_node("F", ["x"], ["y"], domain="local")], functions=[
        function("F", [helper.make_node("G", ["a"], ["b"], domain="local")]),
        function("G", [helper.make_node("F", ["a"], ["b"], domain="local")])], imports=[LOCAL]), ["from within itself"], 1
    doubling = [function("F%d" % i, [helper.make_node("F%d" % (i + 1), ["a"], ["m"], domain="local"),
                                     helper.make_node("F%d" % (i + 1), ["m"], ["b"], domain="local")])
                for i in range(40)] + [function("F40", [relu("a", "b")])]
    yield "functions that double forty times", model([helper.make_node("F0", ["x"], ["y"], domain="local")],
                                                     functions=doubling, imports=[LOCAL]), ["inlining"], 1
    chain = [function("F%d" % i, [helper.make_node("F%d" % (i + 1), ["a"], ["b"], domain="local")])
             for i in range(5000)] + [function("F5000", [relu("a", "b")])]
    yield "a chain of 5000 functions", model([helper.make_node("F0", ["x"], ["y"], domain="local")],
                                             functions=chain, imports=[LOCAL]), ["deep"], 1
    long_name = "n" * 100000
    yield "functions with long names", model(
        [helper.make_node("F0", ["x"], ["y"], domain="local", name=long_name)], imports=[LOCAL],
        functions=[function("F%d" % i, [helper.make_node("F%d" % (i + 1), ["a"], ["m"], domain="local", name=long_name),
                                        helper.make_node("F%d" % (i + 1), ["m"], ["b"], domain="local", name=long_name)])
                   for i in range(12)] + [function("F12", [relu("a", long_name), relu(long_name, "b")])]), ["inlining"], 1
    big_names = helper.make_graph([relu("x", "t%d" % i) for i in range(1000)], "then", [],
                                  [helper.make_tensor_value_info("t0", FLOAT, None)])
    yield "a long name around a subgraph", model(
        [helper.make_node("NoSuchIf", ["x"], ["y"], name="n" * 1000000, then_branch=big_names)]), ["NoSuchIf"], 1
    yield "unsupported operator in a function", model(
        [helper.make_node("F", ["x"], ["h"], domain="local", name="call"),
         helper.make_node("F", ["h"], ["y"], domain="local", name="again")],
        functions=[function("F", [helper.make_node("NoSuch", ["a"], ["b"], name="inner")])], imports=[LOCAL]), [
            "'call/inner'"], 1
    yield "a function with a fault, called twice", model(
        [helper.make_node("F", ["x"], ["h"], domain="local", name="call"),
         helper.make_node("F", ["x"], ["y"], domain="local", name="again")],
        functions=[function("F", [helper.make_node("NoSuch", ["a"], ["b"], name="inner")])], imports=[LOCAL]), [
            "'call/inner'"], 1
    yield "function with too many inputs", model([helper.make_node("F", ["x", "x"], ["y"], domain="local")],
                                                 functions=[function("F", [relu("a", "b")])], imports=[LOCAL]), [
                                                     "input-count"], 1
    yield "function without its output", model([helper.make_node("F", ["x"], ["y"], domain="local")],
                                               functions=[function("F", [relu("a", "c")])], imports=[LOCAL]), ["'b'"], 1

    for location, what in (("/etc/hostname", "absolute"), ("../secret.bin", "outside"), ("a/../../secret.bin", "outside"),
                           ("link.bin", "outside"), ("linked/secret.bin", "outside"), ("alike.bin", "outside"),
                           ("nothere.bin", "cannot be read"),
                           ("sub", "regular file"), ("", "empty")):
        yield "external " + location, external(location), ["external-path", what], 1
    yield "external file too short", external("short.bin"), ["tensor-invalid", "only 4"], 1
    yield "external offset behind the end", external("eight.bin", offset=4), ["only 8"], 1
    yield "external offset overflows", external("eight.bin", offset="18446744073709551615"), ["only 8"], 1
    yield "external offset is no number", external("eight.bin", offset="4x"), ["byte count"], 1
    yield "external offset is negative", external("eight.bin", offset="-4"), ["byte count"], 1
    yield "external offset too large for a number", external("eight.bin", offset="99999999999999999999"), ["byte count"], 1
    yield "external length differs", external("eight.bin", length=4), ["8 are expected"], 1
    yield "external without a location", external(None), ["location"], 1

    sparse = dict(values=[1.0, 2.0], dims=[2, 3])
    def sparse_constant(indices, shape):
        values = helper.make_tensor("", FLOAT, [2], sparse["values"])
        return helper.make_sparse_tensor(values, helper.make_tensor("", TensorProto.INT64, shape, indices), sparse["dims"])

    for opset, texts in ((9, ["attribute-unknown"]), (10, ["attribute-unknown"])):
        yield "sparse_value at opset %d" % opset, model(
            [helper.make_node("Constant", [], ["y"], sparse_value=sparse_constant([1, 2], [2]))], opset=opset), texts, 1
    for name, indices, shape, text in (("out of range", [1, 6], [2], "out of range"),
                                       ("negative", [-1, 2], [2], "out of range"),
                                       ("not ascending", [3, 1], [2], "ascending"),
                                       ("row out of range", [0, 0, 2, 0], [2, 2], "out of range"),
                                       ("wrong shape", [1, 2, 3], [3], "NNZ")):
        values = helper.make_tensor("w", FLOAT, [2], sparse["values"])
        made = model([helper.make_node("Add", ["x", "w"], ["y"])])
        made.graph.sparse_initializer.append(helper.make_sparse_tensor(
            values, helper.make_tensor("", TensorProto.INT64, shape, indices), sparse["dims"]))
        yield "sparse: " + name, made, [text], 1
        yield "sparse_value: " + name, model([helper.make_node("Constant", [], ["y"], sparse_value=sparse_constant(
            indices, shape))]), [text], 1


def make_folder(folder):
    inside = os.path.join(folder, "model")
    os.makedirs(os.path.join(inside, "sub"))
    os.makedirs(os.path.join(folder, "model_of_others"))
    for path, length in (("../secret.bin", 8), ("../model_of_others/secret.bin", 8), ("short.bin", 4), ("eight.bin", 8)):
        with open(os.path.join(inside, path), "wb") as file:
            file.write(bytes(length))
    os.symlink("../secret.bin", os.path.join(inside, "link.bin"))
    os.symlink("../model_of_others/secret.bin", os.path.join(inside, "alike.bin"))
    os.symlink("..", os.path.join(inside, "linked"))
    return inside


def check_cache(program, checks, folder):
    """A model that is a link opens the folder of the real model to its data, and nothing else."""
    cache = os.path.join(folder, "cache")
    os.makedirs(os.path.join(cache, "blobs", "below"))
    os.makedirs(os.path.join(cache, "snapshot"))
    for path, length in (("blobs/data", 12), ("outside", 12)):
        with open(os.path.join(cache, path), "wb") as file:
            file.write(bytes(length))
    onnx.save(external("w.bin", dims=(3,)), os.path.join(cache, "blobs", "aaaa"))
    path = os.path.join(cache, "snapshot", "model.onnx")
    os.symlink("../blobs/aaaa", path)
    data = os.path.join(cache, "snapshot", "w.bin")
    for target, text in (("../outside", "outside"), ("../blobs/../outside", "outside"), ("../blobs/below", "regular file"),
                         ("../blobs/none", "cannot be read"), ("/etc/hostname", "outside")):
        os.symlink(target, data)
        result = program.run(path)
        checks.check(result.code == 1 and text in result.err and len(result.errors) == 1 and not result.left_behind,
                     "cache: " + target, result.err)
        os.remove(data)
    result = program.run(path)
    checks.check(result.code == 1 and "cannot be read" in result.err, "cache: data beside the real model only", result.err)
    os.symlink("../blobs/data", data)
    result = program.run(path)
    checks.check(result.code == 0, "cache: data as a link into the real model's folder", result.err)


def main():
    program, checks = Program(sys.argv[1]), Checks()
    with tempfile.TemporaryDirectory() as folder:
        inside = make_folder(folder)
        path = os.path.join(inside, "bad.onnx")
        for name, content, texts, most in cases(inside):
            if not isinstance(content, bytes):
                content = content.SerializeToString()
            with open(path, "wb") as file:
                file.write(content)
            start = time.monotonic()
            bound = inline_memory if name.startswith("function") else import_memory
            result = program.run(path, memory=bound(len(content)))
            seconds = time.monotonic() - start
            detail = "  exit code %d after %.1f s\n%s" % (result.code, seconds, result.err[:2000])
            found = all(any(part in result.err for part in text.split("|")) for text in texts)
            checks.check(result.code == 1 and found and 1 <= len(result.errors) <= most and
                         all(line.startswith(path + ":") for line in result.errors) and
                         not result.left_behind and seconds < 20, name, detail)
        check_cache(program, checks, folder)
        for name, target in (("a missing file", os.path.join(inside, "nofile.onnx")), ("a folder", inside)):
            result = program.run(target)
            checks.check(result.code == 1 and "cannot-read" in result.err, name, result.err)
        good = os.path.join(inside, "good.onnx")
        onnx.save(valid_model(), good)
        result = program.run(good, options=["--dim", "nosuch=1"])
        checks.check(result.code == 1 and "nosuch" in result.err, "--dim of no input", result.err)
        result = program.run(good, memory=import_memory(1 << 20))
        checks.check(result.code == 0 and not result.err, "the valid model", result.err)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
