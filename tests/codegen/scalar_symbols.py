# SPDX-License-Identifier: Apache-2.0
"""No object has undefined symbols: every scalar function of the table on every element type that it accepts, every cast,
and the choices between compared operands that instruction selection takes for minima and maxima, as one graph per element
type, for every target and at every level of optimisation. LLVM lowers some functions on some types to calls of libm or of
the compiler's library, which objects do not have.

usage: scalar_symbols.py AICC AICC_REFERENCE"""
import concurrent.futures
import os
import subprocess
import sys
import tempfile

AICC, AICC_REFERENCE = sys.argv[1:3]
FLOATS = ["f16", "bf16", "f32", "f64"]
INTEGERS = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"]
CLASSES = {"floats": FLOATS, "integers": INTEGERS, "bool": ["bool"]}
TYPES = FLOATS + INTEGERS + ["bool"]
BITS = {"f16": 16, "bf16": 16, "f32": 32, "f64": 64, "bool": 8}
TARGETS = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
EXTENT = 67  # whole vectors and a rest at every level


def bits(element):
    return BITS.get(element) or int(element[1:])


def scalars():
    """(name, arity, element types, result: same, bool or given)"""
    text = subprocess.run([AICC_REFERENCE, "scalars"], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) < 6 or not cells[0].startswith("`"):
            continue
        types = [element for word in cells[2].split(", ") for element in CLASSES[word]]
        yield cells[0].strip("`"), int(cells[1]), types, cells[3]


class Graph:
    """The text of a graph over two inputs of a type and a bool, which gives everything that is put into it."""

    def __init__(self, element):
        self.element, self.lines, self.results, self.count = element, [], [], 3

    def value(self, element, dims, right):
        self.lines.append("    %%%d: %s%s = %s" % (self.count, element, dims, right))
        self.count += 1
        return self.count - 1

    def give(self, element, right, dims="[%d]" % EXTENT):
        self.results.append((self.value(element, dims, right), element, dims))

    def text(self):
        shape = "%s[%d]" % (self.element, EXTENT)
        outputs = ", ".join('"y%d": %s%s' % (k, element, dims) for k, (_, element, dims) in enumerate(self.results))
        blob = "  blob #0 : %s x 1 = [%s]" % (self.element, "1" if self.element == "bool" or self.element[0] in "iu" else "1.5")
        return "\n".join(['module "scalars" hash "0000000000000000" {', blob,
                          '  entry @run(%%0 "a": %s, %%1 "b": %s, %%2 "c": bool[%d]) -> (%s) {' % (shape, shape, EXTENT, outputs)] +
                         self.lines + ["    return " + ", ".join("%%%d" % value for value, _, _ in self.results), "  }", "}", ""])


def graph_of(element):
    graph = Graph(element)
    compared = []
    for name, arity, types, result in scalars():
        if element not in types:
            continue
        if name in ("cast", "bitcast"):
            for other in types:
                if name == "cast" or bits(other) == bits(element) and element not in ("f16", "bf16") and other not in ("f16", "bf16"):
                    graph.give(other, "%s(%%0)" % name)
            continue
        operands = {1: "%0", 2: "%0, %1", 3: "%2, %0, %1"}[arity]
        graph.give("bool" if result == "bool" else element, "%s(%s)" % (name, operands))
        if result == "bool":
            compared.append(name)
    one = graph.value(element, "[]", "constant #0")
    for name in compared:
        for other in ("%1", "%%%d" % one):
            truth = graph.value("bool", "[%d]" % EXTENT, "%s(%%0, %s)" % (name, other))
            graph.give(element, "select(%%%d, %%0, %s)" % (truth, other))
            graph.give(element, "select(%%%d, %s, %%0)" % (truth, other))
    for monoid, types in (("add", FLOATS + INTEGERS), ("mul", FLOATS + INTEGERS), ("max", FLOATS + INTEGERS), ("min", FLOATS + INTEGERS),
                          ("and", INTEGERS + ["bool"]), ("or", INTEGERS + ["bool"])):
        if element in types:
            graph.give(element, "reduce %s(%%0[i]) -> []" % monoid, "[]")
    if element in FLOATS:
        graph.give(element, "softmax(%0) <axis=0, log=0>")
        graph.give(element, "softmax(%0) <axis=0, log=1>")
    if element != "bool":
        graph.give(element, "contract(%0[i], %1[i]) -> []", "[]")
        graph.give(element, "contract(%%0[i], %%1[j]) -> [i, j]" % (), "[%d,%d]" % (EXTENT, EXTENT))
    return graph


def compile_alone(folder, element, target, options):
    """What is wrong with the object, or nothing."""
    graph, output = os.path.join(folder, element + ".aicc-ir"), os.path.join(folder, "%s-%s%s.o" % (element, target, options[0]))
    done = subprocess.run([AICC, graph, "-o", output, "--name=m", "--target=" + target, *options], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode or done.stdout.strip():
        return done.stdout.strip() or "exit code %d" % done.returncode
    return subprocess.run(["nm", "-u", output], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def main():
    with tempfile.TemporaryDirectory(prefix="aicc-scalars-") as folder:
        for element in TYPES:
            with open(os.path.join(folder, element + ".aicc-ir"), "w", encoding="utf-8") as file:
                file.write(graph_of(element).text())
        cases = [(folder, element, target, options) for element in TYPES for target in TARGETS
                 for options in (["-O0"], ["-O2"], ["-O3", "-g"])]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            problems = list(pool.map(lambda case: compile_alone(*case), cases))
    for case, problem in zip(cases, problems):
        if problem:
            print("FAILED: %s: %s" % (" ".join([*case[1:3], *case[3]]), problem[-500:]))
    failures = sum(bool(problem) for problem in problems)
    print("%d objects, %d failed" % (len(cases), failures))
    return 1 if failures or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
