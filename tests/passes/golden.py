# SPDX-License-Identifier: Apache-2.0
"""Golden tests of passes. A file is a list of cases:

    //// PASSES: what the case is about
    text of a graph or a program
    //// gives
    the exact text after those passes

golden.py AICC_OPT FILE            compares, and prints a diff
golden.py AICC_OPT FILE --update   writes what aicc-opt prints into the file: read the diff before you commit it"""
import difflib
import os
import re
import subprocess
import sys

OPT, PATH = sys.argv[1:3]
UPDATE = sys.argv[3:] == ["--update"]


def run_case(passes, text):
    done = subprocess.run([OPT, "-", "-p", passes], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, AICC_VERIFY="1"))
    return done.stdout.decode() + done.stderr.decode() + ("" if done.returncode == 0 else "exit %d\n" % done.returncode)


source = open(PATH).read()
cases = re.split(r"^//// (?!gives)(\S+): (.*)\n", source, flags=re.M)
output, failed = [cases[0]], 0
for passes, title, body in zip(cases[1::3], cases[2::3], cases[3::3]):
    given, _, wanted = body.partition("//// gives\n")
    got = run_case(passes, given)
    output.append("//// %s: %s\n%s//// gives\n%s" % (passes, title, given, got))
    if got != wanted and not UPDATE:
        failed += 1
        print("FAILED %s: %s" % (passes, title))
        sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True), "expected", "got"))
if UPDATE:
    open(PATH, "w").write("".join(output))
elif failed:
    print("to accept the new text: golden.py AICC_OPT %s --update" % PATH)
print("%d cases, %d failed" % (len(output) - 1, failed))
sys.exit(failed != 0 or len(output) < 2)
