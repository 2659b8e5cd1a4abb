# SPDX-License-Identifier: Apache-2.0
"""Random tensor graphs of all primitives and element types in the textual form, through the whole way at every level,
against graph_evaluator.py. Sizes are chosen at run time: some that differ, all 1, and some 0.

Integers, moved types, and floats that every type on the way holds exactly must be the same. Of other floats the graph
carries a bound of the error that roundings can make, from the types and the slopes of the functions.
random_graphs.py AICC AICC_RUN COUNT [SEED]"""
import concurrent.futures
import os
import random
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import cpu  # noqa: E402
import graph_evaluator  # noqa: E402

AICC, RUN, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 1
LEVELS = cpu.levels()
SECONDS = 60
ELEMENTS = 3000  # of a value, and
POINTS = 100000  # of an equation, at the largest sizes
SIZES = [("different", {"N": 3, "M": 5, "K": 3}), ("larger", {"N": 7, "M": 2, "K": 7}), ("one", {"N": 1, "M": 1, "K": 1}),
         ("none", {"N": 0, "M": 3, "K": 0}), ("vectors", {"N": 2, "M": 37, "K": 2})]
LARGEST = [sizes for _, sizes in SIZES]
DIGITS = {"f16": 11, "bf16": 8, "f32": 24, "f64": 53}  # of the significand
INTEGERS = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64"]
ELEMENT_CHOICES = ["f32"] * 8 + ["f64", "f16", "bf16"] + INTEGERS + ["i64", "i32", "bool", "bool"]
# Smooth functions on all numbers: the most that they grow, the most they give for |x| <= b, ulps of their kernels.
SMOOTH = {"tanh": (1, lambda b: 1), "sigmoid": (.25, lambda b: 1), "sin": (1, lambda b: 1), "cos": (1, lambda b: 1),
          "erf": (1.13, lambda b: 1), "atan": (1, lambda b: 1.6), "softplus": (1, lambda b: b + 1), "gelu": (1.13, lambda b: b + 1),
          "gelu_tanh": (1.13, lambda b: b + 1), "mish": (1.1, lambda b: b + 1), "asinh": (1, lambda b: b)}
# On numbers of at least 1.
POSITIVE = {"log": (1, lambda b: b), "sqrt": (.5, lambda b: b), "rsqrt": (.5, lambda b: 1), "recip": (1, lambda b: 1),
            "log1p": (.5, lambda b: b)}


