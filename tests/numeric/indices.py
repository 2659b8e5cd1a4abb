# SPDX-License-Identifier: Apache-2.0
"""Reads at indices that the run brings: what numpy gives for valid ones, AICC_E_INDEX for any other, and no access outside
of a tensor (aicc-run places every buffer between guard pages). At every CPU level and with threads.

usage: indices.py AICC AICC_RUN"""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "control"))
from build import constant, graph, model, node  # noqa: E402
from objects import check, compile_model, expect, expect_status, finish, run_object  # noqa: E402

RANDOM = np.random.default_rng(11)
ELEMENTS = {"f": np.float32, "d": np.float64, "i": np.int64, "j": np.int32, "b": np.bool_}


def numbers(kind, dims):
    if kind == "b":
        return RANDOM.integers(0, 2, dims).astype(np.bool_)
    return (RANDOM.uniform(-9, 9, dims)).astype(ELEMENTS[kind])


def indices(kind, dims, extent):
    return RANDOM.integers(-extent, extent, dims).astype(ELEMENTS[kind])


def hostile(kind, array, extent):
    """The array with one index out of range, for each way to be so."""
    info = np.iinfo(ELEMENTS[kind])
    for bad in (extent, -extent - 1, info.max, info.min, extent + 2**20):
        copy = array.copy()
        copy.reshape(-1)[RANDOM.integers(copy.size)] = bad
        yield bad, copy


def by_tuple(x, at, batch=0):
    """GatherND, one index after the other."""
    outer, count = at.shape[:-1], at.shape[-1]
    slices = x.shape[batch + count:]
    y = np.zeros(outer + slices, x.dtype)
    for place in np.ndindex(*outer):
        y[place] = x[place[:batch] + tuple(at[place])]
    return y


def one(name, kind, nodes, x_dims, i_dims, extent, i_kind, answer, symbolic):
    names = ["ABCD"[:len(x_dims)], "PQRS"[:len(i_dims)]]
    shape = [",".join(n if symbolic else str(d) for n, d in zip(names[k], dims)) for k, dims in enumerate((x_dims, i_dims))]
    if symbolic and name.startswith("GatherND"):  # how many axes an index has is part of its type
        shape[1] = ",".join(list(names[1][:-1]) + [str(i_dims[-1])])
    proto = model(graph(nodes, ["x:%s[%s]" % (kind, shape[0]), "i:%s[%s]" % (i_kind, shape[1])], ["y:" + kind]))
    x, at = numbers(kind, x_dims), indices(i_kind, i_dims, extent)
    title = "%s of %s%s at %s%s%s" % (name, kind, list(x_dims), i_kind, list(i_dims), " symbolic" if symbolic else "")
    expect(title, proto, ([x, at], [answer(x, at)]))
    for bad, copy in hostile(i_kind, at, extent):
        expect_status("%s with %d" % (title, bad), proto, [x, copy], [], "AICC_E_INDEX")


def operators():
    for symbolic in (False, True):
        for kind, i_kind in (("f", "i"), ("d", "j"), ("i", "i"), ("b", "j")):
            for axis in (0, 1):
                one("Gather %d" % axis, kind, [node("Gather", "x i", "y", axis=axis)], (7, 19), (5,), (7, 19)[axis], i_kind,
                    lambda x, i, axis=axis: np.take(x, i, axis), symbolic)
                one("GatherElements %d" % axis, kind, [node("GatherElements", "x i", "y", axis=axis)], (6, 37), ((9, 37), (6, 40))[axis],
                    (6, 37)[axis], i_kind, lambda x, i, axis=axis: np.take_along_axis(x, i.astype(np.int64), axis), symbolic)
        one("Gather of rows", "f", [node("Gather", "x i", "y")], (5, 3, 70), (2, 3), 5, "i", lambda x, i: x[i], symbolic)
        one("Gather of numbers", "f", [node("Gather", "x i", "y")], (5,), (), 5, "i", lambda x, i: x[i], symbolic)
        one("GatherND 2", "f", [node("GatherND", "x i", "y")], (6, 6, 20), (3, 4, 2), 6, "i", by_tuple, symbolic)
        one("GatherND 3", "f", [node("GatherND", "x i", "y")], (6, 6, 6), (33, 3), 6, "i", by_tuple, symbolic)
        one("GatherND 1 batch", "f", [node("GatherND", "x i", "y", batch_dims=1)], (4, 6, 9), (4, 5, 1), 6, "i",
            lambda x, i: by_tuple(x, i, 1), symbolic)


