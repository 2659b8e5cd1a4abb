# SPDX-License-Identifier: Apache-2.0
"""What the tests of the ONNX importer share: wire bytes by hand, and running the program under test."""
import os
import resource
import subprocess
import tempfile


def varint(value):
    out = bytearray()
    value &= (1 << 64) - 1
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def number(field, value):
    """A varint field."""
    return varint(field << 3) + varint(value)


def block(field, payload):
    """A field of bytes: a text, a message, a packed list."""
    if isinstance(payload, str):
        payload = payload.encode()
    return varint(field << 3 | 2) + varint(len(payload)) + payload


class Result:
    def __init__(self, process, folder_files):
        self.code = process.returncode
        self.out = process.stdout.decode(errors="replace")
        self.err = process.stderr.decode(errors="replace")
        self.errors = [line for line in self.err.splitlines() if " error: " in line]
        self.left_behind = folder_files


class Program:
    """The program under test: import_model, or aicc, which gets an output to write."""

    def __init__(self, path):
        self.path = path
        self.is_compiler = os.path.basename(path) == "aicc"
        # A sanitizer reserves terabytes of addresses, so that no limit can be set.
        self.limited = not os.environ.get("AICC_TEST_SANITIZED")

    def run(self, model, options=(), memory=None, timeout=60, cwd=None):
        """Runs on a model's path. `memory` bounds the address space in bytes."""
        with tempfile.TemporaryDirectory() as folder:
            arguments = [self.path, *options, model]
            if self.is_compiler:
                arguments += ["-o", os.path.join(folder, "out.o")]
                memory = memory + (1 << 30) if memory else None  # what libLLVM maps

            def limit():
                if memory and self.limited:
                    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

            process = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                                     preexec_fn=limit, cwd=cwd)
            return Result(process, os.listdir(folder))


def import_memory(structure_bytes):
    """The bound on the importer's memory, and 48 MB for the program itself."""
    return (48 << 20) + (64 << 20) + 64 * structure_bytes


def inline_memory(structure_bytes):
    """The same with what the inlining of functions may take."""
    return import_memory(structure_bytes) + (256 << 20) + 64 * structure_bytes


class Checks:
    """Counts checks and tells which failed."""

    def __init__(self):
        self.count = 0
        self.failures = 0

    def check(self, ok, name, detail=""):
        self.count += 1
        if not ok:
            self.failures += 1
            print("FAILED: %s\n%s" % (name, detail))

    def finish(self):
        print("%d checks, %d failed" % (self.count, self.failures))
        return 1 if self.failures or not self.count else 0
