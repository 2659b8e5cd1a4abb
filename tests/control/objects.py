# SPDX-License-Identifier: Apache-2.0
"""Compiles models and compares what their objects give with what numpy says, at every CPU level. The programs are the
first two arguments of the test: AICC AICC_RUN."""
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import cpu  # noqa: E402

AICC, AICC_RUN = sys.argv[1:3]
RUN_SECONDS = 60  # a loop that does not end would hang
failures = checks = 0


def check(ok, name, detail=""):
    global failures, checks
    checks += 1
    if not ok:
        failures += 1
        print("FAILED: %s\n%s" % (name, detail))


def compile_model(work, proto, *options):
    path, library = os.path.join(work, "model.onnx"), os.path.join(work, "model.so")
    onnx.save(proto, path)
    done = subprocess.run([AICC, path, "--shared", "-o", library, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=dict(os.environ, AICC_VERIFY="1"))
    return done, library


def write_data(work, kind, tensors):
    for index, array in enumerate(tensors):
        with open(os.path.join(work, "%s_%d.pb" % (kind, index)), "wb") as file:
            file.write(numpy_helper.from_array(np.array(array, order="C")).SerializeToString())


def run_object(work, library, inputs, outputs, *options, tolerance="1e-6"):
    for old in os.listdir(work):
        if old.endswith(".pb"):
            os.unlink(os.path.join(work, old))
    write_data(work, "input", inputs)
    write_data(work, "output", outputs)
    return subprocess.run([AICC_RUN, library, "--data", work, "--rtol", tolerance, "--atol", tolerance, *options],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=RUN_SECONDS)


def expect(name, proto, *cases, options=(), tolerance="1e-6"):
    """Each case: (inputs, outputs) in the model's order."""
    with tempfile.TemporaryDirectory() as work:
        done, library = compile_model(work, proto, *options)
        check(done.returncode == 0 and not done.stderr, name + ": compiles", done.stderr)
        if done.returncode:
            return
        undefined = subprocess.run(["nm", "-u", library], stdout=subprocess.PIPE, text=True).stdout.split("\n")
        check(not [line for line in undefined if line.strip() and " w " not in line], name + ": nm -u", undefined)
        for number, (inputs, outputs) in enumerate(cases):
            for level in cpu.levels():
                ran = run_object(work, library, inputs, outputs, "--cpu", level, tolerance=tolerance)
                check(ran.returncode == 0, "%s: case %d at %s" % (name, number, level), ran.stdout)
            ran = run_object(work, library, inputs, outputs, "--threads", "2", tolerance=tolerance)
            check(ran.returncode == 0, "%s: case %d with threads" % (name, number), ran.stdout)


def expect_status(name, proto, inputs, outputs, status):
    """The run ends with a status, at every level and with threads; without outputs nothing is compared."""
    with tempfile.TemporaryDirectory() as work:
        done, library = compile_model(work, proto)
        check(done.returncode == 0, name + ": compiles", done.stderr)
        ways = [["--cpu", level] for level in cpu.levels()] + [["--threads", "2"]]
        for way in ways if done.returncode == 0 else []:
            ran = run_object(work, library, inputs, outputs, *way, *([] if outputs else ["--no-compare"]))
            check(ran.returncode == 1 and status in ran.stdout, "%s %s" % (name, " ".join(way)), ran.stdout)


def expect_error(name, proto, *messages):
    """The compiler refuses, with exactly these messages (parts of lines), in any order."""
    with tempfile.TemporaryDirectory() as work:
        done, _ = compile_model(work, proto)
        lines = [line for line in done.stderr.splitlines() if " error: " in line]
        ok = done.returncode == 1 and len(lines) == len(messages)
        ok = ok and all(any(message in line for line in lines) for message in messages)
        check(ok, name, "%d: %s" % (done.returncode, done.stderr))


def finish():
    """Prints the counts and which levels are missing, and ends the test."""
    cpu.report_missing()
    print("%d checks, %d failed" % (checks, failures))
    sys.exit(1 if failures or not checks else 0)
