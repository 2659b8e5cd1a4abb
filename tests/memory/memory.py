# SPDX-License-Identifier: Apache-2.0
"""The workspace of static models stays within 10 % of its lower bound: the largest sum of 64-byte-aligned sizes that
live at one step, computed here from the text of the program; that of attention grows with the length. memory.py AICC"""
import os
import random
import re
import subprocess
import sys
import tempfile

import onnx
from onnx import TensorProto, helper

AICC = sys.argv[1]


def random_graph(seed):
    """Chains and joins of matrix products with sizes that differ, so that buffers live and die out of order."""
    rng = random.Random(seed)
    nodes, weights, live = [], [], [("x", 64)]
    for index in range(rng.randint(6, 24)):
        source, width = live[-1] if rng.random() < 0.6 else rng.choice(live)
        name = "v%d" % index
        same = [v for v, w in live if w == width and v != source]
        if same and rng.random() < 0.3:
            nodes.append(helper.make_node("Sub", [source, rng.choice(same)], [name + "s"]))
            nodes.append(helper.make_node("Softmax", [name + "s"], [name]))
            live.append((name, width))
            continue
        wide = rng.choice([32, 100, 400, 1600])
        weights.append(helper.make_tensor("w%d" % index, TensorProto.FLOAT, [width, wide], [0.01] * (width * wide)))
        nodes.append(helper.make_node("Gemm", [source, "w%d" % index], [name]))
        live.append((name, wide))
    total = "sum"
    nodes.append(helper.make_node("ReduceMean", [live[-1][0]], ["r0"], axes=[1]))
    for index, (value, _) in enumerate(live[1:-1]):
        nodes.append(helper.make_node("ReduceMean", [value], ["m%d" % index], axes=[1]))
        nodes.append(helper.make_node("Add", ["r%d" % index, "m%d" % index], ["r%d" % (index + 1)]))
    nodes.append(helper.make_node("Relu", ["r%d" % (len(live) - 2)], [total]))
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [128, 64])],
                              [helper.make_tensor_value_info(total, TensorProto.FLOAT, [128, 1])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, "m.onnx")


def lower_bound(text):
    sizes = {m[1]: (int(m[2]) + 63) // 64 * 64 for m in re.finditer(r"buffer (#\d+) : \S+ = workspace bytes (\d+)", text)}
    lives = {}
    steps = re.findall(r"^\s+(?:run @\S+\((.*?)\)|check (#\d+))", text, re.M)
    for step, (arguments, checked) in enumerate(steps):
        for buffer in re.findall(r"#\d+", arguments or checked):
            lives.setdefault(buffer, [step, step])[1] = step
    return max(sum(size for b, size in sizes.items() if b in lives and lives[b][0] <= step <= lives[b][1])
               for step in range(len(steps)))


def attention(length):
    """Scores of all pairs of rows: as many as the square of the length, of which only a block is ever there."""
    dims = {"q": [1, 8, length, 32], "k": [1, 8, 32, length], "v": [1, 8, length, 32]}
    nodes = [helper.make_node("Tanh", [name], [name + "t"]) for name in dims]
    nodes += [helper.make_node("MatMul", ["qt", "kt"], ["s"]), helper.make_node("Softmax", ["s"], ["p"]),
              helper.make_node("MatMul", ["p", "vt"], ["y"])]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in dims.items()]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, dims["q"])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, "m.onnx")


def workspace():
    """The bytes of m.onnx's workspace, and the bound that aicc reports."""
    report = subprocess.run([AICC, "m.onnx", "-o", "m.o", "--cpu=v2", "-O0", "--report-memory"], check=True,
                            stdout=subprocess.PIPE).stdout.decode()
    return map(int, re.match(r"workspace_bytes=(\d+) lower_bound=(\d+)", report).groups())


failures = checked = 0
with tempfile.TemporaryDirectory(prefix="aicc-memory-") as folder:
    os.chdir(folder)
    for seed in range(40):
        random_graph(seed)
        text = subprocess.run([AICC, "m.onnx", "--stop-after=plan-memory"], check=True, stdout=subprocess.PIPE).stdout.decode()
        used, told = workspace()
        bound = lower_bound(text)
        if told != bound:
            failures += 1
            print("seed %d: aicc says the bound is %d, it is %d" % (seed, told, bound))
        if bound < 65536:
            continue
        checked += 1
        if used > bound * 1.1:
            failures += 1
            print("seed %d: workspace %d, bound %d" % (seed, used, bound))
    sizes = []
    for length in (512, 1024):
        attention(length)
        sizes.append(next(workspace()))
    if sizes[1] > 2.1 * sizes[0]:
        failures += 1
        print("attention over 512 rows takes %d bytes, over 1024 %d" % tuple(sizes))
    os.chdir("/")
print("%d graphs above 64 KB, %d failures" % (checked, failures))
sys.exit(failures != 0 or checked < 10)
