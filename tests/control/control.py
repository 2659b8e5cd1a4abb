# SPDX-License-Identifier: Apache-2.0
"""If, Loop and Scan through real objects at every CPU level: control.py AICC AICC_RUN. What is expected is computed
with numpy from the meaning of the operators."""
import os
import subprocess
import sys
import tempfile

import numpy as np
from onnx import helper

from build import constant, graph, model, node
from objects import AICC, check, expect, expect_error, expect_status, finish, run_object


def f32(*numbers):
    return np.array(numbers, np.float32)


def i64(number):
    return np.array(number, np.int64)


TRUE, FALSE = np.array(True), np.array(False)


def branches():
    then = graph([node("Exp", "x", "hot"), node("Add", "hot w", "res")], [], ["res:f[N,3]"], [("w", f32(1, 2, 3))])
    other = graph([node("Mul", "shared shared", "res")], [], ["res:f[N,3]"])
    top = graph([node("If", "c", "y", then_branch=then, else_branch=other), node("Neg", "x", "shared"),
                 node("Add", "y shared", "z")], ["c:b[]", "x:f[N,3]"], ["z:f[N,3]", "y:f[N,3]"])
    x = np.arange(6, dtype=np.float32).reshape(2, 3) / 4
    hot, cold = np.exp(x) + f32(1, 2, 3), x * x
    expect("if on an input, captures in both branches", model(top),
           ([TRUE, x], [hot - x, hot]), ([FALSE, x], [cold - x, cold]))

    inner_then = graph([node("Add", "a a", "res")], [], ["res:f[3]"])
    inner_else = graph([node("Identity", "a", "res")], [], ["res:f[3]"])
    then = graph([node("Mul", "x x", "a"), node("If", "d", "r", then_branch=inner_then, else_branch=inner_else)],
                 [], ["r:f[3]"])
    other = graph([node("Softmax", "x", "r2", axis=0)], [], ["r2:f[3]"])
    top = graph([node("If", "c", "y", then_branch=then, else_branch=other)], ["c:b[1]", "d:b[]", "x:f[3]"], ["y:f[3]"])
    x = f32(1, 2, 3)
    soft = (np.exp(x) / np.exp(x).sum()).astype(np.float32)
    expect("nested if; the condition is a vector of one", model(top),
           ([TRUE.reshape(1), TRUE, x], [2 * x * x]), ([TRUE.reshape(1), FALSE, x], [x * x]),
           ([FALSE.reshape(1), TRUE, x], [soft]))

    # An output that is a captured value, a constant, and two outputs that are one value.
    then = graph([constant("k", f32(7, 8))], [], ["x:f[2]", "k:f[2]", "k2:f[2]"])
    then.node.append(node("Identity", "k", "k2"))
    other = graph([node("Neg", "x", "n")], [], ["n:f[2]", "n:f[2]", "x:f[2]"])
    top = graph([node("If", "c", "p q r", then_branch=then, else_branch=other)], ["c:b[]", "x:f[2]"],
                ["p:f[2]", "q:f[2]", "r:f[2]"])
    x = f32(1, -2)
    expect("branches that give what they do not compute", model(top),
           ([TRUE, x], [x, f32(7, 8), f32(7, 8)]), ([FALSE, x], [-x, -x, x]))

    then = graph([node("Relu", "x", "t")], [], ["t:f[2]"])
    other = graph([constant("e", f32(1, 2, 3))], [], ["e:f[3]"])
    top = graph([constant("c", TRUE), node("If", "c", "y", then_branch=then, else_branch=other)], ["x:f[2]"],
                ["y:f[2]"])
    expect("a constant condition: the branch is inlined, types may differ", model(top), ([x], [np.maximum(x, 0)]))

    top = graph([node("If", "c", "y", "choice", then_branch=then, else_branch=other)], ["c:b[]", "x:f[2]"], ["y:f"])
    expect_error("branches of different dims", model(top),
                 "node 'choice': result 0 is float32[2] in the one branch and float32[3] in the other")

    # Reductions and products in branches, written to the results in place.
    then = graph([node("Gemm", "x x", "m")], [], ["m:f[3,3]"])
    other = graph([node("Softmax", "x", "s", axis=1)], [], ["s:f[3,3]"])
    top = graph([node("If", "c", "y", then_branch=then, else_branch=other), node("Reshape", "y shape", "z")],
                ["c:b[]", "x:f[3,3]"], ["z:f[9]"], [("shape", np.array([9]))])
    x = np.arange(9, dtype=np.float32).reshape(3, 3) / 8
    soft = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    expect("kernels of branches write the result", model(top), ([TRUE, x], [(x @ x).reshape(9)]),
           ([FALSE, x], [soft.reshape(9)]))