class Dim:
    """A polynomial over symbols: monomials (names, sorted) to coefficients."""

    def __init__(self, terms):
        self.terms = {m: c for m, c in terms.items() if c}

    def __add__(self, other):
        other = as_dim(other)
        return Dim({m: self.terms.get(m, 0) + other.terms.get(m, 0) for m in {**self.terms, **other.terms}})

    def __mul__(self, other):
        terms = {}
        for m, c in self.terms.items():
            for n, d in as_dim(other).terms.items():
                key = tuple(sorted(m + n))
                terms[key] = terms.get(key, 0) + c * d
        return Dim(terms)

    def __str__(self):
        parts = ["*".join(([str(c)] if c != 1 or not m else []) + list(m)) for m, c in sorted(self.terms.items(), reverse=True)]
        return ("+".join(parts) or "0").replace("+-", "-")

    def __eq__(self, other):
        return self.terms == as_dim(other).terms

    def __hash__(self):
        return hash(frozenset(self.terms.items()))

    def at(self, sizes):
        values = dict(sizes, floordiv=lambda a, b: a // b)
        return eval(str(self), values)  # pylint: disable=eval-used

    def number(self):
        return self.terms.get((), 0) if not set(self.terms) - {()} else None


def as_dim(value):
    return value if isinstance(value, Dim) else Dim({(value,): 1}) if isinstance(value, str) else Dim({(): value})


class Value:
    """bound: of absolute values; step: all are its multiples, None where roundings took part; error: what roundings can
    make of it; empty: a maximum or minimum over no points may have come in."""

    def __init__(self, name, element, dims, bound, step, error=0.0, empty=False):
        self.name, self.element, self.dims = name, element, tuple(dims)
        self.bound, self.step, self.error, self.empty = bound, step, error, empty

    def type(self):
        return "%s[%s]" % (self.element, ",".join(map(str, self.dims)))

    def count(self, sizes):
        count = 1
        for dim in self.dims:
            count *= dim.at(sizes)
        return count


def is_float(element):
    return element in DIGITS


def most_of(element):
    return 1 if element == "bool" or element in graph_evaluator.MOVED else 2 ** (int(element[1:]) - (element[0] == "i"))


class Graph:
    def __init__(self, rng):
        self.rng = rng
        self.next = 0
        self.blobs, self.inputs, self.fillers, self.results = [], [], {}, []
        self.scopes = [[]]     # values that can be read, by region
        self.bodies = [[]]     # lines, by region
        self.requires = []

    # --- Values and lines. ---

    def name(self):
        self.next += 1
        return "%%%d" % (self.next - 1)

    def values(self):
        return [v for scope in self.scopes for v in scope]

    def pick(self, test=lambda v: True):
        found = [v for v in self.values() if test(v)]
        return self.rng.choice(found[-6:] + found[-2:]) if found else None

    def line(self, text):
        self.bodies[-1].append("  " * (len(self.bodies) + 1) + text)

    def emit(self, element, dims, text, bound=None, step=1, error=0.0, empty=False, operands=()):
        dims = tuple(as_dim(d) for d in dims)
        if bound is None:
            bound = max([v.bound for v in operands] or [1])
        if is_float(element):
            if step is not None and bound >= step * 2 ** (DIGITS[element] - 1):
                step = None
            if step is None:
                error += bound * 2.0 ** -(DIGITS[element] - 1)
        else:
            bound, step, error = min(bound, most_of(element)), 1, 0.0
        value = Value(self.name(), element, dims, bound, step, error, empty or any(v.empty for v in operands))
        self.line("%s: %s = %s" % (value.name, value.type(), text))
        self.scopes[-1].append(value)
        return value

    def input(self, element, dims, low=None, high=None):
        """Numbers in [low, high), which are multiples of a step."""
        dims = tuple(as_dim(d) for d in dims)
        step = self.rng.choice([1, .5, .25]) if is_float(element) else 1
        if low is None:
            low, high = (-2, 3) if is_float(element) else (0, 2) if element == "bool" else (0, 100) if element[0] == "u" else (-50, 50)
        value = Value(self.name(), element, dims, max(abs(low), abs(high)), step if is_float(element) else 1)
        self.inputs.append(value)
        self.fillers[value.name] = (low, high, step)
        self.scopes[0].append(value)
        return value

    def constant(self, element, dims, numbers=None):
        count = 1
        for dim in dims:
            count *= dim
        if numbers is None:
            low, high = (0, 2) if element == "bool" else (0, 5) if element[0] == "u" else (-3, 4)
            numbers = [self.rng.randrange(low, high) for _ in range(count)]
        if element == "bool":
            text = ", ".join("%d" % n for n in numbers)
        else:
            text = ", ".join("%.1f" % n if is_float(element) else str(n) for n in numbers)
        self.blobs.append("  blob #%d : %s x %d = [%s]" % (len(self.blobs), element, count, text))
        return self.emit(element, dims, "constant #%d" % (len(self.blobs) - 1), bound=max([abs(n) for n in numbers] or [1]))

    def fits(self, dims, points=()):
        for sizes in LARGEST:
            count = 1
            for dim in dims:
                count *= max(as_dim(dim).at(sizes), 1)
            total = 1
            for dim in points:
                total *= max(as_dim(dim).at(sizes), 1)
            if count > ELEMENTS or total > POINTS:
                return False
        return True

    def text(self):
        arguments = ", ".join('%s "x%d": %s' % (v.name, i, v.type()) for i, v in enumerate(self.inputs))
        results = ", ".join('"y%d": %s' % (i, v.type()) for i, v in enumerate(self.results))
        lines = ['module "m" hash "0000000000000000" {']
        lines += ["  symbol %s in [0, 100]" % s for s in "NMK"] + self.blobs
        lines += ["  entry @run(%s) -> (%s) {" % (arguments, results)] + self.bodies[0]
        return "\n".join(lines + ["    return " + ", ".join(v.name for v in self.results), "  }", "}", ""])


# --- Maps. ---

def broadcast_to(g, value, dims):
    """A view of the value (of rank 0, or of some of the dims) that has the dims."""
    letters = "abcdefgh"[:len(dims)]
    if not value.dims:
        return value
    access, j = [], 0
    for letter, dim in zip(letters, dims):
        if j < len(value.dims) and value.dims[j] == dim:
            access.append(letter)
            j += 1
    if j < len(value.dims):
        return None
    extents = ", ".join("%s=%s" % pair for pair in zip(letters, dims))
    return g.emit(value.element, dims, "view(%s[%s]) -> [%s] {%s}" % (value.name, ", ".join(access), ", ".join(letters), extents),
                  step=value.step, error=value.error, operands=[value])


def partner(g, value):
    """A value of the same type, or of rank 0."""
    def other(v):
        return v.element == value.element and v is not value and (v.dims == value.dims or not v.dims)
    kind = g.rng.random()
    found = g.pick(other)
    if found and kind < .6:
        return found
    if kind < .75:
        some = g.pick(lambda v: v.element == value.element and 0 < len(v.dims) < len(value.dims))
        if some:
            return broadcast_to(g, some, value.dims) or value
    if kind < .9 and value.dims:
        row = g.constant(value.element, [value.dims[-1].number()]) if value.dims[-1].number() else None
        if row:
            return broadcast_to(g, row, value.dims)
    return g.constant(value.element, [])


def binary(g, value=None):
    value = value or g.pick()
    other = partner(g, value)
    a, b = (value, other) if g.rng.random() < .5 else (other, value)
    element, dims = value.element, value.dims
    operands = [a, b]
    if element == "bool":
        return g.emit("bool", dims, "%s(%s, %s)" % (g.rng.choice(["and", "or", "xor", "eq", "ne"]), a.name, b.name), operands=operands)
    if not is_float(element):
        kind = g.rng.choice(["add", "sub", "mul", "div", "mod", "rem", "min", "max", "and", "or", "xor", "shl", "shr", "ipow"])
        bound = {"add": a.bound + b.bound, "mul": a.bound * b.bound, "min": max(a.bound, b.bound), "max": max(a.bound, b.bound),
                 "div": a.bound, "mod": b.bound}.get(kind, most_of(element))
        if element[0] == "u" and kind == "sub" or bound > most_of(element):
            bound = most_of(element)
        return g.emit(element, dims, "%s(%s, %s)" % (kind, a.name, b.name), bound=bound, operands=operands)
    return floats(g, g.rng.choice(["add", "sub", "mul", "min", "max", "add", "mul"]), a, b, dims) or smooth(g, value)


def floats(g, kind, a, b, dims=None):
    """A function of two floats; None where it could grow beyond what the bounds are good for."""
    exact = a.step is not None and b.step is not None
    if kind == "mul":
        bound, error = a.bound * b.bound, a.error * b.bound + b.error * a.bound
        step = a.step * b.step if exact else None
    else:
        bound, error = a.bound + b.bound if kind in ("add", "sub") else max(a.bound, b.bound), a.error + b.error
        step = min(a.step, b.step) if exact else None
    if bound > (1e4 if a.element in ("f16", "bf16") else 1e9):
        return None
    return g.emit(a.element, a.dims if dims is None else dims, "%s(%s, %s)" % (kind, a.name, b.name), bound, step, error,
                  operands=[a, b])


def unary(g, value=None):
    value = value or g.pick()
    if value.element == "bool":
        return g.emit("bool", value.dims, "not(%s)" % value.name, operands=[value])
    if not is_float(value.element):
        kind = g.rng.choice(["neg", "abs", "sign", "not"])
        return g.emit(value.element, value.dims, "%s(%s)" % (kind, value.name), most_of(value.element), operands=[value])
    if g.rng.random() < .4:
        return smooth(g, value)
    exact = value.step is not None
    kind = g.rng.choice(["neg", "abs"] + (["sign", "floor", "ceil", "trunc", "round"] if exact else []))
    return g.emit(value.element, value.dims, "%s(%s)" % (kind, value.name), value.bound + 1, value.step if kind in ("neg", "abs") else 1,
                  value.error, operands=[value])


def smooth(g, value):
    if g.rng.random() < .7:
        kind = g.rng.choice(sorted(SMOOTH))
        slope, most = SMOOTH[kind]
    else:  # of 1 + |x|
        kind = g.rng.choice(sorted(POSITIVE))
        slope, most = POSITIVE[kind]
        size = g.emit(value.element, value.dims, "abs(%s)" % value.name, value.bound, value.step, value.error, operands=[value])
        value = g.emit(value.element, value.dims, "add(%s, %s)" % (size.name, g.constant(value.element, [], [1]).name),
                       value.bound + 1, min(value.step, 1) if value.step else None, value.error, operands=[size])
    bound = most(value.bound)
    error = slope * value.error + 4 * bound * 2.0 ** -(min(DIGITS[value.element], 24 if value.element != "f64" else 53) - 1)
    return g.emit(value.element, value.dims, "%s(%s)" % (kind, value.name), bound, None, error, operands=[value])


def compare(g):
    value = g.pick(lambda v: v.step is not None and v.element != "bool")
    if not value:
        return
    other = partner(g, value)
    if other.step is None:
        return
    kind = g.rng.choice(["eq", "ne", "lt", "le", "gt", "ge"])
    truth = g.emit("bool", value.dims, "%s(%s, %s)" % (kind, value.name, other.name), operands=[value, other])
    one, two = value, partner(g, value)
    if two.step is not None or is_float(value.element):
        steps = [one.step, two.step]
        g.emit(value.element, value.dims, "select(%s, %s, %s)" % (truth.name, one.name, two.name),
               step=min(steps) if None not in steps else None, error=max(one.error, two.error), operands=[truth, one, two])


def cast(g):
    value = g.pick(lambda v: v.step is not None)
    if not value:
        return
    element = g.rng.choice(ELEMENT_CHOICES)
    if element == "bool" or not is_float(element):
        g.emit(element, value.dims, "cast(%s)" % value.name, value.bound if is_float(value.element) else most_of(element), operands=[value])
    elif value.bound <= 60000 or element not in ("f16",):
        g.emit(element, value.dims, "cast(%s)" % value.name, value.bound, value.step, value.error, operands=[value])


def bitcast(g):
    value = g.pick(lambda v: v.element in INTEGERS)
    if value:
        element = ("i" if value.element[0] == "u" else "u") + value.element[1:]
        g.emit(element, value.dims, "bitcast(%s)" % value.name, most_of(element), operands=[value])


# --- Equations. ---

def view(g, value=None):
    """Per axis of the operand: a label alone, shifted, backwards or with steps, a number, a label of two axes, or a sum of
    two; then labels that repeat, all in any order."""
    value = value or g.pick()
    labels, access = {}, []
    for i, dim in enumerate(value.dims):
        letter, kind = "ijklmnpq"[i], g.rng.random()
        same = [l for l, e in labels.items() if e == dim]
        if kind < .4:
            labels[letter] = dim
            access.append(letter)
        elif kind < .5:
            low = g.rng.choice([0, 1, 2])
            labels[letter] = dim + g.rng.choice([0, 1, low])
            access.append("%s-%d" % (letter, low) if low else letter)
        elif kind < .6:
            labels[letter] = dim
            access.append("-%s+%s" % (letter, dim + -1) if str(dim + -1)[0] != "-" else "-%s%s" % (letter, dim + -1))
        elif kind < .7:
            labels[letter] = as_dim("floordiv(%s,2)" % (dim + 1)) if dim.number() is None else as_dim((dim.number() + 1) // 2)
            access.append("2*%s+%d" % (letter, g.rng.choice([0, 1])))
        elif kind < .78:
            access.append(str(g.rng.choice([0, 0, 1])))
        elif kind < .88 and same:
            access.append(g.rng.choice(same))
        elif kind < .94 and g.fits(list(labels.values()) + [dim, 2]):
            labels[letter], labels[letter + "2"] = dim, as_dim(2)
            access.append("%s+%s2-1" % (letter, letter))
        else:
            labels[letter] = dim
            access.append(letter)
    if g.rng.random() < .3:
        labels["z"] = as_dim(g.rng.choice([1, 2, 3, "N"]))
    order = list(labels)
    if g.rng.random() < .6:
        g.rng.shuffle(order)
    if not g.fits(labels.values()) or len(order) > 6:
        return None
    extents = " {%s}" % ", ".join("%s=%s" % (l, labels[l]) for l in order) if order else ""
    fill, operands, step = "", [value], value.step
    if g.rng.random() < .4:
        filler = g.pick(lambda v: v.element == value.element and not v.dims)
        if not filler and value.element not in graph_evaluator.MOVED:
            filler = g.constant(value.element, [])
        if filler:
            fill = ", " + filler.name
            operands.append(filler)
            step = min(step, filler.step) if step is not None and filler.step is not None else None
    return g.emit(value.element, [labels[l] for l in order], "view(%s[%s]%s) -> [%s]%s" %
                  (value.name, ", ".join(access), fill, ", ".join(order), extents), step=step,
                  error=max(v.error for v in operands), operands=operands)


def window(g, letter, dim):
    """A window of an axis: its subscript, the labels' extents, and those that the result keeps."""
    size, stride = g.rng.choice([2, 3]), g.rng.choice([1, 1, 2])
    if dim.number() is not None:
        count = as_dim((dim.number() - 1) // stride + 1)
    else:
        count = dim if stride == 1 else as_dim("floordiv(%s,%d)" % (dim + 1, stride))
    low = size // 2
    term = letter if stride == 1 else "%d*%s" % (stride, letter)
    return "%s+%s0-%d" % (term, letter, low), {letter: count, letter + "0": as_dim(size)}, [letter]


def result_of(g, kept, labels):
    """Subscripts and dims of a result over the labels: each alone, or two as digits of one axis."""
    kept = list(kept)
    if g.rng.random() < .5:
        g.rng.shuffle(kept)
    subscripts, dims = [], []
    while kept:
        label = kept.pop()
        numbers = labels[label].number()
        if kept and numbers and g.rng.random() < .2:
            high = kept.pop()
            subscripts.append("%d*%s+%s" % (numbers, high, label))
            dims.append(labels[high] * numbers)
        else:
            subscripts.append(label)
            dims.append(labels[label])
    if g.rng.random() < .1:
        subscripts.append("0")
        dims.append(as_dim(1))
    return subscripts, dims


def points_of(labels):
    """How many points there are for each element of the result, at most."""
    return max(int(np.prod([max(as_dim(e).at(sizes), 1) for e in labels], dtype=float)) for sizes in LARGEST)


def stated(labels, order):
    return " {%s}" % ", ".join("%s=%s" % (l, labels[l]) for l in order) if order else ""


def reduce(g):
    value = g.pick(lambda v: v.dims)
    if not value:
        return
    monoid = g.rng.choice(["and", "or"]) if value.element == "bool" else \
        g.rng.choice(["add", "add", "max", "min"] if is_float(value.element) else ["add", "mul", "max", "min", "and", "or"])
    labels, access, kept = {}, [], []
    for i, dim in enumerate(value.dims):
        letter, kind = "ijklmnpq"[i], g.rng.random()
        if kind < .15:
            text, more, keep = window(g, letter, dim)
            labels.update(more)
            access.append(text)
            kept += keep
        else:
            labels[letter] = dim
            access.append(letter)
            kept += [letter] if kind < .6 else []
    subscripts, dims = result_of(g, kept, labels)
    if not g.fits(dims, labels.values()):
        return
    count = points_of([e for l, e in labels.items() if l not in kept])
    bound, error, step = value.bound, value.error, value.step
    if monoid in ("add", "mul") or not is_float(value.element):
        bound = bound * count if monoid == "add" else most_of(value.element)
        error *= count
        if step is None:
            error += count * bound * 2.0 ** -(max(DIGITS[value.element], 24) - 1)
    if is_float(value.element) and bound > (1e4 if value.element in ("f16", "bf16") else 1e9):
        return
    g.emit(value.element, dims, "reduce %s(%s[%s]) -> [%s]%s" % (monoid, value.name, ", ".join(access), ", ".join(subscripts),
                                                                 stated(labels, list(labels))),
           bound, step, error, empty=monoid in ("max", "min") and is_float(value.element), operands=[value])


def row_number(g, value, monoid, axes):
    """A reduction over axes, which stay with an extent of 1 or go; then all axes of the value again, by a view."""
    letters = "ijkl"[:len(value.dims)]
    count = points_of([value.dims[a] for a in axes])
    bound = value.bound * (count if monoid == "add" else 1)
    error = value.error * count + (count * bound * 2.0 ** -(max(DIGITS[value.element], 24) - 1) if value.step is None else 0)
    if bound > (1e4 if value.element in ("f16", "bf16") else 1e9):
        return None, None
    keep = g.rng.random() < .6
    kept = [(l, d) if a not in axes else ("0", as_dim(1)) for a, (l, d) in enumerate(zip(letters, value.dims)) if keep or a not in axes]
    number = g.emit(value.element, [d for _, d in kept], "reduce %s(%s[%s]) -> [%s]%s" %
                    (monoid, value.name, ", ".join(letters), ", ".join(l for l, _ in kept),
                     stated(dict(zip(letters, value.dims)), list(letters))), bound, value.step, error,
                    empty=monoid != "add", operands=[value])

    def spread(v):
        return g.emit(v.element, value.dims, "view(%s[%s]) -> [%s]%s" %
                      (v.name, ", ".join(l for l, _ in kept), ", ".join(letters), stated(dict(zip(letters, value.dims)), letters)),
                      step=v.step, error=v.error, operands=[v])
    return number, spread


def above_one(g, value, kind):
    """A function of 1 + |x|."""
    size = g.emit(value.element, value.dims, "abs(%s)" % value.name, value.bound, value.step, value.error, operands=[value])
    more = floats(g, "add", size, g.constant(value.element, [], [1]))
    slope, most = POSITIVE[kind]
    error = slope * more.error + 8 * most(more.bound) * 2.0 ** -(min(DIGITS[value.element], 53) - 1)
    return g.emit(value.element, value.dims, "%s(%s)" % (kind, more.name), most(more.bound), None, error, operands=[more])


def lookup(g):
    """The sum of rows of two tables at numbers that are computed, and then what rows are made into."""
    numbers = g.input("i64", ["N", 3], -20, 20)
    index = g.emit("i64", numbers.dims, "mod(%s, %s)" % (numbers.name, g.constant("i64", [], [5]).name), bound=5, operands=[numbers])
    if g.rng.random() < .5:
        index = g.emit("i64", numbers.dims, "min(%s, %s)" % (index.name, g.constant("i64", [], [3]).name), bound=5, operands=[index])
    parts = []
    for _ in range(2):
        table = g.input("f32", [5, 16], 0, 3)
        parts.append(g.emit("f32", list(numbers.dims) + [16], "gather(%s[r, k], r=%s[i, j]) -> [i, j, k]" % (table.name, index.name),
                            table.bound, table.step, operands=[table]))
        if g.rng.random() < .3:
            index = numbers = g.input("i64", ["N", 3], 0, 5)
    rows(g, floats(g, "add", *parts))


def rows(g, value=None):
    """What normalisations and softmaxes are made of: numbers of each row, which go into its elements."""
    value = value or g.pick(lambda v: 1 <= len(v.dims) <= 4 and is_float(v.element) and v.bound < 100 and not v.empty)
    if not value:
        return
    rank = len(value.dims)
    axes = list(range(g.rng.randrange(rank), rank)) if g.rng.random() < .8 else [g.rng.randrange(rank)]
    for kind in g.rng.sample(["centre", "centre", "scale", "scale", "powers", "unary", "binary"], g.rng.randint(1, 4)):
        more = value
        if kind in ("unary", "binary"):
            more = smooth(g, value) if kind == "unary" else floats(g, "add", value, partner(g, value))
        elif kind == "centre":
            number, spread = row_number(g, value, "add", axes)
            if number:
                number = floats(g, "mul", number, g.constant(value.element, [], [g.rng.choice([1, 2])]))
                more = number and floats(g, "sub", value, spread(number))
        elif kind == "scale":
            square = floats(g, "mul", value, value)
            number, spread = row_number(g, square, "add", axes) if square else (None, None)
            more = number and floats(g, "mul", value, spread(above_one(g, number, g.rng.choice(["rsqrt", "recip"]))))
        else:
            number, spread = row_number(g, value, "max", axes)
            below = floats(g, "sub", value, spread(number))
            powers = g.emit(value.element, value.dims, "exp(%s)" % below.name, 1, None,
                            below.error + 4 * 2.0 ** -(min(DIGITS[value.element], 53) - 1), operands=[below])
            number, spread = row_number(g, powers, "add", axes)
            more = number and floats(g, "mul", powers, spread(above_one(g, number, "recip")))
        if not more or more.bound >= 100:
            return
        value = more


def contract(g):
    a = g.pick(lambda v: v.dims and v.element != "bool")
    if not a:
        return
    b = g.pick(lambda v: v.element == a.element and v is not a)
    if not b or g.rng.random() < .4:  # weights
        last = a.dims[-1].number()
        b = g.constant(a.element, [last, g.rng.choice([1, 2, 5, 17])] if last and last < 40 else [g.rng.choice([1, 3])])
    labels, access, kept = {}, [[], []], set()
    for i, dim in enumerate(a.dims):
        letter = "ijklmnpq"[i]
        labels[letter] = dim
        access[0].append(letter)
    for i, dim in enumerate(b.dims):
        same = [l for l, e in labels.items() if e == dim and l not in access[1]]
        if same and g.rng.random() < .75:
            access[1].append(g.rng.choice(same))
        else:
            letter = "stuvwxyz"[i]
            labels[letter] = dim
            access[1].append(letter)
    shared = [l for l in access[0] if l in access[1]]
    for label in labels:
        if label not in shared and g.rng.random() < .9 or label in shared and g.rng.random() < .2:
            kept.add(label)
    if g.rng.random() < .15 and a.dims:  # windows
        i = g.rng.randrange(len(a.dims))
        letter = access[0][i]
        if letter in kept and letter not in access[1]:
            access[0][i], more, _ = window(g, letter, a.dims[i])
            labels.update(more)
    subscripts, dims = result_of(g, sorted(kept), labels)
    if not g.fits(dims, labels.values()) or len(labels) > 8:
        return
    count = points_of([e for l, e in labels.items() if l not in kept])
    exact = a.step is not None and b.step is not None
    bound = a.bound * b.bound * count
    error = count * (a.error * b.bound + b.error * a.bound)
    if is_float(a.element):
        if not exact or bound >= a.step * b.step * 2 ** (DIGITS[a.element] - 1):
            error += count * bound * 2.0 ** -(max(DIGITS[a.element], 24) - 1)
        if bound > (1e4 if a.element in ("f16", "bf16") else 1e9):
            return
    g.emit(a.element, dims, "contract(%s[%s], %s[%s]) -> [%s]%s" %
           (a.name, ", ".join(access[0]), b.name, ", ".join(access[1]), ", ".join(subscripts), stated(labels, list(labels))),
           bound if is_float(a.element) else most_of(a.element), a.step * b.step if exact else None, error, operands=[a, b])


def product(g, a, access, b, other, kept):
    """A contraction over the labels that are not kept; null where it could grow beyond what the bounds are good for."""
    labels = dict(zip(access, a.dims))
    labels.update(zip(other, b.dims))
    count = points_of([e for l, e in labels.items() if l not in kept])
    bound, exact = a.bound * b.bound * count, a.step is not None and b.step is not None
    error = count * (a.error * b.bound + b.error * a.bound)
    if is_float(a.element):
        error += count * bound * 2.0 ** -(max(DIGITS[a.element], 24) - 1)
        if bound > (1e4 if a.element in ("f16", "bf16") else 1e9):
            return None
    return g.emit(a.element, [labels[l] for l in kept], "contract(%s[%s], %s[%s]) -> [%s]%s" %
                  (a.name, ", ".join(access), b.name, ", ".join(other), ", ".join(kept), stated(labels, list(labels))),
                  bound, a.step * b.step if exact else None, error, operands=[a, b])


def weights_of(g, scores):
    """A softmax along the last axis, or hardly ever the one before, as a node or in its steps."""
    axis, digits = len(scores.dims) - (1 if g.rng.random() < .9 else 2), min(DIGITS[scores.element], 53)
    if g.rng.random() < .5:
        return g.emit(scores.element, scores.dims, "softmax(%s) <axis=%d, log=0>" % (scores.name, axis), 1, None,
                      2 * scores.error + 40 * 2.0 ** -(max(digits, 24) - 1), operands=[scores])
    number, spread = row_number(g, scores, "max", [axis])
    below = floats(g, "sub", scores, spread(number))
    powers = g.emit(scores.element, scores.dims, "exp(%s)" % below.name, 1, None, below.error + 4 * 2.0 ** -(digits - 1), operands=[below])
    number, spread = row_number(g, powers, "add", [axis])
    if not number or g.rng.random() < .2:  # not divided, or not by what they sum up to
        return powers
    sums = spread(number)
    return g.emit(scores.element, scores.dims, "div(%s, %s)" % (powers.name, sums.name), 1, None,
                  powers.error + sums.error + 4 * 2.0 ** -(digits - 1), operands=[powers, sums])


def repeated_heads(g, value, axis, times):
    """As exporters spell grouped queries: each head `times` times, one behind the other."""
    dims = list(value.dims)
    letters = "jklmnp"[:len(dims)]
    access, kept = list(letters), list(letters)
    kept.insert(axis + 1, "r")
    if g.rng.random() < .5:
        value = g.emit(value.element, dims[:axis + 1] + [as_dim(1)] + dims[axis + 1:], "reshape(%s)" % value.name, step=value.step,
                       error=value.error, operands=[value])
        access.insert(axis + 1, "0")
    wide = dims[:axis + 1] + [as_dim(times)] + dims[axis + 1:]
    text = "view(%s[%s]) -> [%s]%s" % (value.name, ", ".join(access), ", ".join(kept), stated(dict(zip(kept, wide)), kept))
    value = g.emit(value.element, wide, text, step=value.step, error=value.error, operands=[value])
    dims[axis] = dims[axis] * as_dim(times)
    return g.emit(value.element, dims, "reshape(%s)" % value.name, step=value.step, error=value.error, operands=[value])


def attend(g):
    """Scores of rows, what is done to them, weights, and their product with values; what is on the way is read besides, or
    a result."""
    element = g.rng.choice(["f32", "f32", "f32", "f64", "f16"])
    lead = g.rng.choice([[2], ["N"], [2, 3], ["N", 2]])
    rows, keys = g.rng.choice([1, 3, 30, "N", "M"]), g.rng.choice([1, 5, 17, 40, "M", "K"])
    inner, wide = g.rng.choice([1, 4, 16]), g.rng.choice([1, 3, 24])
    along = g.rng.random() < .4
    if not g.fits(lead + [rows, keys], lead + [rows, keys, 24]):
        return
    own, letters = lead, "ij"[:len(lead)]
    axis, times = len(lead) - 1, 2 if lead[-1] != "N" and g.rng.random() < .4 else 1
    if times > 1:
        lead = lead[:-1] + [lead[-1] * times]
    query = g.input(element, lead + [rows, inner], -1, 2)
    key = g.input(element, own + ([keys, inner] if along else [inner, keys]), -1, 2)
    if times > 1:
        key = repeated_heads(g, key, axis, times)
    scores = product(g, query, letters + "se", key, letters + ("te" if along else "et"), letters + "st")
    for kind in g.rng.sample(["scale", "mask", "binary", "unary"], g.rng.randint(0, 3)):
        if not scores:
            return
        if kind == "scale":
            scores = floats(g, "mul", scores, g.constant(element, [], [2]))
        elif kind == "mask":
            mask = g.input(element, g.rng.choice([[keys], [rows, keys], [lead[0], keys]]), -4, 5)
            scores = floats(g, "add", scores, broadcast_to(g, mask, scores.dims) or mask)
        elif scores.bound < 100:
            scores = floats(g, "add", scores, partner(g, scores)) if kind == "binary" else smooth(g, scores)
    if not scores or scores.bound >= 100 or scores.dims[-1] != as_dim(keys):
        return
    weights = weights_of(g, scores)
    if g.rng.random() < .2:  # scores are looked at once more behind the weights
        weights = floats(g, "mul", weights, scores) or weights
    values = g.input(element, own + [keys, wide], -2, 3)
    if times > 1:
        values = repeated_heads(g, values, axis, times)
    early, number = g.rng.choice([True, False, None]), None
    if early:
        number = row_number(g, g.rng.choice([scores, weights]), "add", [len(lead) + 1])[0]
    made = product(g, weights, letters + "st", values, letters + "td", letters + "sd")
    if not made:
        return
    if g.rng.random() < .5:
        made = floats(g, "add", made, partner(g, made)) if made.bound < 1000 else made
    if early is False:
        number = row_number(g, g.rng.choice([scores, weights]), "add", [len(lead) + 1])[0]
    if made and number and g.rng.random() < .6:  # rows are looked at once more behind the weights
        access = list(letters + "s") + ["0"] * (len(number.dims) - len(letters) - 1)
        spread = g.emit(element, made.dims, "view(%s[%s]) -> [%s]%s" % (number.name, ", ".join(access), ", ".join(letters + "sd"),
                                                                        stated(dict(zip(letters + "sd", made.dims)), letters + "sd")),
                        number.bound, number.step, number.error, operands=[number])
        made, number = floats(g, "add", made, spread), None
    g.results += [v for v in (made, number) if v]
    if g.rng.random() < .2:
        g.results.append(g.rng.choice([scores, weights]))


def long_rows(g):
    """Rows of 4096 bytes, computed, and read by a product: in memory they may lie further apart."""
    element, count = g.rng.choice([("f32", 1024), ("f32", 1024), ("f64", 512), ("f16", 2048), ("i32", 1024)])
    lead = g.rng.choice([["N"], ["N", 2], [16], ["M"]])
    value = g.input(element, lead + [count], 0, 2)
    kind = g.rng.random()  # an argument itself cannot lie elsewhere
    value = value if kind < .3 else unary(g, value) if kind < .8 else binary(g, value)
    if g.rng.random() < .3 and len(lead) == 2:
        value = g.emit(element, [as_dim("N") * 2, count], "reshape(%s)" % value.name, step=value.step, error=value.error,
                       operands=[value])
    weights = g.input(element, [count, g.rng.choice([1, 3, 17])], 0, 2)
    letters = "ijk"[:len(value.dims) - 1]
    made = product(g, value, letters + "r", weights, "rt", letters + "t")
    for some in (value, weights):  # too large for what is made of them
        if some in g.scopes[-1]:
            g.scopes[-1].remove(some)
    if made:
        g.results.append(made)


def gather(g):
    """Indices from an input, or from numbers that are brought into the range first."""
    value = g.pick(lambda v: v.dims)
    if not value:
        return
    axis = g.rng.randrange(len(value.dims))
    limit = value.dims[axis]
    least = min(limit.at(sizes) for _, sizes in SIZES)
    if limit.number() is None or least < 1:
        return
    element = g.rng.choice(["i64", "i32"])
    shape = g.rng.choice([[], [as_dim(3)], [as_dim("M")], [as_dim("N"), as_dim(2)]])
    if g.rng.random() < .5:
        index = g.input(element, shape, 0, least)
    else:
        index = g.pick(lambda v: v.element == element)
        if not index:
            return
        shape = list(index.dims)
        index = g.emit(element, shape, "mod(%s, %s)" % (index.name, g.constant(element, [], [least]).name), operands=[index])
    letters, keeps = [], []
    labels = {"r": limit}
    if len(shape) > 4:
        return
    outer = "stuv"[:len(shape)]
    for letter, dim in zip(outer, shape):
        labels[letter] = dim
    for i, dim in enumerate(value.dims):
        if i == axis:
            letters.append("r")
            keeps += [l for l in outer if l not in keeps]
            continue
        same = [l for l in outer if labels[l] == dim]
        if same and g.rng.random() < .4:  # as GatherElements
            letters.append(same[0])
        else:
            labels["ijkl"[i % 4]] = dim
            letters.append("ijkl"[i % 4])
            keeps.append("ijkl"[i % 4])
    dims = [labels[l] for l in keeps]
    if len(value.dims) > 4 or not g.fits(dims):
        return
    g.emit(value.element, dims, "gather(%s[%s], r=%s[%s]) -> [%s]%s" %
           (value.name, ", ".join(letters), index.name, ", ".join(outer), ", ".join(keeps), stated(labels, list(labels))),
           value.bound, value.step, value.error, operands=[value])


# --- Movement and the rest. ---

def reshape(g):
    value = g.pick(lambda v: v.dims)
    if not value:
        return
    dims, kind = list(value.dims), g.rng.random()
    if kind < .4 and len(dims) > 1:
        i = g.rng.randrange(len(dims) - 1)
        dims[i:i + 2] = [dims[i] * dims[i + 1]]
    elif kind < .6:
        dims.insert(g.rng.randint(0, len(dims)), as_dim(1))
    else:
        splits = [i for i, d in enumerate(dims) if d.number() and d.number() % 2 == 0]
        if not splits:
            return
        i = g.rng.choice(splits)
        dims[i:i + 1] = [as_dim(2), as_dim(dims[i].number() // 2)] if g.rng.random() < .5 else \
            [as_dim(dims[i].number() // 2), as_dim(2)]
    g.emit(value.element, dims, "reshape(%s)" % value.name, step=value.step, error=value.error, operands=[value])


def concat(g):
    value = g.pick(lambda v: v.dims)
    if not value:
        return
    axis = g.rng.randrange(len(value.dims))

    def matches(v):
        return v.element == value.element and len(v.dims) == len(value.dims) and \
            all(i == axis or d == e for i, (d, e) in enumerate(zip(v.dims, value.dims)))
    parts = [value] + [g.pick(matches) for _ in range(g.rng.choice([1, 1, 2]))]
    g.rng.shuffle(parts)
    dims = list(value.dims)
    dims[axis] = as_dim(0)
    for part in parts:
        dims[axis] = dims[axis] + part.dims[axis]
    if not g.fits(dims):
        return
    steps = [p.step for p in parts]
    g.emit(value.element, dims, "concat(%s) <axis=%d>" % (", ".join(p.name for p in parts), axis),
           step=None if None in steps else min(steps), error=max(p.error for p in parts), operands=parts)


def softmax(g):
    value = g.pick(lambda v: v.dims and is_float(v.element))
    if not value:
        return
    axis, log = g.rng.randrange(len(value.dims)), g.rng.random() < .3
    bound = 2 * value.bound + 12 if log else 1
    error = 2 * value.error + 40 * bound * 2.0 ** -(max(DIGITS[value.element], 24) - 1)
    g.emit(value.element, value.dims, "softmax(%s) <axis=%d, log=%d>" % (value.name, axis, log), bound, None, error, operands=[value])


def iota(g):
    dims = [as_dim(g.rng.choice([3, 5, "N", "M"])) for _ in range(g.rng.choice([1, 2]))]
    element = g.rng.choice(["i64", "i32", "f32", "u8", "f16"])
    g.emit(element, dims, "iota <axis=%d>" % g.rng.randrange(len(dims)), bound=100)


def sizes_as_tensor(g):
    dims = [as_dim("N"), as_dim("M") + 1, as_dim("N") * "M", as_dim(4)]
    dims = [g.rng.choice(dims) for _ in range(g.rng.choice([1, 2, 3]))]
    g.emit("i64", [len(dims)], "dims <dims=[%s]>" % ", ".join(map(str, dims)), bound=10000)


def check(g):
    """Checks that hold: of values, and of dims, after which two names are one size."""
    if g.rng.random() < .5:
        truth = g.pick(lambda v: v.element == "bool" and not v.dims) or g.constant("bool", [], [1])
        same = g.emit("bool", [], "eq(%s, %s)" % (truth.name, truth.name), operands=[truth])
        g.line("require(%s) <status=8>" % same.name)
    elif len(g.bodies) == 1 and not g.requires:
        g.requires.append("K-N")
        g.line("require_dims <zero=[K-N]>")
        a, b = g.input("f32", ["N", 4]), g.input("f32", ["K", 4])
        g.emit("f32", a.dims, "add(%s, %s)" % (a.name, b.name), a.bound + b.bound, min(a.step, b.step), operands=[a, b])


# --- Regions. ---

def enter(g, arguments):
    g.scopes.append(list(arguments))
    g.bodies.append([])


def leave(g, results):
    lines = g.bodies.pop()
    g.scopes.pop()
    return lines + ["  " * (len(g.bodies) + 2) + "return " + ", ".join(r.name for r in results),
                    "  " * (len(g.bodies) + 1) + "}"]


def like(g, value):
    """Something of the same type that is computed of it and of what else there is, within the bound."""
    result = value
    for _ in range(g.rng.choice([0, 1, 1, 2])):
        more = g.rng.choice([unary, binary])(g, result)
        if more and more.dims == value.dims and more.element == value.element:
            result = more
    if is_float(value.element) and result.bound > max(value.bound, 1):
        result = g.emit(value.element, value.dims, "tanh(%s)" % result.name, 1, None,
                        result.error + 4 * 2.0 ** -(min(DIGITS[value.element], 24) - 1), operands=[result])
    return result


def finish(g, node, regions, results, operands):
    """The node with its regions in place; results: (value like it, leading dims, error)."""
    texts = []
    for value in results:
        texts.append("%s: %s" % (value.name, value.type()))
    g.line("%s = %s" % (", ".join(texts), node))
    g.bodies[-1][-1] += regions[0][0]
    for i, (head, lines) in enumerate(regions):
        if i:
            g.bodies[-1][-1] += head
        g.bodies[-1] += lines
    for value in results:
        value.empty = value.empty or any(v.empty for v in operands)
        g.scopes[-1].append(value)


def joined(g, values, dims=()):
    """What may be any of the values."""
    steps = [v.step for v in values]
    value = values[0]
    return Value(g.name(), value.element, tuple(dims) + value.dims, max(v.bound for v in values),
                 None if None in steps else min(steps), max(v.error for v in values), any(v.empty for v in values))


def branch(g):
    value = g.pick()
    if not value or len(g.bodies) > 2:
        return
    truth = g.pick(lambda v: v.element == "bool" and not v.dims) or g.input("bool", [])
    regions, ends = [], []
    for _ in range(2):
        enter(g, [])
        ends.append(like(g, value))
        regions.append((" region {", leave(g, [ends[-1]])))
    finish(g, "if(%s)" % truth.name, regions, [joined(g, ends)], [])


def steps_of(g, value, count):
    """What `count` applications of one computation make of the value, in a region that was entered: (argument, result)."""
    argument = Value(g.name(), value.element, value.dims, max(value.bound, 1) if is_float(value.element) else most_of(value.element),
                     None if is_float(value.element) else 1, value.error, value.empty)
    g.scopes[-1].append(argument)
    result = like(g, argument)
    grown = result.error if is_float(value.element) else 0.0
    slope = 8.0 ** count  # `like` takes at most two functions and a product by up to 3
    return argument, result, max(grown, value.error) * slope + value.error


def loop(g):
    value = g.pick(lambda v: v.element not in ("f16", "bf16") and v.bound < 4)
    if not value or len(g.bodies) > 2:
        return
    count = g.rng.choice([0, 1, 3])
    known = g.rng.random() < .7
    trip = g.constant("i64", [], [count]) if known else g.input("i64", [], 0, 4)
    enter(g, [])
    i = Value(g.name(), "i64", (), 4, 1)
    truth = Value(g.name(), "bool", (), 1, 1)
    g.scopes[-1] += [i, truth]
    argument, result, error = steps_of(g, value, 3)
    part = g.pick(lambda v: v in g.scopes[-1] and not v.empty and v.step is not None) if known else None
    lines = leave(g, [truth, result] + ([part] if part else []))
    head = " region (%s) {" % ", ".join("%s: %s" % (v.name, v.type()) for v in (i, truth, argument))
    last = Value(g.name(), value.element, value.dims, max(argument.bound, value.bound), None if is_float(value.element) else 1,
                 error, True)
    results = [last]
    if part:
        results.append(joined(g, [part], [as_dim(count)]))
        results[-1].empty = True
    finish(g, "loop(%s, _, %s) <carried=1>" % (trip.name, value.name), [(head, lines)], results, [value])


def scan(g):
    value = g.pick(lambda v: v.element not in ("f16", "bf16") and v.bound < 4)
    over = g.pick(lambda v: v.dims and v.dims[0].number() and v.dims[0].number() <= 4)
    if not value or not over or len(g.bodies) > 2:
        return
    enter(g, [])
    argument, result, error = steps_of(g, value, 4)
    piece = Value(g.name(), over.element, over.dims[1:], over.bound, over.step, over.error, over.empty)
    g.scopes[-1].append(piece)
    part = unary(g, piece)
    lines = leave(g, [result, part])
    head = " region (%s) {" % ", ".join("%s: %s" % (v.name, v.type()) for v in (argument, piece))
    last = Value(g.name(), value.element, value.dims, max(argument.bound, value.bound), None if is_float(value.element) else 1,
                 error, True)
    finish(g, "scan(%s, %s) <carried=1>" % (value.name, over.name), [(head, lines)], [last, joined(g, [part], [over.dims[0]])],
           [value, over])


KINDS = [binary] * 5 + [unary] * 3 + [compare, cast, cast, bitcast] + [view] * 5 + [reduce] * 4 + [contract] * 4 + [gather] * 2 + [rows] * 3 + [lookup] + \
    [reshape, reshape, concat, concat, softmax, iota, sizes_as_tensor, check, branch, loop, scan]
MOVES = [view, view, gather, reshape, concat]


def make(rng):
    g = Graph(rng)
    moved = rng.random() < .1
    choices = sorted(graph_evaluator.MOVED) if moved else ELEMENT_CHOICES
    element = rng.choice(choices)
    g.input(element, ["N", "M", "K"])  # that every size is known
    for _ in range(rng.choice([1, 2, 3])):
        dims = [rng.choice(["N", "M", "N", 4, 3, 6, 16]) for _ in range(rng.choice([1, 2, 2, 3, 3, 4]))]
        if g.fits(dims):
            g.input(element if rng.random() < .6 else rng.choice(choices), dims)
    if moved:
        for _ in range(rng.randint(2, 6)):
            rng.choice(MOVES)(g)
    else:
        for _ in range(rng.randint(3, 14)):
            rng.choice(KINDS)(g)
    if rng.random() < .1:
        long_rows(g)
    if rng.random() < .15:
        attend(g)
    made = [v for v in g.scopes[0] if v not in g.inputs]
    if not made:
        made = [g.emit(g.inputs[0].element, g.inputs[0].dims, "reshape(%s)" % g.inputs[0].name, step=g.inputs[0].step,
                       operands=[g.inputs[0]])]
    g.results = list(dict.fromkeys(g.results + [made[-1]] + rng.sample(made, min(len(made), rng.choice([1, 2, 3])))))
    return g


# --- Running. ---

def fill(g, value, sizes, numbers):
    low, high, step = g.fillers[value.name]
    shape = [d.at(sizes) for d in value.dims]
    dtype = graph_evaluator.dtype_of(value.element)
    if value.element in graph_evaluator.MOVED:
        return numbers.randint(0, 256, shape + [dtype.itemsize], dtype=np.uint8).view(dtype).reshape(shape) \
            if dtype.kind == "u" else (numbers.randint(-9, 9, shape) + 1j * numbers.randint(-9, 9, shape)).astype(dtype)
    return (numbers.randint(int(low / step), max(int(high / step), int(low / step) + 1), shape) * step).astype(dtype)


def stored(value, array):
    """As a .npy file has it."""
    if value.element == "bf16":
        bits = np.atleast_1d(np.asarray(array, dtype=np.float32)).view(np.uint32) >> np.uint32(16)
        return bits.astype(np.uint16).view("V2").reshape(np.shape(array))
    if value.element in ("f16", "f32"):
        return array.astype({"f16": np.float16, "f32": np.float32}[value.element])
    return array.view("V1") if value.element[:2] == "f8" else array


def loaded(value, array):
    if value.element == "bf16":
        bits = np.atleast_1d(array).view(np.uint16).astype(np.uint32) << np.uint32(16)
        return bits.view(np.float32).astype(float).reshape(array.shape)
    if value.element in DIGITS:
        return array.astype(float)
    return array.view(np.uint8) if value.element[:2] == "f8" else array


@np.errstate(all="ignore")
def difference(value, got, wanted):
    """What is wrong with a result, or None."""
    if got.shape != wanted.shape:
        return "shape %s instead of %s" % (got.shape, wanted.shape)
    if is_float(value.element) and value.step is None:
        limit = 8 * value.error
        close = (np.abs(got - wanted) <= limit) | (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    else:
        close = (got == wanted) | ((got != got) & (wanted != wanted))
    if close.all():
        return None
    at = int(np.argmin(close.ravel()))
    return "[%d] is %r instead of %r (%d of %d differ; bound %g, step %s, error %g)" % (
        at, got.ravel()[at], wanted.ravel()[at], (~close).sum(), close.size, value.bound, value.step, value.error)


def call(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
                          env=dict(os.environ, AICC_VERIFY="1"))
    return done.returncode, done.stdout.decode(errors="replace")


class Case:
    def __init__(self, index, top):
        self.index, self.folder, self.failures, self.runs, self.compared = index, os.path.join(top, str(index)), [], 0, 0
        self.kinds = set()

    def fail(self, what, text):
        self.failures.append("graph %d of seed %d, %s: %s" % (self.index, SEED, what, text[-900:]))

    def run(self, g, module, library, what, sizes):
        data = os.path.join(self.folder, what)
        os.makedirs(data)
        numbers = np.random.RandomState(self.index)
        arrays = {"x%d" % i: fill(g, v, sizes, numbers) for i, v in enumerate(g.inputs)}
        for i, value in enumerate(g.inputs):
            np.save(data + "/input_%d.npy" % i, stored(value, arrays["x%d" % i]))
        wanted = module.run(arrays, sizes)
        for level in LEVELS:
            code, text = call([RUN, library, "--data", data, "--no-compare", "--save", data, "--cpu", level])
            self.runs += 1
            if code:
                self.fail("%s %s" % (what, level), text)
                return
            for i, value in enumerate(g.results):
                if what == "none" and value.empty:
                    continue
                got = loaded(value, np.load(data + "/output_%d.npy" % i))
                self.compared += got.size
                wrong = difference(value, got, wanted["y%d" % i])
                if wrong:
                    self.fail("%s %s, y%d = %s: %s" % (what, level, i, value.name, value.type()), wrong)
                    return

    def all(self):
        g = make(random.Random("%d.%d" % (SEED, self.index)))
        os.makedirs(self.folder)
        path, library = self.folder + "/m.aicc-ir", self.folder + "/m.so"
        text = g.text()
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        try:
            module = graph_evaluator.parse(text)
            self.kinds = {node.kind for node in module.body.nodes}
            code, said = call([AICC, path, "--shared", "-o", library])
            if code:
                self.fail("compiling", said)
            for what, sizes in SIZES if not code else []:
                self.run(g, module, library, what, sizes)
        except (AssertionError, subprocess.TimeoutExpired, ValueError, KeyError, IndexError) as error:
            self.fail("evaluating", repr(error))
        if self.failures and os.environ.get("KEEP"):
            subprocess.run(["cp", "-r", self.folder, os.environ["KEEP"]], check=True)
        return self


def main():
    with tempfile.TemporaryDirectory(prefix="aicc-graphs-") as top:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            cases = list(pool.map(lambda i: Case(i, top).all(), range(COUNT)))
    failed = [case for case in cases if case.failures]
    for case in failed[:5]:
        print("FAILED " + case.failures[0])
    kinds = set().union(*(case.kinds for case in cases))
    wanted = {"constant", "iota", "dims", "view", "reduce", "contract", "gather", "reshape", "concat", "softmax", "require",
              "require_dims", "if", "loop", "scan", "add", "select", "cast"}
    print("%d graphs, %d runs, %d elements compared, %d graphs failed (seed %d)%s" %
          (COUNT, sum(c.runs for c in cases), sum(c.compared for c in cases), len(failed), SEED,
           "; no " + ", ".join(sorted(wanted - kinds)) if wanted - kinds else ""))
    return bool(failed) or bool(wanted - kinds)


if __name__ == "__main__":
    sys.exit(main())
