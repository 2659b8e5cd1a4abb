#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Valid models: every encoding of tensors, external and sparse data, symbolic dims, order of nodes, functions.

usage: test_import.py IMPORT_MODEL"""
import os
import struct
import sys
import tempfile

import numpy as np
from onnx import AttributeProto, TensorProto, helper

from support import Checks, Program, block, import_memory, number, varint
from test_bad_input import LOCAL, function, model, nested_ifs, relu

FLOAT = TensorProto.FLOAT


class Importer:
    def __init__(self, path, folder, checks):
        self.program, self.folder, self.checks = Program(path), folder, checks

    def lines(self, name, content, options=()):
        """What import_model lists, without the hash; nothing after an error."""
        if not isinstance(content, bytes):
            content = content.SerializeToString()
        path = os.path.join(self.folder, "model.onnx")
        with open(path, "wb") as file:
            file.write(content)
        result = self.program.run(path, options=options)
        self.checks.check(result.code == 0 and not result.err, name, result.err)
        return result.out.splitlines()[1:] if result.code == 0 else []

    def expect(self, name, content, expected, options=()):
        """The lines that start with the first word of some expected line must be the expected ones."""
        words = {line.split()[0] for line in expected}
        lines = [line for line in self.lines(name, content, options) if line.split()[0] in words]
        self.checks.check(lines == expected, name, "  expected %s\n  found    %s" % (expected, lines))


def hand_model(tensor):
    """A model around a TensorProto in hand-written bytes, whose name is w."""
    graph = block(1, block(1, "w") + block(2, "y") + block(4, "Identity")) + block(5, tensor) + block(12, block(1, "y"))
    return number(1, 8) + block(7, graph) + block(8, number(2, 17))


def hand_tensor(data_type, dims, *fields):
    return b"".join(number(1, dim) for dim in dims) + number(2, data_type) + block(8, "w") + b"".join(fields)


# (ONNX number, name in messages, field of values, format of one stored number or None for varints,
#  stored numbers, expected dense bytes, number of elements)
def encodings():
    i32 = [0, 1, -1, 2147483647, -2147483648]
    yield 6, "int32", 5, None, i32, struct.pack("<5i", *i32), 5
    i64 = [0, 1, -1, (1 << 63) - 1, -(1 << 63)]
    yield 7, "int64", 7, None, i64, struct.pack("<5q", *i64), 5
    u32 = [0, 1, 4294967295]
    yield 12, "uint32", 11, None, u32, struct.pack("<3I", *u32), 3
    u64 = [0, 1, (1 << 64) - 1]
    yield 13, "uint64", 11, None, u64, struct.pack("<3Q", *u64), 3
    yield 2, "uint8", 5, None, [0, 127, 255], bytes([0, 127, 255]), 3
    yield 3, "int8", 5, None, [0, 127, -128], struct.pack("<3b", 0, 127, -128), 3
    yield 4, "uint16", 5, None, [0, 65535], struct.pack("<2H", 0, 65535), 2
    yield 5, "int16", 5, None, [-32768, 32767], struct.pack("<2h", -32768, 32767), 2
    yield 9, "bool", 5, None, [0, 1, 2], bytes([0, 1, 1]), 3
    yield 10, "float16", 5, None, [0x3C00, 0xFBFF], struct.pack("<2H", 0x3C00, 0xFBFF), 2
    yield 16, "bfloat16", 5, None, [0x3F80, 0xC000], struct.pack("<2H", 0x3F80, 0xC000), 2
    for data_type, name in ((17, "float8e4m3fn"), (18, "float8e4m3fnuz"), (19, "float8e5m2"), (20, "float8e5m2fnuz"),
                            (24, "float8e8m0")):
        yield data_type, name, 5, None, [0, 0x7E, 0xFF], bytes([0, 0x7E, 0xFF]), 3
    for data_type, name in ((21, "uint4"), (22, "int4"), (23, "float4e2m1")):
        yield data_type, name, 5, None, [0x21, 0xF3, 0x05], bytes([0x21, 0xF3, 0x05]), 5
    for data_type, name in ((25, "uint2"), (26, "int2")):
        yield data_type, name, 5, None, [0b11100100, 0b01], bytes([0b11100100, 0b01]), 5
    floats = [0.0, -0.0, 1.5, float("inf"), 1e-45]
    yield 1, "float32", 4, "f", floats, struct.pack("<5f", *floats), 5
    yield 11, "float64", 10, "d", floats, struct.pack("<5d", *floats), 5
    yield 14, "complex64", 4, "f", [1, 2, 3, 4], struct.pack("<4f", 1, 2, 3, 4), 2
    yield 15, "complex128", 10, "d", [1, 2, 3, 4], struct.pack("<4d", 1, 2, 3, 4), 2


def stored(values, form):
    return b"".join(struct.pack("<" + form, value) if form else varint(value) for value in values)


def single(field, value, form):
    """One number of an unpacked list."""
    wire = {None: 0, "f": 5, "d": 1}[form]
    return varint(field << 3 | wire) + stored([value], form)


def check_encodings(importer):
    for data_type, name, field, form, values, dense, count in encodings():
        expected = ["constant w %s[%d] %s" % (name, count, dense.hex())]
        forms = {
            "raw": [block(9, dense)],
            "packed": [block(field, stored(values, form))],
            "in two lists": [block(field, stored(values[:1], form)), block(field, stored(values[1:], form))],
            "unpacked": [single(field, value, form) for value in values],
            "mixed, with an empty list": [block(field, b""), single(field, values[0], form),
                                          block(field, stored(values[1:], form))],
        }
        for form_name, fields in forms.items():
            tensor = hand_tensor(data_type, [count], *fields)
            importer.expect("%s %s" % (name, form_name), hand_model(tensor), expected)
        # Beyond the size that is decoded at once.
        if data_type not in (21, 22, 23, 25, 26):
            times = 1500
            repeated = ["constant w %s[%d] %s" % (name, count * times, (dense * times).hex())]
            tensor = hand_tensor(data_type, [count * times], block(field, stored(values, form) * times))
            importer.expect(name + " large", hand_model(tensor), repeated)
            tensor = hand_tensor(data_type, [count * times], *[single(field, value, form) for value in values * times])
            importer.expect(name + " large, unpacked", hand_model(tensor), repeated)
    strings = hand_tensor(8, [2], block(6, "one"), block(6, ""))
    importer.expect("strings", hand_model(strings), ["constant w string[2] one;;"])
    importer.expect("no elements", hand_model(hand_tensor(1, [0, 5])), ["constant w float32[0,5] "])
    scalar = hand_tensor(7, [], block(7, varint(-3)))
    importer.expect("a scalar", hand_model(scalar), ["constant w int64[] " + struct.pack("<q", -3).hex()])


def check_external(importer):
    data = np.arange(10, dtype=np.float32).tobytes()
    os.makedirs(os.path.join(importer.folder, "sub"), exist_ok=True)
    with open(os.path.join(importer.folder, "sub", "w.bin"), "wb") as file:
        file.write(data)
    os.symlink("w.bin", os.path.join(importer.folder, "sub", "link.bin"))
    for name, entries, first in (("whole file", {}, 0), ("offset", {"offset": "8"}, 8),
                                 ("offset and length", {"offset": "16", "length": "24"}, 16),
                                 ("unaligned", {"offset": "3"}, 3), ("other keys", {"checksum": "x"}, 0)):
        for location in ("sub/w.bin", "./sub/w.bin", "sub/link.bin"):
            tensor = TensorProto(name="w", data_type=FLOAT, dims=[6], data_location=TensorProto.EXTERNAL)
            for key, value in {"location": location, **entries}.items():
                tensor.external_data.add(key=key, value=value)
            made = model([helper.make_node("Identity", ["w"], ["y"])], initializers=[tensor])
            importer.expect("external: %s of %s" % (name, location), made,
                            ["constant w float32[6] " + data[first:first + 24].hex()])


def check_cache(importer):
    """The layout of a model hub: links in one folder, to files in another."""
    data = np.arange(6, dtype=np.float32).tobytes()
    folder = os.path.join(importer.folder, "hub")
    os.makedirs(os.path.join(folder, "blobs"))
    os.makedirs(os.path.join(folder, "snapshots/revision/onnx/sub"))
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[6], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="sub/model.onnx_data")
    made = model([helper.make_node("Identity", ["w"], ["y"])], initializers=[tensor])
    for name, content in (("aaaa", made.SerializeToString()), ("bbbb", data)):
        with open(os.path.join(folder, "blobs", name), "wb") as file:
            file.write(content)
    path = os.path.join(folder, "snapshots/revision/onnx/model.onnx")
    os.symlink("../../../blobs/aaaa", path)
    os.symlink("../../../../blobs/bbbb", os.path.join(folder, "snapshots/revision/onnx/sub/model.onnx_data"))
    for name, given, cwd in (("by its path", path, None), ("from its folder", "model.onnx", os.path.dirname(path))):
        result = importer.program.run(given, cwd=cwd)
        importer.checks.check(result.code == 0 and "constant w float32[6] " + data.hex() in result.out.splitlines(),
                              "a model in a cache, " + name, result.err)


def check_declared(importer):
    """Shapes that are declared otherwise than computed: told once each, and the computed one counts."""
    info = helper.make_tensor_value_info

    def run(made, options=()):
        path = os.path.join(importer.folder, "declared.onnx")
        with open(path, "wb") as file:
            file.write(made.SerializeToString())
        return path, importer.program.run(path, options)

    def expect(name, made, declared, computed, options=(), where="", output="y", result="y"):
        path, got = run(made, options)
        warning = "%s: warning: %soutput '%s' is declared as %s but computes %s; the computed one counts [output-type]" % (
            path, where, output, declared, computed)
        importer.checks.check(got.code == 0 and got.err.splitlines() == [warning] and
                              "result %s %s" % (result, computed) in got.out.splitlines(), name, got.err + got.out)

    for declared in ([6], [2], [2, 4], [1, 3], [], [2, 3, 1]):
        made = model([relu()], outputs=[info("y", FLOAT, declared)])
        expect("declared %s" % declared, made, "float32[%s]" % ",".join(map(str, declared)), "float32[2,3]")
    symbolic = model([relu()], [info("x", FLOAT, ["N", 3])], [info("y", FLOAT, [1, 3])])
    expect("a dim from outside", symbolic, "float32[1,3]", "float32[2,3]", ["--dim", "N=2"])
    for options in ([], ["--dim", "N=1"]):
        _, got = run(symbolic, options)
        importer.checks.check(got.code == 0 and not got.err, "declared as it may be %s" % options, got.err)
    for name, value in (("shape", info("h", FLOAT, [7])), ("rank", info("h", FLOAT, [2, 3, 4])),
                        ("type", info("h", TensorProto.INT64, [2, 3])), ("nothing", info("h", FLOAT, None))):
        made = model([relu("x", "h"), relu("h", "y")])
        made.graph.value_info.append(value)
        _, got = run(made)
        importer.checks.check(got.code == 0 and not got.err and "result y float32[2,3]" in got.out, "value_info: " + name, got.err)

    def branch(declared):
        return helper.make_graph([relu("x", "t")], "branch", [], [info("t", FLOAT, declared)])
    made = model([helper.make_node("If", ["c"], ["y"], name="if", then_branch=branch([2, 3]), else_branch=branch([1, 3]))],
                 [info("x", FLOAT, [2, 3]), info("c", TensorProto.BOOL, [])])
    expect("a subgraph's output", made, "float32[1,3]", "float32[2,3]", where="node 'if': ", output="t")


def check_nesting(importer):
    """As many graphs in one another as regions may be."""
    for count in (1, 30, 60, 64):
        lines = importer.lines("%d nested graphs" % count, nested_ifs(count))
        importer.checks.check(sum(line.startswith("node if ") for line in lines) == count and
                              "result y float32[2,3]" in lines, "%d nested graphs" % count, "\n".join(lines[-3:]))


def check_sparse(importer):
    dense = np.zeros((3, 4), np.float32)
    dense[0, 1], dense[2, 3] = 5, 7
    for opset in (11, 12, 13, 17):
        for name, shape, indices in (("positions", [2], [1, 11]), ("rows", [2, 2], [0, 1, 2, 3])):
            value = helper.make_sparse_tensor(helper.make_tensor("", FLOAT, [2], [5.0, 7.0]),
                                              helper.make_tensor("", TensorProto.INT64, shape, indices), [3, 4])
            made = model([helper.make_node("Constant", [], ["w"], sparse_value=value), helper.make_node("Identity", ["w"], ["y"])],
                         opset=opset)
            importer.expect("sparse_value: %s at opset %d" % (name, opset), made,
                            ["constant w float32[3,4] " + dense.tobytes().hex()])
    for shape in ([0], [0, 1]):
        value = helper.make_sparse_tensor(helper.make_tensor("", FLOAT, [0], []),
                                          helper.make_tensor("", TensorProto.INT64, shape, []), [2])
        importer.expect("sparse_value of zeros, indices %s" % shape, model([helper.make_node(
            "Constant", [], ["y"], sparse_value=value)]), ["constant y float32[2] " + bytes(8).hex()])
    for name, shape, indices in (("positions", [2], [1, 11]), ("rows", [2, 2], [0, 1, 2, 3])):
        made = model([helper.make_node("Identity", ["w"], ["y"])])
        made.graph.sparse_initializer.append(helper.make_sparse_tensor(
            helper.make_tensor("w", FLOAT, [2], [5.0, 7.0]),
            helper.make_tensor("", TensorProto.INT64, shape, indices), [3, 4]))
        importer.expect("sparse: " + name, made, ["constant w float32[3,4] " + dense.tobytes().hex()])


def check_interface(importer):
    info = helper.make_tensor_value_info
    inputs = [info("x", FLOAT, ["N", None, 3]), info("z", FLOAT, ["N", -1, 3])]
    nodes = [relu("x", "y"), relu("z", "v")]
    outputs = [info("y", FLOAT, ["N", "other", 3]), info("v", FLOAT, None)]
    made = model(nodes, inputs, outputs)
    importer.expect("symbols", made, [
        "argument x float32[N,x_1,3]", "argument z float32[N,z_1,3]", "result y float32[N,x_1,3]",
        "result v float32[N,z_1,3]"])
    importer.expect("pinned symbols", made, [
        "argument x float32[4,x_1,3]", "argument z float32[4,9,3]", "result y float32[4,x_1,3]",
        "result v float32[4,9,3]"], ["--dim", "N=4", "--dim", "z_1=9"])
    weights = helper.make_tensor("w", FLOAT, [2], [1.0, 2.0])
    for ir_version in (3, 8, 13):
        made = model([helper.make_node("Add", ["x", "w"], ["y"])], [info("x", FLOAT, [2]), info("w", FLOAT, [2])],
                     initializers=[weights], ir_version=ir_version)
        importer.expect("an input with an initializer, IR version %d" % ir_version, made,
                        ["argument x float32[2]", "constant w float32[2] 0000803f00000040"])
    made = model([relu("x", "y")], outputs=[info("x", FLOAT, [2, 3]), info("y", FLOAT, [2, 3])])
    importer.expect("an input as an output", made, ["result x float32[2,3]", "result y float32[2,3]"])
    made = model([relu("x", "y")], initializers=[weights], outputs=[info("w", FLOAT, [2])])
    importer.expect("an initializer as an output", made, ["result w float32[2]"])
    made = model([relu("x", "y"), helper.make_node("Identity", ["y"], ["v"])],
                 outputs=[info("y", FLOAT, [2, 3]), info("v", FLOAT, [2, 3])])
    importer.expect("one value as two outputs", made, ["result y float32[2,3]", "result v float32[2,3]"])
    made = model([helper.make_node("Relu", ["x"], ["y"], domain="ai.onnx")])
    made.opset_import[0].domain = "ai.onnx"
    importer.expect("the long name of the domain", made, ["result y float32[2,3]"])


def node_names(importer, name, made):
    """The distinct locations in order."""
    names = []
    for line in importer.lines(name, made):
        if line.startswith("node "):
            label = line.split(None, 2)[2]
            if not names or names[-1] != label:
                names.append(label)
    return names


def check_nodes(importer):
    def expect(name, made, expected):
        names = node_names(importer, name, made)
        importer.checks.check(names == expected, name, "  expected %s\n  found    %s" % (expected, names))

    chain = [relu("x", "a", "A"), relu("a", "b", "B"), relu("b", "c", "C"), relu("c", "y", "D")]
    expect("sorted nodes", model(chain), ["A", "B", "C", "D"])
    expect("nodes in reverse", model(chain[::-1]), ["A", "B", "C", "D"])
    long_chain = [relu("x" if i == 0 else "v%d" % i, "v%d" % (i + 1)) for i in range(20000)]
    lines = importer.lines("a long chain in reverse", model(long_chain[::-1] + [relu("v20000", "y")]))
    importer.checks.check(len([line for line in lines if "Relu" in line]) >= 20001, "a long chain in reverse")
    apart = [relu("x", "q", "Q"), relu("b", "y", "Y"), relu("x", "p", "P"), relu("a", "b", "B"), relu("x", "a", "A")]
    expect("a stable order", model(apart), ["Q", "A", "B", "Y", "P"])
    expect("nodes without names", model([relu("x", "a"), relu("a", "y")]), ["#0 Relu", "#1 Relu"])
    untyped = model([helper.make_node("LeakyRelu", ["x"], ["y"], alpha=0.5, name="L")])
    untyped.graph.node[0].attribute[0].ClearField("type")
    expect("an attribute without a type", untyped, ["L"])


def reference(op_type, attribute, target, kind):
    node = helper.make_node(op_type, ["a"], ["b"], name="inner")
    node.attribute.append(AttributeProto(name=attribute, ref_attr_name=target, type=kind))
    return node


def check_functions(importer):
    made = model([helper.make_node("F", ["x"], ["h"], domain="local", name="one"),
                  helper.make_node("F", ["h"], ["y"], domain="local", name="two")],
                 functions=[function("F", [relu("a", "m", "first"), relu("m", "b", "second")])], imports=[LOCAL])
    names = node_names(importer, "a function", made)
    importer.checks.check(names == ["one/first", "one/second", "two/first", "two/second"], "a function", str(names))
    made = model([helper.make_node("F", ["x"], ["y"], domain="local", name="c")], imports=[LOCAL], functions=[
        function("G", [relu("a", "b", "leaf")]),
        function("F", [helper.make_node("G", ["a"], ["b"], domain="local", name="g")])])
    names = node_names(importer, "nested functions", made)
    importer.checks.check(names == ["c/g/leaf"], "nested functions", str(names))
    made = model([helper.make_node("Relu", ["x"], ["y"], name="own")],
                 functions=[function("Relu", [helper.make_node("Sigmoid", ["a"], ["b"], name="s")], domain="")])
    names = node_names(importer, "a function over an operator", made)
    importer.checks.check(names == ["own/s"], "a function over an operator", str(names))

    # LeakyRelu's alpha, as a constant of the graph, shows which attribute arrived.
    def with_alpha(call_attributes, default=None, two_levels=False):
        body = reference("LeakyRelu", "alpha", "k", AttributeProto.FLOAT)
        inner = function("F", [body])
        inner.attribute.append("k")
        functions = [inner]
        call = helper.make_node("F", ["x"], ["y"], domain="local", **call_attributes)
        if default is not None:
            del inner.attribute[:]
            # attribute_proto came with IR version 9: by hand, field 11 of FunctionProto.
            proto = helper.make_attribute("k", default).SerializeToString()
            inner.MergeFromString(block(11, proto))
        if two_levels:
            middle_call = helper.make_node("F", ["a"], ["b"], domain="local")
            middle_call.attribute.append(AttributeProto(name="k", ref_attr_name="outer", type=AttributeProto.FLOAT))
            functions.append(function("H", [middle_call]))
            call = helper.make_node("H", ["x"], ["y"], domain="local", **call_attributes)
        return model([call], functions=functions, imports=[LOCAL])

    for name, made, expected in (("given", with_alpha({"k": 0.25}), 0.25),
                                 ("defaulted", with_alpha({}, default=0.125), 0.125),
                                 ("given over the default", with_alpha({"k": 0.25}, default=0.125), 0.25),
                                 ("left out", with_alpha({}), 0.01),
                                 ("through two calls", with_alpha({"outer": 0.75}, two_levels=True), 0.75)):
        text = struct.pack("<f", expected).hex()
        found = [line for line in importer.lines("attribute " + name, made) if line.startswith("constant")]
        importer.checks.check(any(line.endswith(" " + text) for line in found), "attribute " + name, str(found))


def check_subgraphs(importer):
    """Names resolve from the inside out; nodes are sorted by what subgraphs capture; memory stays bounded."""
    def info(name, element=FLOAT, shape=(2,)):
        return helper.make_tensor_value_info(name, element, shape)

    def branch(nodes, output):
        return helper.make_graph(nodes, "branch", [], [info(output)])

    def whole(nodes):
        inputs = [info("c", TensorProto.BOOL, ()), info("x"), info("n", TensorProto.INT64, ())]
        graph = helper.make_graph(nodes, "g", inputs, [info("y")])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16), LOCAL])
        made.ir_version = 8
        return made

    late = branch([relu("late", "inner", "first"), relu("inner", "r", "second")], "r")
    hides = branch([relu("x", "late", "third")], "late")
    made = whole([helper.make_node("If", ["c"], ["y"], name="if", then_branch=late, else_branch=hides),
                  relu("x", "late", "outer")])
    names = node_names(importer, "captures", made)
    importer.checks.check(names == ["outer", "if", "if/then_branch/first", "if/then_branch/second",
                                    "if/else_branch/third"], "captures", str(names))
    itself = branch([relu("x", "y", "own")], "y")  # what the If gives is called like what its branch gives
    made = whole([helper.make_node("If", ["c"], ["y"], name="if", then_branch=itself, else_branch=itself)])
    names = node_names(importer, "one name in both scopes", made)
    importer.checks.check(names == ["if", "if/then_branch/own", "if/else_branch/own"], "one name in both scopes",
                          str(names))

    going = info("g", TensorProto.BOOL, ())
    empty = branch([], "x")
    body = helper.make_graph([], "", [info("i", TensorProto.INT64, ()), going, info("a")], [going, info("a")])
    many = {"Ifs": [helper.make_node("If", ["c"], ["v%d" % i], then_branch=empty, else_branch=empty)
                    for i in range(20000)],
            "Loops": [helper.make_node("Loop", ["n", "", "x"], ["v%d" % i], body=body) for i in range(20000)],
            "long names": [helper.make_node("If", ["c"], ["v%d" % i], name="p" * 150, else_branch=empty,
                                            then_branch=branch([relu("x", "r%d" % k, "") for k in range(300)], "r1"))
                           for i in range(50)]}
    for name, nodes in many.items():
        content = whole(nodes + [relu("v1", "y", "last")]).SerializeToString()
        path = os.path.join(importer.folder, "many.onnx")
        with open(path, "wb") as file:
            file.write(content)
        result = importer.program.run(path, memory=import_memory(len(content)))
        importer.checks.check(result.code == 0, "memory of many " + name, result.err[-500:])


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        importer = Importer(sys.argv[1], folder, checks)
        check_encodings(importer)
        check_external(importer)
        check_cache(importer)
        check_sparse(importer)
        check_declared(importer)
        check_nesting(importer)
        check_interface(importer)
        check_nodes(importer)
        check_functions(importer)
        check_subgraphs(importer)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
