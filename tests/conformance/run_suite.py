# SPDX-License-Identifier: Apache-2.0
"""Runs a folder of ONNX backend tests through the real object path: compile, link, load, run at every CPU level,
compare. What must pass is derived, never copied from results: a test is required when aicc's operator table has
every operator of its model, aicc computes with every element type in it, and only tensors stand at its boundary.
exceptions.tsv takes single tests out, with a reason; an exception that is no longer needed is an error. What is
not required must pass too, or be refused by the compiler: exit code 1, a message, no file.

usage: run_suite.py --aicc PATH --aicc-run PATH --operators PATH --work DIR [--archive FILE] [--only PATTERN]
                    ROOT | ROOT/group ..."""
import argparse
import collections
import concurrent.futures
import fnmatch
import glob
import os
import shutil
import subprocess
import sys
import tarfile
import time

import cpu
import onnx_wire
import tolerances

SKIPPED = 77
COMPUTED = {onnx_wire.FLOAT, onnx_wire.DOUBLE, onnx_wire.FLOAT16, onnx_wire.BFLOAT16, onnx_wire.BOOL,
            onnx_wire.INT8, onnx_wire.INT16, onnx_wire.INT32, onnx_wire.INT64, onnx_wire.UINT8, onnx_wire.UINT16,
            onnx_wire.UINT32, onnx_wire.UINT64}
COMPILE_SECONDS, RUN_SECONDS = 60, 60

Result = collections.namedtuple("Result", "name required outcome detail")  # outcome: passed refused failed


class Suite:
    def __init__(self, arguments):
        self.arguments = arguments
        self.levels = cpu.levels()
        self.tolerances = tolerances.Tolerances()
        self.supported = collections.defaultdict(list)
        table = subprocess.run([arguments.operators], check=True, stdout=subprocess.PIPE, text=True).stdout
        for line in table.splitlines():
            domain, name, since, until = line.split("\t")[:4]
            self.supported[domain, name].append((int(since), int(until) or 1 << 30))
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exceptions.tsv")
        with open(path, encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file]
        rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
        self.exceptions = [row[1:] for row in rows if fnmatch.fnmatchcase(os.path.basename(arguments.work), row[0])]

    def exception(self, name):
        return next((row[0] for row in self.exceptions if fnmatch.fnmatchcase(name, row[0])), None)

    def has_operator(self, domain, name, opset):
        return any(since <= opset <= until for since, until in self.supported.get((domain, name), ()))

    def is_required(self, name, model):
        return (not model.has_containers and model.element_types <= COMPUTED and self.exception(name) is None and
                all(self.has_operator(*operator) for operator in model.operators))

    def run(self, folder):
        name = os.path.basename(folder)
        path = os.path.join(folder, "model.onnx")
        with open(path, "rb") as file:
            required = self.is_required(name, onnx_wire.Model(file.read()))
        work = os.path.join(self.arguments.work, name)
        os.makedirs(work)
        try:
            outcome, detail = self.compile_and_compare(folder, path, work)
        finally:
            shutil.rmtree(work)
        return Result(name, required, outcome, detail)

    def compile_and_compare(self, folder, path, work):
        library = os.path.join(work, "model.so")
        try:
            compiled = subprocess.run([self.arguments.aicc, path, "--shared", "-o", library, "--name", "model"],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      timeout=COMPILE_SECONDS)
        except subprocess.TimeoutExpired:
            return "failed", "aicc takes more than %d s" % COMPILE_SECONDS
        message = compiled.stderr.decode(errors="replace").strip()
        if compiled.returncode == 0 and not message:
            return self.compare(folder, library)
        if compiled.returncode == 0:
            return "failed", "compiled, but not silently: " + message
        if compiled.returncode != 1 or not message:
            return "failed", "aicc ends with code %d: %s" % (compiled.returncode, message[-400:])
        if os.listdir(work):
            return "failed", "refused, but a file is left behind: %s" % os.listdir(work)
        return "refused", message.splitlines()[0]

    def compare(self, folder, library):
        rtol, atol = self.tolerances.find("onnx", os.path.basename(folder))
        data_sets = sorted(glob.glob(os.path.join(folder, "test_data_set_*")))
        if not data_sets:
            return "failed", "there is no data"
        for data in data_sets:
            for level in self.levels:
                try:
                    ran = subprocess.run([self.arguments.aicc_run, library, "--data", data, "--rtol", rtol, "--atol",
                                          atol, "--cpu", level], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, timeout=RUN_SECONDS)
                except subprocess.TimeoutExpired:
                    return "failed", "%s: takes more than %d s" % (level, RUN_SECONDS)
                if ran.returncode != 0:
                    return "failed", "%s: %s" % (level, ran.stdout.decode(errors="replace").strip()[-400:])
        return "passed", ""

    def judge(self, results):
        """Prints the counts and all failures; returns the number of failures."""
        failures = [r for r in results if r.outcome == "failed" and not self.exception(r.name)]
        failures += [r for r in results if r.outcome == "refused" and r.required]
        for result in sorted(failures):
            kind = "required" if result.required else "not required, but neither right nor refused"
            print("FAILED: %s (%s): %s" % (result.name, kind, result.detail))
        stale = 0
        excepted = collections.defaultdict(list)
        for result in results:
            if self.exception(result.name):
                excepted[self.exception(result.name)].append(result)
        for pattern, matched in excepted.items():
            if all(r.outcome == "passed" for r in matched):
                stale += 1
                print("FAILED: the exception %s is no longer needed" % pattern)
        required = [r for r in results if r.required]
        count = collections.Counter(r.outcome for r in results)
        print("%d tests at %s: %d required, of which %d pass; of the others %d pass, %d are refused, %d are exceptions"
              % (len(results), " ".join(self.levels), len(required),
                 sum(r.outcome == "passed" for r in required), count["passed"] - sum(r.outcome == "passed" for r in
                                                                                     required),
                 sum(r.outcome == "refused" and not r.required for r in results),
                 sum(len(matched) for matched in excepted.values())))
        if not required:
            print("FAILED: nothing was required")
        return len(failures) + stale + (not required)


