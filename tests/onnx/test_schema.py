#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our onnx.proto with the schemas of an installed ONNX release: every message, field and enum value of
the release must stand in ours with the same number, label and type.

usage: test_schema.py OUR.proto RELEASED.proto..."""
import os
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2


def load(path):
    """The file's messages and enums by full name."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "set")
        subprocess.run(["protoc", "--proto_path=" + os.path.dirname(path), "--descriptor_set_out=" + out,
                        os.path.basename(path)], check=True)
        with open(out, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    messages, enums = {}, {}

    def enter(prefix, message):
        name = prefix + "." + message.name
        messages[name] = message
        for nested in message.nested_type:
            enter(name, nested)
        for enum in message.enum_type:
            enums[name + "." + enum.name] = enum

    for file in files.file:
        package = "." + file.package
        for message in file.message_type:
            enter(package, message)
        for enum in file.enum_type:
            enums[package + "." + enum.name] = enum
    return messages, enums


def field_facts(message, field):
    oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
    return (field.number, field.label, field.type, field.type_name, field.options.packed, oneof)


def compare(ours, released, errors):
    """Appends what differs; returns how many facts were compared."""
    compared = 0
    for name, message in released[0].items():
        mine = ours[0].get(name)
        if mine is None:
            errors.append("message %s is missing" % name)
            continue
        fields = {field.name: field_facts(mine, field) for field in mine.field}
        for field in message.field:
            compared += 1
            if fields.get(field.name) != field_facts(message, field):
                errors.append("%s.%s is %s, released as %s" % (name, field.name, fields.get(field.name),
                                                               field_facts(message, field)))
        for reserved in message.reserved_range:
            for field in mine.field:
                if reserved.start <= field.number < reserved.end:
                    errors.append("%s.%s uses a reserved number" % (name, field.name))
    for name, enum in released[1].items():
        mine = ours[1].get(name)
        values = {value.name: value.number for value in mine.value} if mine else {}
        numbers = set(values.values())
        for value in enum.value:
            compared += 1
            # IR_VERSION is by definition the newest version of each release, under whatever name it gets later.
            if value.name == "IR_VERSION":
                if value.number not in numbers or values["IR_VERSION"] < value.number:
                    errors.append("IR version %d is missing" % value.number)
            elif values.get(value.name) != value.number:
                errors.append("%s.%s is %s, released as %d" % (name, value.name, values.get(value.name), value.number))
    return compared


def main():
    ours = load(os.path.abspath(sys.argv[1]))
    errors, compared = [], 0
    for path in sys.argv[2:]:
        compared += compare(ours, load(os.path.abspath(path)), errors)
    for error in errors:
        print(error)
    print("%d fields and values compared" % compared)
    # ONNX 1.8 had 130 already: fewer means that nothing was read.
    return 1 if errors or compared < 130 else 0


if __name__ == "__main__":
    sys.exit(main())
