# SPDX-License-Identifier: Apache-2.0
"""aicc-run against the hand-written sample model: what must pass passes, and what must fail fails.

    python3 aicc_run_test.py AICC_RUN SAMPLE.o SAMPLE.so [unittest options]

The writers of .pb and .npy here know nothing of the reader under test; they use the standard library only.
"""
import array
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

AICC_RUN = OBJECT = SHARED = None

# ONNX TensorProto.DataType
FLOAT, INT32, INT64, STRING, BOOL = 1, 6, 7, 8, 9


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, wire, payload):
    return varint(number << 3 | wire) + (varint(len(payload)) if wire == 2 else b"") + payload


def pb(dtype, dims, raw=None, typed=b"", packed_dims=False, name="t"):
    """A serialised TensorProto; typed stands for already encoded data fields."""
    if packed_dims:
        out = field(1, 2, b"".join(map(varint, dims)))
    else:
        out = b"".join(field(1, 0, varint(d)) for d in dims)
    out += field(2, 0, varint(dtype)) + typed + field(8, 2, name.encode())
    return out + (field(9, 2, raw) if raw is not None else b"")


def npy(descr, shape, data, fortran=False, version=1):
    header = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, tuple(shape))
    header = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + data


def floats(*values):
    return struct.pack("<%df" % len(values), *values)


def longs(*values):
    return struct.pack("<%dq" % len(values), *values)


def ints(*values):
    return struct.pack("<%di" % len(values), *values)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, **files):
        """Writes files named like input_0__pb; None removes one."""
        for name, content in files.items():
            path = os.path.join(self.folder, name.replace("__", "."))
            if content is None:
                os.remove(path)
            else:
                with open(path, "wb") as file:
                    file.write(content)

    def run_it(self, *arguments, model=None, data=True, environment=None):
        command = [AICC_RUN, model or SHARED] + (["--data", self.folder] if data else []) + list(arguments)
        result = subprocess.run(command, capture_output=True, timeout=120, env={**os.environ, **(environment or {})})
        self.out, self.err = result.stdout.decode(), result.stderr.decode()
        self.said = " ".join(command) + "\n" + self.out + self.err
        return result.returncode

    def passes(self, *arguments, **options):
        self.assertEqual(self.run_it(*arguments, **options), 0, self.said)

    def fails(self, expected, *arguments, code=1, **options):
        self.assertEqual(self.run_it(*arguments, **options), code, self.said)
        self.assertIn(expected, self.out + self.err)