def unpack(archive, folder):
    """Unpacks once; a mark says that it is complete."""
    mark = os.path.join(folder, "unpacked")
    stamp = "%d %d" % (os.path.getsize(archive), os.path.getmtime(archive))
    if os.path.exists(mark) and open(mark, encoding="ascii").read() == stamp:
        return
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    with open(mark, "w", encoding="ascii") as file:
        file.write(stamp)


def main():
    parser = argparse.ArgumentParser()
    for option in ("aicc", "aicc-run", "operators", "work"):
        parser.add_argument("--" + option, required=True)
    parser.add_argument("--archive", help="relative to AICC_TESTDATA; unpacked in front of the roots")
    parser.add_argument("--only", default="*")
    parser.add_argument("roots", nargs="+", help="folders of tests")
    arguments = parser.parse_args()
    roots = arguments.roots
    if arguments.archive:
        data = os.environ.get("AICC_TESTDATA")
        if not data:
            print("SKIPPED: AICC_TESTDATA is not set")
            return SKIPPED
        unpacked = arguments.work + ".data"
        unpack(os.path.join(data, arguments.archive), unpacked)
        roots = [os.path.join(unpacked, root) for root in roots]
    for root in roots:
        if not os.path.isdir(root):
            print("SKIPPED: no folder %s (package libonnx-testdata)" % root)
            return SKIPPED
    cpu.report_missing()
    shutil.rmtree(arguments.work, ignore_errors=True)
    os.makedirs(arguments.work)
    suite = Suite(arguments)
    folders = [os.path.dirname(p) for root in roots for p in sorted(glob.glob(os.path.join(root, "*", "model.onnx")))]
    folders = [f for f in folders if fnmatch.fnmatchcase(os.path.basename(f), arguments.only)]
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(suite.run, folders))
    shutil.rmtree(arguments.work)
    failures = suite.judge(results)
    print("%.0f s" % (time.monotonic() - start))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
