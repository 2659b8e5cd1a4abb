# SPDX-License-Identifier: Apache-2.0
"""Files of code generation are layers: no two need each other's functions. no_circles.py NM LIBRARY"""
import re
import subprocess
import sys

listing = subprocess.run([sys.argv[1], "-A", sys.argv[2]], stdout=subprocess.PIPE, check=True).stdout.decode()
home, needs = {}, {}
for line in listing.splitlines():
    match = re.match(r"[^:]*:([^:]+):\s*(?:[0-9a-f]+)?\s*(\w) (\S+)", line)
    if not match:
        continue
    file, kind, symbol = match.groups()
    needs.setdefault(file, set())
    if kind == "U":
        needs[file].add(symbol)
    elif kind.isupper():
        home[symbol] = file
below = {file: {home[s] for s in symbols if home.get(s, file) != file} for file, symbols in needs.items()}
files = len(below)
while True:  # take away what needs nothing that is left
    free = [file for file, others in below.items() if not others & below.keys()]
    if not free:
        break
    for file in free:
        del below[file]
print("%d files; in a circle, or above one: %s" % (files, ", ".join(sorted(below)) or "none"))
sys.exit(bool(below) or files < 10)