def loops():
    # Fibonacci: carried values that exchange places.
    body = graph([node("Add", "a b", "next"), node("Identity", "go", "go_on"), node("Identity", "b", "b_out")],
                 ["i:i[]", "go:b[]", "a:f[2]", "b:f[2]"], ["go_on:b[]", "b_out:f[2]", "next:f[2]"])
    top = graph([node("Loop", "n _ x y", "p q", body=body)], ["n:i[]", "x:f[2]", "y:f[2]"], ["p:f[2]", "q:f[2]"])

    def fibonacci(n, a, b):
        for _ in range(n):
            a, b = b, a + b
        return [a, b]
    x, y = f32(0, 1), f32(1, 2)
    expect("loop with the trip from an input", model(top),
           *[([i64(n), x, y], fibonacci(n, x, y)) for n in (0, 1, 2, 7, -3)])

    swap = graph([node("Identity", "go", "go_on")], ["i:i[]", "go:b[]", "a:f[2]", "b:f[2]", "c:f[2]"],
                 ["go_on:b[]", "b:f[2]", "c:f[2]", "a:f[2]"])
    top = graph([node("Loop", "n _ x y z", "p q r", body=swap)], ["n:i[]", "x:f[2]", "y:f[2]", "z:f[2]"],
                ["p:f[2]", "q:f[2]", "r:f[2]"])
    z = f32(5, 6)
    expect("carried values that rotate", model(top),
           ([i64(1), x, y, z], [y, z, x]), ([i64(2), x, y, z], [z, x, y]), ([i64(3), x, y, z], [x, y, z]),
           ([i64(300002), x, y, z], [z, x, y]))  # 2 more than a multiple of 3; no stack is used up

    # Early exit by a condition; the iteration number is used.
    body = graph([node("Cast", "i", "f", to=1), node("Add", "s f", "s_out"), node("Less", "s_out limit", "go_on")],
                 ["i:i[]", "go:b[]", "s:f[]"], ["go_on:b[]", "s_out:f[]"])

    def early(trip, go, limit, s):
        i = 0
        while go and (trip is None or i < trip):
            s = s + i
            go = s < limit
            i += 1
        return [np.float32(s)]
    top = graph([node("Loop", "n c s", "r", body=body)], ["n:i[]", "c:b[]", "limit:f[]", "s:f[]"], ["r:f[]"])
    for n, c, limit in ((100, True, 20.), (3, True, 20.), (100, False, 20.), (1, True, 0.)):
        expect("loop ended by trip %d or condition %s" % (n, c), model(top),
               ([i64(n), np.array(c), np.float32(limit), np.float32(1)], early(n, c, limit, 1.)))
    top = graph([node("Loop", "_ c s", "r", body=body)], ["c:b[]", "limit:f[]", "s:f[]"], ["r:f[]"])
    expect("loop ended by its condition only", model(top),
           ([TRUE, np.float32(20), np.float32(1)], early(None, True, 20., 1.)),
           ([FALSE, np.float32(20), np.float32(1)], early(None, False, 20., 1.)))
    top = graph([node("Loop", "n _ s", "r", body=body)], ["n:i[]", "limit:f[]", "s:f[]"], ["r:f[]"])
    expect("without a condition, what the body says of it does not count", model(top),
           ([i64(9), np.float32(0), np.float32(1)], [np.float32(37)]))

    # Scan outputs with a static trip, an if in the body, captures from two levels.
    then = graph([node("Add", "a outer", "t")], [], ["t:f[3]"])
    other = graph([node("Sub", "a first", "t")], [], ["t:f[3]"])
    body = graph([node("Mul", "f half", "first"), node("Greater", "f one", "big"),
                  node("If", "big", "b", then_branch=then, else_branch=other), node("Identity", "go", "go_on"),
                  node("Mul", "b b", "square"), node("Cast", "i", "f", to=1)],
                 ["i:i[]", "go:b[]", "a:f[3]"], ["go_on:b[]", "b:f[3]", "square:f[3]", "first:f[]"],
                 [("half", np.float32(.5)), ("one", np.float32(1))])
    top = graph([node("Loop", "n t a", "last squares firsts", body=body), node("Neg", "x", "outer"),
                 node("Add", "outer outer", "a")],
                ["x:f[3]"], ["last:f[3]", "squares:f[5,3]", "firsts:f[5]"], [("n", i64(5)), ("t", TRUE)])
    x = f32(1, 2, 3)
    a, squares, firsts = -2 * x, [], []
    for i in range(5):
        a = a - x if i > 1 else a - np.float32(i / 2)
        squares.append(a * a)
        firsts.append(np.float32(i / 2))
    expect("nested if in a loop with scan outputs", model(top), ([x], [a, np.array(squares), np.array(firsts)]))

    # A loop in a loop; the inner trip is the outer iteration number.
    inner = graph([node("Add", "s k", "s_out"), node("Identity", "go2", "go2_on")],
                  ["j:i[]", "go2:b[]", "s:f[]"], ["go2_on:b[]", "s_out:f[]"])
    body = graph([node("Cast", "i", "k", to=1), node("Loop", "i _ s", "s_new", body=inner),
                  node("Identity", "go", "go_on")],
                 ["i:i[]", "go:b[]", "s:f[]"], ["go_on:b[]", "s_new:f[]", "s_new:f[]"])
    top = graph([node("Loop", "n _ zero", "r rs", body=body)], ["zero:f[]"], ["r:f[]", "rs:f[4]"], [("n", i64(4))])
    sums = np.cumsum([i * i for i in range(4)]).astype(np.float32)
    expect("loop in a loop", model(top), ([np.float32(0)], [sums[-1], sums]))

    for options in (("-g",), ("-O0",), ("-O3",)):
        expect("loop in a loop, %s" % options, model(top), ([np.float32(0)], [sums[-1], sums]), options=options)

    # Zero trips.
    body = graph([node("Add", "a a", "b"), node("Identity", "go", "go_on")],
                 ["i:i[]", "go:b[]", "a:f[2]"], ["go_on:b[]", "b:f[2]", "b:f[2]"])
    top = graph([node("Loop", "n _ x", "r rs", body=body)], ["x:f[2]"], ["r:f[2]", "rs:f[0,2]"], [("n", i64(0))])
    expect("zero trips", model(top), ([x[:2]], [x[:2], np.zeros((0, 2), np.float32)]))

    top = graph([node("Loop", "n _ x", "r rs", "again", body=body)], ["n:i[]", "x:f[2]"], ["r:f[2]", "rs:f"])
    expect_error("scan outputs of an unknown trip", model(top), "node 'again': the size of what the iterations give "
                 "depends on data: the trip count is not known")
    top = graph([node("Loop", "n c x", "r rs", "again", body=body)], ["n:i[]", "c:b[]", "x:f[2]"],
                ["r:f[2]", "rs:f[3,2]"])
    x = f32(1, 2)
    expect("scan outputs of a declared trip", model(top),
           ([i64(3), TRUE, x], [8 * x, np.array([2 * x, 4 * x, 8 * x])]))
    zero = model(graph([node("Loop", "n c x", "r rs", "again", body=body)], ["n:i[]", "c:b[]", "x:f[2]"],
                       ["r:f[2]", "rs:f[0,2]"]))
    none = np.zeros((0, 2), np.float32)
    expect("no scan output declared", zero, ([i64(0), TRUE, x], [x, none]), ([i64(-1), TRUE, x], [x, none]),
           ([i64(3), FALSE, x], [x, none]))
    for n, c in ((2, TRUE), (4, TRUE), (3, FALSE)):
        expect_status("another trip than declared: %d %s" % (n, c), model(top), [i64(n), c, x],
                      [x, np.zeros((3, 2), np.float32)], "value")
    body = graph([node("Add", "a a", "b"), node("Greater", "b limit", "many"), node("Not", "go", "go_on")],
                 ["i:i[]", "go:b[]", "a:f[]"], ["many:b[]", "b:f[]", "b:f[]"])
    top = graph([node("Loop", "n t x", "r rs", "again", body=body)], ["limit:f[]", "x:f[]"], ["r:f[]", "rs:f"],
                [("n", i64(3)), ("t", TRUE)])
    expect_error("scan outputs and a condition", model(top), "node 'again': the size of what the iterations give "
                 "depends on data: the condition may end the loop")
    body = graph([constant("b", f32(1, 2, 3)), node("Identity", "go", "go_on")],
                 ["i:i[]", "go:b[]", "a:f[2]"], ["go_on:b[]", "b:f[3]"])
    top = graph([node("Loop", "n _ x", "r", "again", body=body)], ["n:i[]", "x:f[2]"], ["r:f"])
    expect_error("a carried value that changes its dims", model(top),
                 "node 'again': carried value 0 changes its type from float32[2] to float32[3]")
    top = graph([node("Loop", "_ _ x", "r", "again", body=body)], ["x:f[2]"], ["r:f"])
    expect_error("a loop without end", model(top), "node 'again': has neither a trip count nor a condition")


