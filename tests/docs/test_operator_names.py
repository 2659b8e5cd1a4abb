#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No operator's name stands in the compiler's C sources outside compiler/ops: the definition is the only place.

usage: test_operator_names.py AICC_REFERENCE SOURCE_ROOT

The names come from the table itself, through the reference page. String literals are looked at, not comments."""
import pathlib
import re
import subprocess
import sys

FOLDERS = ["compiler", "frontends", "passes", "codegen", "runtime", "tools"]
DEFINITIONS = pathlib.PurePath("compiler/ops")
TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])+'|"((?:\\.|[^"\\\n])*)\"""", re.S)


def literals(text):
    """(line, content) of every string literal."""
    for match in TOKEN.finditer(text):
        if match.group(1) is not None:
            yield text.count("\n", 0, match.start()) + 1, match.group(1)


def offences(text, names):
    return [(line, content) for line, content in literals(text) if content in names]


def main(reference, root):
    page = subprocess.run([reference, "operators"], check=True, capture_output=True, text=True).stdout
    names = set(re.findall(r"^## (\w+)$", page, re.M))
    assert len(names) > 10, "the reference page lists no operators"

    # The search itself: it must find a name in a literal, and only there.
    some = sorted(names)[0]
    sample = f'/* "{some}" */ // "{some}"\nchar c = \'"\';\nf("{some}"); g("{some}x"); h("a {some}");\n'
    assert offences(sample, names) == [(3, some)], offences(sample, names)

    found, files = [], 0
    root = pathlib.Path(root)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            relative = path.relative_to(root)
            if path.suffix not in (".c", ".h", ".def") or DEFINITIONS in relative.parents:
                continue
            files += 1
            found += [(relative, line, name) for line, name in offences(path.read_text(), names)]
    assert files > 50, f"only {files} sources were found under {root}"
    for path, line, name in found:
        print(f'{path}:{line}: operator name "{name}" outside of {DEFINITIONS}')
    print(f"{len(names)} operator names, {files} files, {len(found)} offences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