class RunEntry(Case):
    """The entry point `run`: y = x * scale + 1, total = sum(k), positive = where x > 0, twice = 0 ... 2 N - 1."""

    def setUp(self):
        super().setUp()
        self.write(
            input_0__pb=pb(FLOAT, [2, 3], floats(1, -2, 3, 0, 5, -6)),
            input_1__pb=pb(FLOAT, [], floats(0.5)),
            input_2__pb=pb(INT64, [4], longs(1, 20, 300, -4000)),
            output_0__pb=pb(FLOAT, [2, 3], floats(1.5, 0, 2.5, 1, 3.5, -2)),
            output_1__pb=pb(INT64, [], longs(-3679)),
            output_2__pb=pb(INT64, [3], longs(0, 2, 4)),
            output_3__pb=pb(INT32, [4], ints(0, 1, 2, 3)),
        )

    def test_passes(self):
        self.passes()
        self.assertIn("output y float32[2,3] ok max_abs=0 max_rel=0\n", self.out)
        self.assertIn("output total int64[] ok", self.out)
        self.assertIn("output positive int64[3] ok", self.out)
        self.assertIn("output twice int32[4] ok", self.out)

    def test_relocatable_object_with_every_option(self):
        for extra in ["--misalign"], ["--threads", "1"], ["--threads=3"], ["--cpu", "v2"], ["--cpu=3"], ["--name=sample"], ["--entry", "run"]:
            self.passes(*extra, model=OBJECT)

    def test_corrupted_expectation_fails(self):
        self.write(output_0__pb=pb(FLOAT, [2, 3], floats(1.5, 0, 2.5, 1, 3.6, -2)))
        self.fails("output y float32[2,3] MISMATCH max_abs=0.1 max_rel=0.0278, 1 of 6 elements differ, first at [1,1]: got 3.5 expected 3.5999999")
        self.passes("--rtol=0.0281")  # relative to the expected value: 0.0281 * 3.5 would be too little
        self.fails("MISMATCH", "--rtol=0.0277")
        self.passes("--atol", "0.11", "--rtol", "0")
        self.fails("MISMATCH", "--atol", "0.09", "--rtol", "0")

    def test_integers_are_exact(self):
        self.write(output_1__pb=pb(INT64, [], longs(-3678)))
        self.fails("output total int64[] MISMATCH", "--rtol=1", "--atol=1000")

    def test_data_dependent_output(self):
        self.write(output_2__pb=pb(INT64, [2], longs(0, 2)))
        self.fails("output positive int64[3] MISMATCH shape: expected int64[2]")
        self.write(output_2__pb=pb(INT64, [3], longs(0, 2, 5)))
        self.fails("output positive int64[3] MISMATCH")

    def test_missing_expectation_fails(self):
        for i, name in enumerate(["y", "total", "positive", "twice"]):
            path = os.path.join(self.folder, "output_%d.pb" % i)
            os.rename(path, path + ".away")
            self.fails("output %s: no output_%d.pb or .npy" % (name, i))
            os.rename(path + ".away", path)

    def test_unknown_expectation_fails(self):
        self.write(output_4__pb=pb(INT32, [], ints(0)))
        self.fails("has output_4, but the model has 4 outputs")

    def test_wrong_type_and_shape_of_expectation(self):
        self.write(output_0__pb=pb(11, [2, 3], struct.pack("<6d", 1.5, 0, 2.5, 1, 3.5, -2)))
        self.fails("output y float32[2,3] MISMATCH element type: expected float64[2,3]")
        self.write(output_0__pb=pb(FLOAT, [3, 2], floats(1.5, 0, 2.5, 1, 3.5, -2)))
        self.fails("output y float32[2,3] MISMATCH shape: expected float32[3,2]")
        self.write(output_0__pb=pb(FLOAT, [1, 2, 3], floats(1.5, 0, 2.5, 1, 3.5, -2)))
        self.fails("MISMATCH shape")

    def test_wrong_inputs(self):
        self.write(input_0__pb=pb(INT32, [2, 3], ints(1, 2, 3, 4, 5, 6)))
        self.fails("input x has the wrong element type: the file has int32[2,3], the model wants float32[N,3]")
        self.write(input_0__pb=pb(FLOAT, [3, 2], floats(1, 2, 3, 4, 5, 6)))
        self.fails("input x has the wrong shape: the file has float32[3,2], the model wants float32[N,3]")
        self.write(input_0__pb=pb(FLOAT, [6], floats(1, 2, 3, 4, 5, 6)))
        self.fails("input x has the wrong rank")
        self.write(input_0__pb=None)
        self.fails("input x: no input_0.pb or .npy")

    def test_dim_option_must_agree(self):
        self.passes("--dim", "N=2")
        self.fails("`N` is 5 elsewhere", "--dim=N=5")
        self.fails("`N` is 1 elsewhere", "--dim=N=1")
        self.fails("no symbolic dim of this name", "--dim", "Q=5", code=2)

    def test_infinities_and_nan(self):
        inf, nan = float("inf"), float("nan")
        self.write(input_0__pb=pb(FLOAT, [2, 3], floats(inf, nan, -inf, 0, 5, -6)), output_2__pb=pb(INT64, [2], longs(0, 4)))
        self.write(output_0__pb=pb(FLOAT, [2, 3], floats(inf, nan, -inf, 1, 3.5, -2)))
        self.passes()
        for wrong in (0, inf), (0, nan), (0, 3.0), (1, 0.0), (1, inf), (2, inf), (3, inf), (3, nan):
            values = [inf, nan, -inf, 1, 3.5, -2]
            if values[wrong[0]] == wrong[1]:
                continue
            values[wrong[0]] = wrong[1]
            self.write(output_0__pb=pb(FLOAT, [2, 3], floats(*values)))
            self.fails("1 of 6 elements differ, first at [%d,%d]" % (wrong[0] // 3, wrong[0] % 3), "--atol=1e30")

    def test_npy_files_and_names(self):
        self.write(input_0__pb=None, x__npy=npy("<f4", [2, 3], floats(1, -2, 3, 0, 5, -6)))
        self.write(input_2__pb=None, input_2__npy=npy("<i8", [4], longs(1, 20, 300, -4000), version=2))
        self.write(output_0__pb=None, output_0__npy=npy("<f4", [2, 3], floats(1.5, 1, 0, 3.5, 2.5, -2), fortran=True))
        self.write(output_1__pb=None, total__npy=npy("<i8", [], longs(-3679), version=3))
        self.passes()
        self.write(output_0__npy=npy("<f4", [2, 3], floats(1.5, 1, 0, 3.5, 2.5, -2), fortran=False))
        self.fails("output y float32[2,3] MISMATCH")

    def test_bad_npy(self):
        good = npy("<f4", [2, 3], floats(1, -2, 3, 0, 5, -6))
        self.write(input_0__pb=None)
        for bad in (
            good[:-1],
            good + b"\0",
            good[:60],
            good[:8],
            b"",
            good.replace(b"<f4", b">f4"),
            good.replace(b"<f4", b"<f9"),
            good.replace(b"<f4", b"|O\0"),
            good.replace(b"(2, 3)", b"(2,-3)"),
            good.replace(b"(2, 3)", b"(2  3)"),
            good.replace(b"(2, 3)", b"(9999999999999999999,)"[:6]),
            good.replace(b"False", b"Maybe"),
            good.replace(b"NUMPY", b"NUMPI"),
            good[:6] + b"\x09" + good[7:],
        ):
            self.write(input_0__npy=bad)
            self.fails("input_0.npy ")

    def test_bad_pb(self):
        good = pb(FLOAT, [2, 3], floats(1, -2, 3, 0, 5, -6))
        huge = pb(FLOAT, [1 << 40, 3], floats(1, 2, 3))
        for bad in (
            b"",
            b"nonsense that is no message",
            pb(FLOAT, [2, 3], floats(1, 2, 3, 4, 5)),
            pb(FLOAT, [2, 3], floats(1, 2, 3, 4, 5, 6, 7)),
            pb(FLOAT, [2, -3], floats(1, 2, 3, 4, 5, 6)),
            pb(FLOAT, [1 << 62, 1 << 62], b""),
            pb(FLOAT, [1] * 65, floats(1)),
            pb(0, [2, 3], floats(1, 2, 3, 4, 5, 6)),
            pb(27, [2, 3], floats(1, 2, 3, 4, 5, 6)),
            pb(FLOAT, [2, 3], typed=field(7, 2, bytes(6))),
            pb(FLOAT, [2, 3], typed=field(4, 2, floats(1, 2, 3, 4, 5))),
            pb(FLOAT, [2, 3], typed=field(4, 2, floats(1, 2, 3, 4, 5, 6)[:-1])),
            pb(FLOAT, [2, 3], typed=field(14, 0, b"\1")),
            huge,
        ):
            self.write(input_0__pb=bad)
            self.fails("input_0.pb ")
        for length in range(len(good)):
            if length == len(good) - len(field(9, 2, floats(*[0] * 6))):
                continue
            self.write(input_0__pb=good[:length])
            self.assertEqual(self.run_it(), 1, (length, self.said))
            self.assertTrue(self.err.startswith("aicc-run: "), self.said)

    def test_empty_tensors(self):
        self.write(
            input_0__pb=pb(FLOAT, [0, 3]),
            input_2__pb=pb(INT64, [0], b""),
            output_0__pb=pb(FLOAT, [0, 3], b""),
            output_1__pb=pb(INT64, [], longs(0)),
            output_2__pb=pb(INT64, [0]),
            output_3__pb=pb(INT32, [0]),
        )
        self.passes("--hash")
        self.assertIn("output y float32[0,3] ok", self.out)
        self.assertIn("hash ", self.out)

    def test_random_fills_in(self):
        self.write(input_2__pb=None)
        self.fails("output total", "--random", "7")
        self.passes("--random", "7", "--no-compare")
        self.assertIn("`M` is taken as 1", self.err)
        self.assertIn("output y float32[2,3] first=1.5,0,2.5,1,3.5,-2 min=-2 max=3.5", self.out)

    def test_save_and_compare_again(self):
        saved = os.path.join(self.folder, "saved")
        self.passes("--save", saved)
        with open(os.path.join(saved, "output_0.npy"), "rb") as file:
            content = file.read()
        self.assertEqual(content[:8], b"\x93NUMPY\1\0")
        self.assertEqual(len(content) % 64, 24)
        self.assertIn(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }", content)
        self.assertEqual(content[-24:], floats(1.5, 0, 2.5, 1, 3.5, -2))
        for i in range(4):
            os.remove(os.path.join(self.folder, "output_%d.pb" % i))
            os.rename(os.path.join(saved, "output_%d.npy" % i), os.path.join(self.folder, "output_%d.npy" % i))
        self.passes()


class WithoutData(Case):
    def test_random_is_deterministic(self):
        hashes = set()
        for seed in "1", "1", "2":
            self.passes("--random", seed, "--dim", "N=50", "--dim", "M=2", "--hash", data=False)
            self.assertEqual(self.err, "")
            hashes.add(re.search(r"^hash ([0-9a-f]{16})$", self.out, re.M).group(1))
        self.assertEqual(len(hashes), 2)

    def test_threads_do_not_change_the_hash(self):
        outs = set()
        for threads in [], ["--threads", "2"], ["--threads", "7"], ["--threads", "0"]:
            self.passes("--dim", "N=500", "--dim", "M=9", "--hash", *threads, data=False)
            outs.add(self.out)
        self.assertEqual(len(outs), 1)

    def test_hash_is_fnv1a(self):
        self.write(input_0__pb=pb(INT32, [1, 4], ints(5, 6, 7, -8)))
        self.passes("--entry", "copy_int32", "--no-compare", "--hash")
        expected = 0xCBF29CE484222325
        for byte in ints(5, 6, 7, -8):
            expected = (expected ^ byte) * 0x100000001B3 % (1 << 64)
        self.assertIn("hash %016x\n" % expected, self.out)

    def test_symbols_default_to_one(self):
        self.passes(data=False)
        self.assertIn("`N` is taken as 1", self.err)
        self.assertIn("output y float32[1,3] first=", self.out)
        self.assertIn("output twice int32[2] first=0,1 min=0 max=1", self.out)

    def test_random_floats_are_in_range(self):
        saved = os.path.join(self.folder, "saved")
        for entry, code in ("float32", "f"), ("float64", "d"), ("float16", "e"):
            self.passes("--entry", "copy_" + entry, "--dim=A=20", "--dim=B=500", "--save", saved, data=False)
            with open(os.path.join(saved, "output_0.npy"), "rb") as file:
                data = file.read()[128:]
            values = struct.unpack("<10000" + code, data)
            self.assertTrue(all(-1 <= v < 1 for v in values))
            self.assertLess(abs(sum(values) / 10000), 0.03)  # uniform: standard deviation of the mean is 0.006
            self.assertLess(abs(sum(v * v for v in values) / 10000 - 1 / 3), 0.02)

    def test_bench(self):
        self.passes("--bench=0.05", data=False)
        found = re.search(r"^latency_us min=([0-9.]+) median=([0-9.]+) runs=(\d+)$", self.out, re.M)
        self.assertTrue(found, self.said)
        self.assertLessEqual(float(found.group(1)), float(found.group(2)))
        self.assertGreaterEqual(int(found.group(3)), 3)

    def test_shape_error_is_named(self):
        self.fails("AICC_E_SHAPE (3)", "--dim=N=2000000", data=False)

    def test_cpu_level_error_is_named(self):
        self.fails("AICC_E_CPU (6)", "--cpu", "v4", data=False)

    def test_dims_too_large(self):
        self.fails("too large", "--dim=N=4611686018427387904", data=False)


class Unbounded(Case):
    """An output without a useful bound, and a workspace that must grow."""

    def test_capacity_is_enlarged(self):
        n = 100000
        self.write(
            input_0__pb=pb(INT64, [1], longs(n)),
            output_0__npy=npy("<i8", [n], array.array("q", range(n)).tobytes()),
            output_1__pb=pb(STRING, [1], typed=field(6, 2, b"hello")),
        )
        self.passes("--entry", "unbounded", "--bench=0.01")
        self.assertIn("output range int64[100000] ok", self.out)
        self.assertIn("output text string[1] ok", self.out)
        self.write(output_1__pb=pb(STRING, [1], typed=field(6, 2, b"hellO")))
        self.fails('got "hello" expected "hellO"', "--entry", "unbounded")


class Faults(Case):
    """Entry points that break the interface are caught."""

    def setUp(self):
        super().setUp()
        self.write(input_0__pb=pb(INT32, [4], ints(5, 6, 7, 8)), output_0__pb=pb(INT32, [4], ints(5, 6, 7, 8)))

    def crashes(self, expected, *arguments):
        code = self.run_it(*arguments)
        self.assertLess(code, 0, self.said)  # ended by a signal
        self.assertIn(expected, self.err)

    def test_writes_past_the_end(self):
        self.crashes("0 bytes past the end of output w", "--entry=past_end")
        self.fails("output w: the model wrote 0 bytes past its end", "--entry=past_end", "--misalign")

    def test_writes_before_the_start(self):
        self.fails("output w: the model wrote", "--entry=before_start")

    def test_writes_an_input(self):
        self.crashes("writing into input v", "--entry=writes_input")

    def test_writes_past_the_workspace(self):
        self.crashes("0 bytes past the end of workspace", "--entry=past_workspace")
        self.fails("workspace of past_odd_workspace: the model wrote 0 bytes past its end", "--entry=past_odd_workspace")

    def test_contradicts_itself(self):
        self.fails("dim 0 of output w is 4, output_dims says 5", "--entry=wrong_dims")

    def test_changes_between_runs(self):
        self.fails("changed from one run to another", "--entry=changing", "--no-compare", "--bench=0.01")

    def test_sequence(self):
        self.fails("only tensors can be run", "--entry=sequence")

    def test_statuses_are_named(self):
        names = "ARGUMENT WORKSPACE SHAPE INDEX CAPACITY CPU WEIGHTS VALUE".split()
        for number, name in enumerate(names, 1):
            self.write(input_0__pb=pb(INT32, [4], ints(number, 0, 0, 0)))
            self.fails("AICC_E_%s (%d)" % (name, number), "--entry=status")
        self.write(input_0__pb=pb(INT32, [4], ints(-5, 0, 0, 0)))
        self.fails("unknown status -5", "--entry=status")


class Types(Case):
    """Every element type, from raw and typed fields and from .npy, at odd sizes, exactly."""

    # name, number, bytes of six elements as stored, typed fields that say the same, npy descr
    def rows(self):
        def packed(number, values):
            return field(number, 2, b"".join(map(varint, values)))

        def loose(number, values):
            return b"".join(field(number, 0, varint(v)) for v in values)

        small, signed = [0, 1, 2, 3, 100, 127], [0, 1, -1, 127, -128, 5]
        halves = struct.pack("<6e", 0, 1, -2, 0.5, 1e-7, float("inf"))
        half_codes = struct.unpack("<6H", halves)
        doubles = struct.pack("<6d", 1, -2, 1e300, 5e-324, 0, 3)
        complex64, complex128 = floats(*range(12)), struct.pack("<12d", *range(12))
        nan_byte = bytes([0x00, 0x38, 0xB8, 0x01, 0x7F, 0x70])
        yield "float32", 1, floats(*range(6)), field(4, 2, floats(*range(6))), "<f4"
        yield "float32", 1, floats(*range(6)), b"".join(field(4, 5, floats(i)) for i in range(6)), "<f4"
        yield "uint8", 2, bytes(small), packed(5, small), "|u1"
        yield "int8", 3, struct.pack("<6b", *signed), loose(5, signed), "|i1"
        yield "uint16", 4, struct.pack("<6H", *small), packed(5, small), "<u2"
        yield "int16", 5, struct.pack("<6h", *signed), packed(5, signed), "<i2"
        yield "int32", 6, ints(*signed), packed(5, signed), "<i4"
        yield "int64", 7, longs(*signed[:5], -(1 << 63)), loose(7, [*signed[:5], -(1 << 63)]), "<i8"
        yield "bool", 9, bytes([0, 1, 1, 0, 0, 1]), packed(5, [0, 1, 1, 0, 0, 1]), "|b1"
        yield "float16", 10, halves, packed(5, half_codes), "<f2"
        yield "float64", 11, doubles, field(10, 2, doubles), "<f8"
        yield "float64", 11, doubles, b"".join(field(10, 1, doubles[i : i + 8]) for i in range(0, 48, 8)), "<f8"
        yield "uint32", 12, struct.pack("<6I", *small[:5], 4000000000), packed(11, [*small[:5], 4000000000]), "<u4"
        yield "uint64", 13, struct.pack("<6Q", *small[:5], (1 << 64) - 1), loose(11, [*small[:5], (1 << 64) - 1]), "<u8"
        yield "complex64", 14, complex64, field(4, 2, complex64), "<c8"
        yield "complex128", 15, complex128, field(10, 2, complex128), "<c16"
        yield "bfloat16", 16, struct.pack("<6H", *half_codes), packed(5, half_codes), "<V2"
        for name, number in ("float8e4m3fn", 17), ("float8e4m3fnuz", 18), ("float8e5m2", 19), ("float8e5m2fnuz", 20), ("float8e8m0", 24):
            yield name, number, nan_byte, packed(5, nan_byte), "|V1"
        for name, number in ("uint4", 21), ("int4", 22), ("float4e2m1", 23):
            yield name, number, b"\x21\x43\xf5", packed(5, b"\x21\x43\xf5"), "4"
        for name, number in ("uint2", 25), ("int2", 26):
            yield name, number, b"\xe4\x06", packed(5, b"\xe4\x06"), "2"

    def test_all(self):
        for name, number, raw, typed, descr in self.rows():
            with self.subTest(name):
                self.write(input_0__pb=pb(number, [2, 3], raw), output_0__pb=pb(number, [2, 3], typed=typed, packed_dims=True))
                self.passes("--entry", "copy_" + name)
                self.assertIn("output to %s[2,3] ok max_abs=0" % name, self.out)
                if descr == "4":  # one element per byte
                    file = npy("|V1", [2, 3], bytes([1, 2, 3, 4, 5, 15]))
                elif descr == "2":
                    file = npy("|u1", [2, 3], bytes([0, 1, 2, 3, 2, 1]))
                else:
                    file = npy(descr, [2, 3], raw)
                self.write(output_0__pb=None, output_0__npy=file)
                self.passes("--entry", "copy_" + name, "--misalign")
                saved = os.path.join(self.folder, "saved")
                self.passes("--entry", "copy_" + name, "--save", saved)
                os.replace(os.path.join(saved, "output_0.npy"), os.path.join(self.folder, "output_0.npy"))
                self.passes("--entry", "copy_" + name)
                # The last element differs: the flip of its lowest bit must be seen.
                wrong = bytearray(raw)
                wrong[-1 if number in (9,) or len(raw) <= 6 else -len(raw) // 6] ^= {25: 4, 26: 4, 21: 16, 22: 16, 23: 16}.get(number, 1)
                self.write(output_0__npy=None, output_0__pb=pb(number, [2, 3], bytes(wrong)))
                self.fails("1 of 6 elements differ", "--entry", "copy_" + name, "--rtol=0", "--atol=0")
                self.assertIn("first at [1,2]" if number not in (10, 16) else "first at ", self.out)
                self.write(output_0__pb=None)
                self.passes("--entry", "copy_" + name, "--random=3", "--dim=A=9", "--dim=B=5", "--hash", "--threads=2", data=False)

    def test_strings(self):
        words = ["", "a", "zwölf", 'with "quotes"', "\x01", "x" * 1000]
        typed = b"".join(field(6, 2, w.encode()) for w in words)
        self.write(input_0__pb=pb(STRING, [2, 3], typed=typed), output_0__pb=pb(STRING, [2, 3], typed=typed))
        self.passes("--entry", "copy_string", "--hash")
        self.passes("--entry", "copy_string", "--no-compare")
        self.assertIn('string[2,3] first="","a","zwölf","with \\x22quotes\\x22","\\x01","xxx', self.out)
        self.write(output_0__pb=pb(STRING, [2, 3], typed=typed.replace(b"zw", b"zv")))
        self.fails("first at [0,2]", "--entry", "copy_string")
        self.write(output_0__pb=pb(STRING, [2, 3], typed=typed[:-1003]))
        self.fails("output_0.pb has a number of values", "--entry", "copy_string")

    def test_decoded_values(self):
        """What codes stand for, from the ONNX documents on small floats."""
        for name, number, code, value in (
            ("float16", 10, b"\x01\x00", "5.96046448e-08"),
            ("float16", 10, b"\x00\xfc", "-inf"),
            ("float16", 10, b"\xff\x7b", "65504"),
            ("bfloat16", 16, b"\x80\x3f", "1"),
            ("bfloat16", 16, b"\x49\x40", "3.140625"),
            ("float8e4m3fn", 17, b"\x7e", "448"),
            ("float8e4m3fn", 17, b"\x01", "0.001953125"),
            ("float8e4m3fnuz", 18, b"\x7f", "240"),
            ("float8e5m2", 19, b"\x7b", "57344"),
            ("float8e5m2", 19, b"\x7c", "inf"),
            ("float8e5m2fnuz", 20, b"\x7f", "57344"),
            ("float4e2m1", 23, b"\x07", "6"),
            ("float4e2m1", 23, b"\x0f", "-6"),
            ("float4e2m1", 23, b"\x01", "0.5"),
            ("float8e8m0", 24, b"\x7f", "1"),
            ("float8e8m0", 24, b"\x80", "2"),
            ("int4", 22, b"\x08", "-8"),
            ("int2", 26, b"\x02", "-2"),
            ("uint4", 21, b"\x0f", "15"),
            ("uint64", 13, b"\xff" * 8, "18446744073709551615"),
        ):
            self.write(input_0__pb=pb(number, [1, 1], code))
            self.passes("--entry", "copy_" + name, "--no-compare")
            self.assertIn("%s[1,1] first=%s min=%s max=%s\n" % (name, value, value, value), self.out)
        for name, number, code in ("float8e4m3fn", 17, b"\x7f"), ("float8e4m3fnuz", 18, b"\x80"), ("float8e5m2", 19, b"\x7d"), ("float8e5m2fnuz", 20, b"\x80"), ("float8e8m0", 24, b"\xff"):
            self.write(input_0__pb=pb(number, [1, 1], code))
            self.passes("--entry", "copy_" + name, "--no-compare")
            self.assertIn("nan=1", self.out)


class CommandLine(Case):
    def test_usage_errors(self):
        for arguments in (
            ["--no-such-option"],
            ["-x"],
            ["second.o"],
            ["--rtol=x"],
            ["--rtol=-1"],
            ["--rtol"],
            ["--dim", "N"],
            ["--dim", "=3"],
            ["--dim", "N=-3"],
            ["--random", "x"],
            ["--threads", "-1"],
            ["--threads", "99999"],
            ["--bench=0"],
            ["--cpu=v9"],
            ["--misalign=yes"],
            ["--entry", "none"],
        ):
            self.assertEqual(self.run_it(*arguments, data=False), 2, self.said)
            self.assertTrue(self.err.startswith("aicc-run: "), self.said)
        self.assertEqual(subprocess.run([AICC_RUN], capture_output=True).returncode, 2)

    def test_help_and_version(self):
        self.passes("--help", data=False)
        self.assertTrue(self.out.startswith("usage: aicc-run MODEL"))
        self.passes("--version", data=False)
        self.assertRegex(self.out, r"^aicc-run \S+\n$")

    def test_missing_model(self):
        for path in "/nonexistent.o", "/nonexistent.so", "/nonexistent.onnx":
            self.fails("No such file", model=path, data=False)

    def test_compiles_a_model_first(self):
        """Stands in for the compiler with a script that checks its arguments and copies the sample."""
        script = os.path.join(self.folder, "compiler")
        model = os.path.join(self.folder, "m.onnx")
        with open(script, "w") as file:
            file.write('#!/bin/sh\necho "$@" > "%s/arguments"\n[ "$2" = -o ] && cp "%s" "$3"\n' % (self.folder, OBJECT))
        os.chmod(script, 0o755)
        temporary = os.path.join(self.folder, "temporary")
        os.mkdir(temporary)
        self.write(m__onnx=b"model")
        environment = {"AICC": script, "TMPDIR": temporary}
        self.passes("--dim=N=2", "--", "--cpu=v3", "-O1", model=model, data=False, environment=environment)
        with open(os.path.join(self.folder, "arguments")) as file:
            self.assertRegex(file.read(), r"^%s -o %s/\S+\.o --cpu=v3 -O1\n$" % (re.escape(model), re.escape(temporary)))
        self.assertEqual(os.listdir(temporary), [])
        with open(script, "w") as file:
            file.write("#!/bin/sh\nexit 3\n")
        self.fails("could not be compiled (aicc: exit status 3)", model=model, data=False, environment=environment)
        self.fails("cannot be run", model=model, data=False, environment={"AICC": "/nonexistent/aicc"})
        self.assertEqual(os.listdir(temporary), [])


if __name__ == "__main__":
    AICC_RUN, OBJECT, SHARED = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