def scans():
    body = graph([node("Add", "s x", "t"), node("Mul", "t two", "u")], ["s:f[3]", "x:f[3]"], ["t:f[3]", "u:f[3]"],
                 [("two", np.float32(2))])
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    start = f32(1, 1, 1)

    def reference(s, xs):
        out = []
        for x in xs:
            s = s + x
            out.append(2 * s)
        return s, np.array(out, np.float32).reshape(-1, 3)
    top = graph([node("Scan", "s xs", "r ys", body=body, num_scan_inputs=1)], ["s:f[3]", "xs:f[N,3]"],
                ["r:f[3]", "ys:f[N,3]"])
    expect("scan of symbolic length", model(top), ([start, rows], list(reference(start, rows))),
           ([start, rows[:1]], list(reference(start, rows[:1]))), ([start, rows[:0]], list(reference(start, rows[:0]))))
    for reverse_in in (0, 1):
        for reverse_out in (0, 1):
            for axis in (0, 1, -1):
                top = graph([node("Scan", "s xs", "r ys", body=body, num_scan_inputs=1, scan_input_axes=[axis],
                                  scan_output_axes=[axis], scan_input_directions=[reverse_in],
                                  scan_output_directions=[reverse_out])],
                            ["s:f[3]", "xs:f[3,N]" if axis else "xs:f[N,3]"],
                            ["r:f[3]", "ys:f[3,N]" if axis else "ys:f[N,3]"])
                last, ys = reference(start, rows[::-1] if reverse_in else rows)
                ys = ys[::-1] if reverse_out else ys
                expect("scan along %d, directions %d %d" % (axis, reverse_in, reverse_out), model(top),
                       ([start, rows.T if axis else rows], [last, ys.T if axis else ys]))

    # Two inputs, two states, a product of matrices per step, the slice as a whole in memory.
    body = graph([node("Gemm", "h w", "hw"), node("Add", "hw x", "sum"), node("Tanh", "sum", "h2"),
                  node("Reshape", "x shape", "flat"), node("Softmax", "flat", "soft", axis=0),
                  node("Mul", "c m", "c2"), node("Identity", "x", "same")],
                 ["h:f[2,3]", "c:f[]", "x:f[2,3]", "m:f[]"],
                 ["h2:f[2,3]", "c2:f[]", "h2:f[2,3]", "soft:f[6]", "same:f[2,3]"], [("shape", np.array([6]))])
    top = graph([node("Scan", "h c xs ms", "hl cl hs softs sames", body=body, num_scan_inputs=2)],
                ["h:f[2,3]", "c:f[]", "xs:f[4,2,3]", "ms:f[4]", "w:f[3,3]"],
                ["hl:f[2,3]", "cl:f[]", "hs:f[4,2,3]", "softs:f[4,6]", "sames:f[4,2,3]"])
    random = np.random.default_rng(3)
    h, w = random.standard_normal((2, 3), np.float32), random.standard_normal((3, 3), np.float32)
    xs, ms = random.standard_normal((4, 2, 3), np.float32), random.standard_normal(4, np.float32)
    state, hs, softs = h, [], []
    for x in xs:
        state = np.tanh(state @ w + x)
        hs.append(state)
        softs.append(np.exp(x.ravel()) / np.exp(x.ravel()).sum())
    expect("scan of two inputs", model(top),
           ([h, np.float32(2), xs, ms, w], [state, np.float32(2 * ms.prod()), np.array(hs), np.array(softs), xs]))

    body = graph([node("Add", "s x", "t"), node("Mul", "t m", "u")], ["s:f[3]", "x:f[3]", "m:f[]"],
                 ["t:f[3]", "u:f[3]"])
    top = graph([node("Scan", "_ s xs ms", "r ys", body=body, num_scan_inputs=2, directions=[0, 1])],
                ["s:f[2,3]", "xs:f[2,4,3]", "ms:f[2,4]"], ["r:f[2,3]", "ys:f[2,4,3]"])
    s, xs = random.standard_normal((2, 3), np.float32), random.standard_normal((2, 4, 3), np.float32)
    ms = random.standard_normal((2, 4), np.float32)
    sums = s[:, None] + np.cumsum(xs, axis=1)
    expect("scan with a batch axis", model(top, 8), ([s, xs, ms], [sums[:, -1], sums * ms[:, ::-1, None]]))
    top = graph([node("Scan", "lens s xs ms", "r ys", body=body, num_scan_inputs=2)],
                ["lens:i[2]", "s:f[2,3]", "xs:f[2,4,3]", "ms:f[2,4]"], ["r:f[2,3]", "ys:f[2,4,3]"])
    whole, short = np.array([4, 4]), np.array([4, 3])
    expect("sequences of full length", model(top, 8), ([whole, s, xs, ms], [sums[:, -1], sums * ms[:, :, None]]))
    expect_status("a shorter sequence", model(top, 8), [short, s, xs, ms], [s, xs], "value")

    body = graph([node("Add", "s x", "t")], ["s:f[3]", "x:f[3]"], ["t:f[3]", "t:f[3]"])
    top = graph([node("Scan", "s xs", "r ys", "sweep", body=body, num_scan_inputs=3)], ["s:f[3]", "xs:f[N,3]"],
                ["r:f[3]", "ys:f[N,3]"])
    expect_error("more scan inputs than inputs", model(top), "node 'sweep': num_scan_inputs is 3, of 2 inputs")


