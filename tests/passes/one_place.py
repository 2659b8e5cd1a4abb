# SPDX-License-Identifier: Apache-2.0
"""One place for one fact: how contractions are stored and done, and what caches hold. one_place.py SOURCES"""
import os
import re
import sys

TOP = sys.argv[1]
FOLDERS = ["compiler", "passes", "codegen", "frontends", "runtime", "tools"]
# What may stand where, by expressions over the code without comments; the last number: how many files may have it at most.
RULES = [
    ("panels", r"(?i)panel", None, 3),
    ("sizes of caches", r"\b(line_bytes|set_bytes|set_lines|core_bytes)\b", {"compiler/ir/machine.h", "compiler/ir/machine.c", "compiler/loop/cost.c"}, None),
    ("kilobytes", r"\b1024 *\*|\* *1024\b", {"compiler/ir/machine.c", "compiler/base/arena.c", "tools/aicc-run/buffers.c", "tools/aicc-run/run.c"}, None),
    ("thresholds of contractions", r"(?i)\b(few|column|row)_(rows|columns|tile|block|blocks)\w* *=[^=]",
     {"passes/contract_plan.c", "passes/contract_plan.h"}, None),
    ("blocks of columns", r"\bstorage_blocks\b", {"compiler/ir/storage_order.h", "compiler/ir/storage_order.c", "passes/lower_contract.c"}, None),
    ("costs of a tile's step", r"\bcost_tile_step\b", {"compiler/loop/cost.h", "compiler/loop/cost.c", "codegen/llvm/tile_shape.c"}, None),
]
# Names that must be there, so that a rule does not hold because what it looks for was renamed.
FOUND = {"sizes of caches", "kilobytes", "thresholds of contractions", "blocks of columns", "costs of a tile's step"}


def code_of(path):
    text = open(path, encoding="utf-8").read()
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)
    return re.sub(r"//[^\n]*", "", text)


files = {}
for folder in FOLDERS:
    for where, _, names in os.walk(os.path.join(TOP, folder)):
        for name in names:
            if name.endswith((".c", ".h", ".def")):
                path = os.path.join(where, name)
                files[os.path.relpath(path, TOP)] = code_of(path)
failures = []
for title, expression, allowed, most in RULES:
    having = {path for path, code in files.items() if re.search(expression, code)}
    if allowed is not None:
        failures += ["%s: %s in %s" % (title, re.search(expression, files[path]).group(0), path) for path in sorted(having - allowed)]
    elif len(having) > most:
        failures.append("%s: in %d files, of at most %d: %s" % (title, len(having), most, ", ".join(sorted(having))))
    if title in FOUND and not having:
        failures.append("%s: nowhere: what does the rule look for?" % title)
if len(files) < 100:
    failures.append("only %d files were found" % len(files))
print("\n".join(failures) or "%d files, %d rules" % (len(files), len(RULES)))
sys.exit(bool(failures))
