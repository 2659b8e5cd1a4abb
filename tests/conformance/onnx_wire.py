# SPDX-License-Identifier: Apache-2.0
"""What a test must know about a model before it is compiled: a small reader of the wire format, so that the
tests need nothing but Python. Field numbers are those of onnx.proto."""

# onnx.proto: TensorProto.DataType
FLOAT, UINT8, INT8, UINT16, INT16, INT32, INT64, STRING, BOOL, FLOAT16, DOUBLE, UINT32, UINT64 = range(1, 14)
BFLOAT16 = 16


def fields(data):
    """The fields of a message, as (number, value): an int, or the bytes of a length-delimited field."""
    at, end = 0, len(data)

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < end:
        key = varint()
        wire = key & 7
        if wire == 0:
            yield key >> 3, varint()
        elif wire == 2:
            length = varint()
            yield key >> 3, data[at:at + length]
            at += length
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
            yield key >> 3, data[at:at + length]
            at += length
        else:
            raise ValueError("wire type %d" % wire)


class Model:
    """operators: (domain, name, opset) of every node, inside subgraphs and functions too; functions: the names
    of the model's own; element_types: numbers of all types that are written down somewhere; has_containers:
    whether a sequence, optional or map stands at the boundary."""

    def __init__(self, data):
        self.operators, self.functions, self.element_types = set(), set(), set()
        self.has_containers = False
        self.opsets = {}
        self._nodes = []
        for number, value in fields(data):
            if number == 7:
                self._graph(value, boundary=True)
            elif number == 8:
                self._opset(value)
            elif number == 25:
                self._function(value)
        for domain, name in self._nodes:
            if (domain, name) not in self.functions:
                self.operators.add((domain, name, self.opsets.get(domain, 1)))

    def _opset(self, data):
        domain, version = "ai.onnx", 1
        for number, value in fields(data):
            if number == 1:
                domain = value.decode() or "ai.onnx"
            elif number == 2:
                version = value
        self.opsets[domain] = max(version, self.opsets.get(domain, 0))

    def _function(self, data):
        domain = name = ""
        for number, value in fields(data):
            if number == 1:
                name = value.decode()
            elif number == 10:
                domain = value.decode()
            elif number == 7:
                self._node(value)
            elif number == 9:
                self._opset(value)
        self.functions.add((domain or "ai.onnx", name))

    def _graph(self, data, boundary=False):
        for number, value in fields(data):
            if number == 1:
                self._node(value)
            elif number == 5:
                self._tensor(value)
            elif number in (11, 12, 13):
                for inner, part in fields(value):
                    if inner == 2:
                        self._type(part, boundary and number != 13)

    def _node(self, data):
        name, domain, attributes = "", "", []
        for number, value in fields(data):
            if number == 4:
                name = value.decode()
            elif number == 7:
                domain = value.decode()
            elif number == 5:
                attributes.append(value)
        self._nodes.append((domain or "ai.onnx", name))
        for attribute in attributes:
            self._attribute(attribute, name)

    def _attribute(self, data, operator):
        name, integer = "", None
        for number, value in fields(data):
            if number == 1:
                name = value.decode()
            elif number == 3:
                integer = value
            elif number in (5, 10):
                self._tensor(value)
            elif number in (6, 11):
                self._graph(value)
        if (operator, name) in (("Cast", "to"), ("EyeLike", "dtype")) and integer:
            self.element_types.add(integer)

    def _tensor(self, data):
        for number, value in fields(data):
            if number == 2:
                self.element_types.add(value)

    def _type(self, data, boundary):
        for number, value in fields(data):
            if number in (1, 8):  # tensor, sparse tensor
                for inner, part in fields(value):
                    if inner == 1:
                        self.element_types.add(part)
            if number in (4, 5, 8, 9):  # sequence, map, sparse, optional
                self.has_containers |= boundary