SYMBOLIC = """module "text" hash "0000000000000000" {
  symbol N in [0, 100]
  blob #0 : f32 x 1 = [0.5]
  entry @run(%0 "xs": f32[N,2]) -> ("last": f32[2], "rows": f32[N+1,2], "count": f32[N+1]) {
    %1: i64[1] = dims <dims=[N+1]>
    %2: i64[] = reshape(%1)
    %3: f32[2] = reduce max(%0[i, j]) -> [j]
    %4: f32[2], %5: f32[N+1,2], %6: f32[N+1] = loop(%2, _, %3) <carried=1> region (%7: i64[], %8: bool[], %9: f32[2]) {
      %10: f32[] = constant #0
      %11: f32[2] = mul(%9, %10)
      %12: f32[] = cast(%7)
      return %8, %11, %9, %12
    }
    return %4, %5, %6
  }
}
"""


def texts():
    """What no operator spells yet: a trip count that is a dim."""
    with tempfile.TemporaryDirectory() as work:
        path, library = os.path.join(work, "model.aicc-ir"), os.path.join(work, "model.so")
        with open(path, "w") as file:
            file.write(SYMBOLIC)
        done = subprocess.run([AICC, path, "--shared", "-o", library], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=dict(os.environ, AICC_VERIFY="1"))
        check(done.returncode == 0, "a symbolic trip: compiles", done.stderr)
        for n in (1, 5, 64):
            xs = np.random.default_rng(n).standard_normal((n, 2), np.float32)
            rows = xs.max(axis=0) * np.float32(.5) ** np.arange(n + 1, dtype=np.float32)[:, None]
            ran = run_object(work, library, [xs], [rows[-1] / 2, rows, np.arange(n + 1, dtype=np.float32)])
            check(ran.returncode == 0, "a symbolic trip of %d" % n, ran.stdout)