def fused():
    """Reads that are part of what reads them: sums of embeddings, a reduction behind them, a part of a concatenation."""
    words, places = numbers("f", (50, 24)), numbers("f", (8, 24))
    nodes = [node("Gather", "words i", "word"), node("Gather", "places p", "place"), node("Add", "word place", "sum"),
             node("ReduceMean", "sum", "mean", axes=[-1], keepdims=1), node("Sub", "sum mean", "y"),
             node("Concat", "word place", "z", axis=-1)]
    proto = model(graph(nodes, ["i:i[B,S]", "p:i[B,S]"], ["y:f", "z:f"], [("words", words), ("places", places)]))

    def answer(i, p):
        total = words[i] + places[p]
        return [total - total.mean(-1, keepdims=True), np.concatenate([words[i], places[p]], -1)]
    cases = [(indices("i", dims, 50), indices("i", dims, 8)) for dims in ((1, 7), (3, 5), (1, 1), (0, 4))]
    expect("sum of embeddings", proto, *[(list(case), answer(*case)) for case in cases], tolerance="1e-5")
    for bad, copy in hostile("i", cases[1][1], 8):
        expect_status("sum of embeddings with place %d" % bad, proto, [cases[1][0], copy], [], "AICC_E_INDEX")
    # An index that is computed, of numbers that may be no index at all.
    nodes = [node("Cast", "f", "i", to=7), node("Gather", "x i", "y"), node("Exp", "y", "z")]
    proto = model(graph(nodes, ["x:f[V,4]", "f:f[N]"], ["z:f"]))
    x = numbers("f", (6, 4)) / 9
    expect("index of floats", proto, ([x, np.array([2.7, 0, 5.2], np.float32)], [np.exp(x[[2, 0, 5]])]), tolerance="1e-5")
    with_status(proto, "index of huge floats", [x, np.array([3, 1e30, 2], np.float32)])
    no_wild_access(proto, "index of NaN", [x, np.array([np.nan, np.inf, -np.inf], np.float32)])
    # Indices of indices.
    nodes = [node("Gather", "x i", "j"), node("Gather", "y j", "z")]
    proto = model(graph(nodes, ["x:i[V]", "i:i[N]", "y:f[W]"], ["z:f"]))
    x, y = indices("i", (9,), 30), numbers("f", (30,))
    expect("indices of indices", proto, ([x, np.array([8, -9, 3]), y], [y[x[[8, -9, 3]]]]))
    x[4] = 30
    with_status(proto, "indices of indices", [x, np.array([0, 4]), y])


def with_status(proto, name, inputs):
    expect_status(name, proto, inputs, [], "AICC_E_INDEX")


def no_wild_access(proto, name, inputs):
    """What a NaN is as an integer is said elsewhere: here, that it does no harm."""
    import tempfile
    with tempfile.TemporaryDirectory() as work:
        done, library = compile_model(work, proto)
        ran = run_object(work, library, inputs, [], "--no-compare")
        check(done.returncode == 0 and (ran.returncode == 0 or "AICC_E_INDEX" in ran.stdout), name, ran.stdout)


def regions():
    """What is not read is not checked; what a branch or an iteration reads is."""
    yes = graph([node("Gather", "x i", "a")], [], ["a:f"], name="yes")
    no = graph([node("Identity", "d", "b")], [], ["b:f"], name="no")
    proto = model(graph([node("If", "c", "y", then_branch=yes, else_branch=no)], ["c:b[]", "x:f[V,3]", "i:i[N]", "d:f[N,3]"], ["y:f"]))
    x, d, good, bad = numbers("f", (5, 3)), numbers("f", (2, 3)), np.array([4, -5]), np.array([1, 5])
    true, false = np.array(True), np.array(False)
    expect("in a branch", proto, ([true, x, good, d], [x[good]]), ([false, x, bad, d], [d]))
    with_status(proto, "in a branch", [true, x, bad, d])
    body = graph([node("Identity", "k", "more"), node("Gather", "x n", "row"), node("Add", "s row", "t")],
                 ["n:i[]", "k:b[]", "s:f[3]"], ["more:b", "t:f[3]"], name="body")
    proto = model(graph([constant("go", np.array(True)), node("Loop", "m go s", "y", body=body)], ["m:i[]", "s:f[3]", "x:f[V,3]"], ["y:f"]))
    s = numbers("f", (3,))
    expect("in a loop", proto, ([np.array(5), s, x], [s + x.sum(0)]), ([np.array(0), s, x], [s]), tolerance="1e-5")
    with_status(proto, "in a loop", [np.array(6), s, x])


def empty():
    for kind, name in (("Gather", "i:i[N]"), ("GatherElements", "i:i[N,W]")):
        proto = model(graph([node(kind, "x i", "y")], ["x:f[V,D]", name], ["y:f"]))
        dims = (lambda n, d: (n,)) if kind == "Gather" else (lambda n, d: (n, d))
        expect("%s of nothing" % kind, proto,
               ([numbers("f", (0, 4)), np.zeros(dims(0, 4), np.int64)], [np.zeros((0, 4), np.float32)]),
               ([numbers("f", (3, 0)), np.zeros(dims(2, 0), np.int64)], [np.zeros((2, 0), np.float32)]))
        with_status(proto, "%s from nothing" % kind, [numbers("f", (0, 4)), np.zeros(dims(2, 4), np.int64)])
    fixed = model(graph([node("Gather", "x i", "y")], ["x:f[0,4]", "i:i[2]"], ["y:f"]))
    with_status(fixed, "Gather from nothing, fixed", [numbers("f", (0, 4)), np.zeros(2, np.int64)])


def known():
    """Indices that are constants: a slice where they are evenly spaced, else a read; their range is a matter of dims."""
    x = numbers("f", (6, 5))
    for at in ([0], [-1], [1, 3, 5], [4, 3, 2, 1], [2, 2, 2], [5, 0, 3], [-1, 0], [-6, -4, -2], [[1, 2], [3, 4]], [[0, 5], [5, 0]], []):
        array = np.array(at, np.int64)
        proto = model(graph([constant("i", array), node("Gather", "x i", "y")], ["x:f[V,D]"], ["y:f"]))
        expect("constant %s" % at, proto, ([x], [x[array]]))
        if array.size and array.max() > 0:
            small = numbers("f", (int(array.max()), 5))
            status = "AICC_E_INDEX" if at in ([5, 0, 3], [-1, 0], [[0, 5], [5, 0]]) else "AICC_E_SHAPE"
            expect_status("constant %s of too few" % at, proto, [small], [], status)
    proto = model(graph([constant("i", np.array(-1)), node("Gather", "x i", "y")], ["x:f[V,D]"], ["y:f"]))
    expect("the last", proto, ([x], [x[-1]]), ([x[:1]], [x[0]]))
    expect_status("the last of none", proto, [x[:0]], [], "AICC_E_SHAPE")


operators()
fused()
regions()
empty()
known()
finish()