def faults():
    bad = graph([node("NoSuch", "x", "r", "inner")], [], ["r:f[2]"])
    good = graph([node("Neg", "x", "r")], [], ["r:f[2]"])
    worse = graph([node("If", "c", "r", "nested", then_branch=bad, else_branch=good)], [], ["r:f[2]"])
    for condition in ((), [("c", TRUE)], [("c", FALSE)]):
        top = graph([node("If", "c", "y", "outer", then_branch=bad, else_branch=worse),
                     node("Missing", "x", "q", "top")],
                    ["x:f[2]"] + ([] if condition else ["c:b[]"]), ["y:f[2]", "q:f[2]"], condition)
        expect_error("every fault once, also in branches that are not taken", model(top),
                     "node 'outer/then_branch/inner': operator NoSuch",
                     "node 'outer/else_branch/nested/then_branch/inner': operator NoSuch",
                     "node 'top': operator Missing")
    top = graph([node("Missing", "x", "c", "top"), node("If", "c", "y", "outer", then_branch=bad, else_branch=good)],
                ["x:f[2]"], ["y:f[2]"])
    expect_error("faults in branches of a node that cannot be built", model(top), "node 'top': operator Missing",
                 "node 'outer/then_branch/inner': operator NoSuch")
    lost = graph([node("Add", "x nowhere", "r", "inner")], [], ["r:f[2]"])
    top = graph([node("If", "c", "y", "outer", then_branch=lost, else_branch=good)], ["c:b[]", "x:f[2]"], ["y:f[2]"])
    expect_error("a name that no scope has", model(top), "node 'outer/then_branch/inner': uses value 'nowhere'")
    few = graph([node("Neg", "x", "r")], ["i:i[]"], ["r:f[2]"])
    top = graph([node("Loop", "n _ x", "y", "outer", body=few)], ["n:i[]", "x:f[2]"], ["y:f[2]"])
    expect_error("a body with too few inputs", model(top), "node 'outer': its subgraph has 1 inputs, 3 are needed")
    typed = graph([node("Identity", "g", "g2")], ["i:i[]", "g:b[]", "a:i[2]"], ["g2:b[]", "a:i[2]"])
    top = graph([node("Loop", "n _ x", "y", "outer", body=typed)], ["n:i[]", "x:f[2]"], ["y:f[2]"])
    expect_error("a body that declares another element type", model(top),
                 "node 'outer': input 'a' of its subgraph is declared as int64 but gets float32")
    need = graph([node("Reshape", "x s", "r", "inner")], [], ["r:f[2]"])
    top = graph([node("If", "c", "y", "outer", then_branch=need, else_branch=good)],
                ["c:b[]", "x:f[2]", "s:i[1]"], ["y:f[2]"])
    proto = model(top)
    proto.graph.node[0].attribute[0].g.value_info.append(helper.make_tensor_value_info("r", 1, [2]))
    x = f32(1, 2)
    expect("a check within a branch that holds", proto, ([TRUE, x, np.array([2])], [x]),
           ([FALSE, x, np.array([3])], [-x]))
    expect_status("a check within a branch that fails", proto, [TRUE, x, np.array([3])], [x], "value")

    # What a branch requires of dims is required there: neither in the other branch nor behind the node is it known.
    def dots(then_needs, else_needs, behind):
        parts = [graph([node("MatMul", "x y", "d" + name) if needs else node("ReduceSum", "x", "d" + name, keepdims=0)], [],
                       ["d%s:f[]" % name]) for name, needs in (("t", then_needs), ("e", else_needs))]
        after = node("MatMul", "x y", "z") if behind else node("ReduceSum", "y", "z", keepdims=0)
        return model(graph([node("If", "c", "r", then_branch=parts[0], else_branch=parts[1]), after],
                           ["c:b[]", "x:f[N]", "y:f[M]"], ["r:f[]", "z:f[]"]))

    two, three = f32(1, 2), f32(3, 4, 5)
    expect("the branch that requires equal dims is not taken", dots(True, False, False),
           ([FALSE, two, three], [two.sum(), three.sum()]), ([TRUE, two, two], [two @ two, two.sum()]))
    for then_needs, else_needs, behind, choice in ((True, False, False, TRUE), (True, True, False, TRUE),
                                                   (True, True, False, FALSE), (True, False, True, FALSE)):
        expect_status("other dims than required: %s" % [then_needs, else_needs, behind, choice],
                      dots(then_needs, else_needs, behind), [choice, two, three], [two.sum(), two.sum()], "AICC_E_SHAPE")


def scopes():
    # The inner name hides the outer one, which a later node computes from the If's own output.
    then = graph([node("Neg", "x", "t"), node("Add", "t t", "y")], [], ["y:f[2]"])
    other = graph([node("Identity", "t", "y")], [], ["y:f[2]"], [("t", f32(5, 6))])
    top = graph([node("If", "c", "y", then_branch=then, else_branch=other), node("Exp", "y", "t")],
                ["c:b[]", "x:f[2]"], ["t:f[2]"])
    x = f32(1, -1)
    expect("names of subgraphs hide those around", model(top), ([TRUE, x], [np.exp(-2 * x)]),
           ([FALSE, x], [np.exp(f32(5, 6))]))

    # A function with an If that captures the function's values; and a branch that calls the function.
    then = graph([node("Add", "h b", "r")], [], ["r:f[2]"])
    other = graph([node("Sub", "h b", "r")], [], ["r:f[2]"])
    function = helper.make_function("local", "Choose", ["c", "a", "b"], ["y"],
                                    [node("Mul", "a a", "h"),
                                     node("If", "c", "y", then_branch=then, else_branch=other)],
                                    [helper.make_opsetid("", 16)])
    outer_then = graph([node("Choose", "d x x", "z", domain="local")], [], ["z:f[2]"])
    outer_else = graph([node("Neg", "x", "z")], [], ["z:f[2]"])
    top = graph([node("Choose", "c x z", "y", domain="local"),
                 node("If", "c", "z", then_branch=outer_then, else_branch=outer_else)],
                ["c:b[]", "d:b[]", "x:f[2]"], ["y:f[2]"])
    proto = model(top, functions=[function], domains=["local"])

    def choose(c, a, b):
        return a * a + b if c else a * a - b
    for c in (TRUE, FALSE):
        for d in (TRUE, FALSE):
            z = choose(d, x, x) if c else -x
            expect("captures in functions %s %s" % (c, d), proto, ([c, d, x], [choose(c, x, z)]))


branches()
loops()
scans()
texts()
faults()
scopes()
finish()
