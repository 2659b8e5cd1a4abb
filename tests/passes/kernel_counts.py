# SPDX-License-Identifier: Apache-2.0
"""How many kernels a run of a small model takes: what fuses, and what is computed where it belongs, has no kernel of its
own. Weights are larger than what folds whatever it is. kernel_counts.py AICC"""
import os
import re
import subprocess
import sys
import tempfile

import numpy
import onnx

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "control"))
from build import graph, model, node  # noqa: E402

AICC = sys.argv[1]
random = numpy.random.RandomState(1)


def weights(*dims):
    return random.uniform(0.5, 1, dims).astype(numpy.float32)


def batch_norm(x, y, channels):
    names = ["scale", "shift", "mean", "var"]
    return (node("BatchNormalization", " ".join([x] + [y + n for n in names]), y),
            [(y + n, weights(channels)) for n in names])


def activated(operator, w, channels, **attributes):
    """x -> operator -> batch normalisation -> y, activated."""
    norm, constants = batch_norm("a", "b", channels)
    return [node(operator, "x w", "a", **attributes), norm, node("Relu", "b", "y")], ["x:f[1,32,8,8]"], constants + [("w", w)]


def dense_block():
    """What two convolutions give, one behind the other, joined, normalised and activated before a third."""
    norm, constants = batch_norm("j", "n", 48)
    nodes = [node("Conv", "x u", "a"), node("Conv", "a v", "b", pads=[1] * 4), node("Concat", "a b", "j", axis=1), norm,
             node("Relu", "n", "r"), node("Conv", "r w", "y")]
    return nodes, ["x:f[1,32,8,8]"], constants + [("u", weights(32, 32, 3, 3)), ("v", weights(16, 32, 3, 3)),
                                                  ("w", weights(32, 48, 1, 1))]


def classifier(pool):
    nodes = [node("Conv", "x w", "a"), node("Relu", "a", "b")]
    if pool:
        nodes.append(node("GlobalAveragePool", "b", "c"))
    nodes += [node("Flatten", nodes[-1].output[0], "f"), node("Gemm", "f v d", "y", transB=1)]
    inner = 32 if pool else 32 * 36
    return nodes, ["x:f[1,32,8,8]"], [("w", weights(32, 32, 3, 3)), ("v", weights(40, inner)), ("d", weights(40))]


def attention():
    """Projections of one tensor, their heads, and the projection of what the heads give."""
    nodes, constants = [], [("heads", numpy.array([0, 0, 4, 16])), ("whole", numpy.array([0, 0, 64])), ("o", weights(64, 64))]
    for name, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        constants += [("w" + name, weights(64, 64)), ("b" + name, weights(64))]
        nodes += [node("MatMul", "x w" + name, "m" + name), node("Add", "m%s b%s" % (name, name), "a" + name),
                  node("Reshape", "a%s heads" % name, "r" + name), node("Transpose", "r" + name, name, perm=perm)]
    nodes += [node("MatMul", "q k", "s"), node("Softmax", "s", "p"), node("MatMul", "p v", "c"),
              node("Transpose", "c", "t", perm=[0, 2, 1, 3]), node("Reshape", "t whole", "u"), node("MatMul", "u o", "y")]
    return nodes, ["x:f[1,32,64]"], constants


def scores(kind):
    """Attention of given queries, keys and values: scores, what is done to them, weights, and their product."""
    nodes, constants, inputs = [node("Transpose", "k", "t", perm=[0, 1, 3, 2]), node("MatMul", "q t", "s0")], [], ["q:f[N,4,S,16]"]
    steps = {"plain": [], "scaled": ["Div"], "masked": ["Div", "Add"], "causal": ["Div", "Where"], "biased": ["Add"], "both": ["Mul", "Where", "Add"]}
    for i, step in enumerate(steps[kind]):
        one, other = "s%d" % i, "s%d" % (i + 1)
        if step in ("Div", "Mul"):
            nodes.append(node(step, one + " scale", other))
        elif step == "Where":
            nodes.append(node("Where", "before %s least" % one, other))
        else:
            nodes.append(node("Add", one + " bias", other))
    if "Add" in steps[kind]:
        inputs.append("bias:f[N,1,1,T]" if kind == "masked" else "bias:f[1,4,S,T]")
    if "Where" in steps[kind]:
        inputs.append("before:b[S,T]")
    constants = [("scale", numpy.float32(4)), ("least", numpy.float32(-numpy.inf))]
    nodes += [node("Softmax", "s%d" % len(steps[kind]), "p"), node("MatMul", "p v", "y")]
    return nodes, inputs + ["k:f[N,4,T,16]", "v:f[N,4,T,24]"], constants


def attention_spelled():
    """A softmax in its steps between two products; the weights are divided before the second."""
    nodes, inputs, constants = scores("scaled")
    steps = [node("ReduceMax", "s1", "m", axes=[-1]), node("Sub", "s1 m", "d"), node("Exp", "d", "e"), node("ReduceSum", "e axes", "l"),
             node("Div", "e l", "p")]
    return nodes[:-2] + steps + nodes[-1:], inputs, constants + [("axes", numpy.array([-1]))]


def flattened_heads():
    """The heads' results are joined in memory, since a product of flattened rows reads them."""
    nodes, inputs, constants = scores("scaled")
    nodes[-1].output[0] = "c"
    nodes += [node("Transpose", "c", "h", perm=[0, 2, 1, 3]), node("Reshape", "h rows", "u"), node("MatMul", "u o", "y")]
    return nodes, inputs, constants + [("rows", numpy.array([-1, 96])), ("o", weights(96, 64))]


def joined_heads():
    """Batch and heads are joined before the products, split for the mask, and joined again for the softmax."""
    nodes = [node("Reshape", "q joined", "q3"), node("Transpose", "k", "k0", perm=[0, 1, 3, 2]), node("Reshape", "k0 turned", "k3"),
             node("Reshape", "v joined", "v3"), node("MatMul", "q3 k3", "s3"), node("Reshape", "s3 heads", "s"), node("Add", "s mask", "t"),
             node("Reshape", "t flat", "t3"), node("Softmax", "t3", "p3"), node("MatMul", "p3 v3", "y3"), node("Reshape", "y3 apart", "y")]
    constants = [("joined", numpy.array([-1, 32, 16])), ("turned", numpy.array([-1, 16, 32])), ("heads", numpy.array([-1, 4, 32, 32])),
                 ("flat", numpy.array([-1, 32, 32])), ("apart", numpy.array([-1, 4, 32, 16]))]
    return nodes, ["%s:f[N,4,32,16]" % name for name in "qkv"] + ["mask:f[N,1,32,32]"], constants


def flattened_rows():
    """Products of flattened rows with weights, and what is done to the rows as they were."""
    nodes = [node("Reshape", "x flat", "r"), node("Gemm", "r u c", "a"), node("Reshape", "a wide", "b"), node("Tanh", "b", "t"),
             node("Mul", "t half", "m"), node("Reshape", "m flatter", "n"), node("Gemm", "n v d", "p"), node("Reshape", "p narrow", "o"),
             node("Add", "o x", "y")]
    constants = [("flat", numpy.array([-1, 64])), ("wide", numpy.array([-1, 8, 256])), ("flatter", numpy.array([-1, 256])),
                 ("narrow", numpy.array([-1, 8, 64])), ("u", weights(64, 256)), ("c", weights(256)), ("v", weights(256, 64)),
                 ("d", weights(64)), ("half", numpy.float32(.5))]
    return nodes, ["x:f[N,8,64]"], constants


def named_sum():
    """A mask whose length is named after what it is, and a past that is as long as its name says."""
    nodes, inputs, constants, outputs = decoder_step()
    at = [n.op_type for n in nodes].index("Softmax")
    nodes[at].input[0] = "masked"
    return nodes[:at] + [node("Add", "s mask", "masked")] + nodes[at:], inputs + ["mask:f[N,1,1,P + S]"], constants, outputs


def branches():
    """Two 1x1 convolutions of one tensor, each with another behind it, joined."""
    nodes, constants = [], []
    for i, channels in enumerate((24, 40)):
        constants += [("w%d" % i, weights(channels, 32, 1, 1)), ("v%d" % i, weights(32, channels, 3, 3))]
        nodes += [node("Conv", "x w%d" % i, "a%d" % i), node("Relu", "a%d" % i, "b%d" % i),
                  node("Conv", "b%d v%d" % (i, i), "c%d" % i)]
    return nodes + [node("Concat", "c0 c1", "y", axis=1)], ["x:f[1,32,8,8]"], constants


def layer_norm(x, y, square="Pow"):
    """Spelled out, as exporters did before there was an operator."""
    middle = [node("ReduceMean", x, y + "m", axes=[-1]), node("Sub", "%s %sm" % (x, y), y + "d")]
    power = node("Pow", y + "d two", y + "q") if square == "Pow" else node("Mul", "%sd %sd" % (y, y), y + "q")
    return middle + [power, node("ReduceMean", y + "q", y + "v", axes=[-1]), node("Add", "%sv epsilon" % y, y + "e"),
                     node("Sqrt", y + "e", y + "s"), node("Div", "%sd %ss" % (y, y), y + "n"),
                     node("Mul", y + "n g", y + "a"), node("Add", y + "a h", y)]


NORM = [("two", numpy.float32(2)), ("epsilon", numpy.float32(1e-5)), ("g", weights(64)), ("h", weights(64))]


def rms_norm():
    return [node("Pow", "x two", "q"), node("ReduceMean", "q", "v", axes=[-1]), node("Add", "v epsilon", "e"),
            node("Sqrt", "e", "s"), node("Div", "x s", "n"), node("Mul", "n g", "y")], ["x:f[N,S,64]"], NORM[:3]


def softmax_spelled():
    return [node("ReduceMax", "x", "m", axes=[-1]), node("Sub", "x m", "d"), node("Exp", "d", "e"),
            node("ReduceSum", "e axes", "s"), node("Div", "e s", "y")], ["x:f[N,S,64]"], [("axes", numpy.array([-1]))]


def feed_forward(count=1):
    """Of an encoder: two products, the sum with what comes in, and its normalisation; one behind the other."""
    nodes = []
    for i in range(count):
        x, y, own = "x" if i == 0 else "y%d" % i, "y" if i + 1 == count else "y%d" % (i + 1), "_%d" % i
        nodes += [node("MatMul", x + " u", "a" + own), node("Add", "a%s c" % own, "b" + own), node("Relu", "b" + own, "r" + own),
                  node("MatMul", "r%s v" % own, "p" + own), node("Add", "p%s d" % own, "o" + own),
                  node("Add", "o%s %s" % (own, x), "z" + own)] + layer_norm("z" + own, y)
    return nodes, ["x:f[N,S,64]"], NORM + [("u", weights(64, 256)), ("c", weights(256)), ("v", weights(256, 64)), ("d", weights(64))]


def embeddings():
    """Words, their kinds and places, looked up, summed and normalised."""
    nodes = [node("Gather", "t i", "a"), node("Gather", "u j", "b"), node("Gather", "p k", "c"), node("Unsqueeze", "c first", "d"),
             node("Add", "a b", "e"), node("Add", "e d", "z")] + layer_norm("z", "y")
    constants = [("t", weights(100, 64)), ("u", weights(2, 64)), ("p", weights(32, 64)), ("first", numpy.array([0]))]
    return nodes, ["i:i[N,S]", "j:i[N,S]", "k:i[S]"], NORM + constants


def masked_layers():
    """The scores of two layers under one mask, which is made of what comes in."""
    nodes = [node("Sub", "one m", "n"), node("Mul", "n least", "mask")]
    for i in "12":
        nodes += [node("Add", "x%s mask" % i, "s" + i), node("Softmax", "s" + i, "y" + i)]
    constants = [("one", numpy.float32(1)), ("least", numpy.float32(-10000))]
    return nodes, ["x1:f[N,8,S,S]", "x2:f[N,8,S,S]", "m:f[N,1,1,S]"], constants


def decoder_step():
    """Keys and values of the past are joined with new ones, given on, and asked."""
    nodes = [node("Concat", "past_k k", "present_k", axis=2), node("Concat", "past_v v", "present_v", axis=2),
             node("Transpose", "present_k", "t", perm=[0, 1, 3, 2]), node("Tanh", "q", "a"), node("MatMul", "a t", "s"),
             node("Softmax", "s", "p"), node("MatMul", "p present_v", "y")]
    past, new = "[N,4,P,16]", "[N,4,S,16]"
    inputs = ["q:f" + new, "k:f" + new, "v:f" + new, "past_k:f" + past, "past_v:f" + past]
    return nodes, inputs, [], ("y:f", "present_k:f", "present_v:f")


def grouped_queries(past):
    """Keys and values of two heads, each repeated for two heads of queries, as exporters spell it."""
    nodes, inputs = [node("Tanh", "q", "a")], ["q:f[N,4,S,16]"]
    for name in "kv":
        new = name
        inputs.append("%s:f[N,2,S,16]" % name)
        if past:
            inputs.append("past_%s:f[N,2,P,16]" % name)
            new = "present_" + name
            nodes.append(node("Concat", "past_%s %s" % (name, name), new, axis=2))
        nodes += [node("Unsqueeze", new + " two", name + "1"), node("Expand", "%s1 times" % name, name + "2"), node("Reshape", "%s2 joined" % name, name + "4")]
    nodes += [node("Transpose", "k4", "t", perm=[0, 1, 3, 2]), node("MatMul", "a t", "s0"), node("Div", "s0 scale", "s1"), node("Add", "s1 mask", "s"),
              node("Softmax", "s", "p"), node("MatMul", "p v4", "c"), node("Transpose", "c", "h", perm=[0, 2, 1, 3]), node("Reshape", "h rows", "u"),
              node("MatMul", "u o", "y")]
    constants = [("two", numpy.array([2])), ("times", numpy.array([1, 1, 2, 1, 1])), ("joined", numpy.array([0, 4, -1, 16])), ("scale", numpy.float32(4)),
                 ("rows", numpy.array([0, 0, 64])), ("o", weights(64, 64))]
    inputs.append("mask:f[N,1,1,P + S]" if past else "mask:f[N,1,1,S]")
    return nodes, inputs, constants, ("y:f", "present_k:f", "present_v:f") if past else ("y:f",)


def with_outputs(case, *outputs):
    return case + (outputs,)


# Inputs and outputs of convolutions are transposed: one kernel each.
CASES = {
    "convolution, batch normalisation, activation": (activated("Conv", weights(40, 32, 3, 3), 40), 3),
    "transposed convolution in four phases": (
        activated("ConvTranspose", weights(32, 40, 4, 4), 40, strides=[2, 2], pads=[1] * 4), 6),
    "dense block": (dense_block(), 6),  # the first tensor is read unnormalised too
    "classifier behind a pool": (classifier(True), 4),
    "classifier of flattened images": (classifier(False), 3),
    # joined projections, keys transposed, scores, softmax, values, projection
    "attention": (attention(), 4),  # three projections, transposed keys, scores to values, the last projection
    **{"attention, " + kind: (scores(kind), 2) for kind in ("plain", "scaled", "masked", "causal", "biased", "both")},
    "attention, spelled out": (attention_spelled(), 2),
    "attention whose weights are a result": (with_outputs(scores("scaled"), "y:f", "p:f"), 4),
    "inception": (branches(), 5),
    "layer normalisation, spelled out": ((layer_norm("x", "y"), ["x:f[N,S,64]"], NORM), 1),
    "layer normalisation of a sum that goes on": (
        with_outputs(([node("Add", "x w", "z")] + layer_norm("z", "y", "Mul"), ["x:f[N,S,64]", "w:f[N,S,64]"], NORM), "y:f", "z:f"), 1),
    "layer normalisation": (([node("LayerNormalization", "x g h", "y")], ["x:f[N,S,64]"], NORM), 1),
    "layer normalisation of a sum": (
        ([node("Add", "x w", "z"), node("LayerNormalization", "z g h", "y")], ["x:f[N,S,64]", "w:f[N,S,64]"], NORM), 1),
    "RMS normalisation, spelled out": (rms_norm(), 1),
    "instance normalisation": (([node("InstanceNormalization", "x g h", "y")], ["x:f[N,64,9,9]"], NORM), 1),
    "softmax": (([node("Softmax", "x", "y")], ["x:f[N,S,64]"], []), 1),
    "softmax, spelled out": (softmax_spelled(), 1),
    "softmax of scaled and masked scores": (
        ([node("Mul", "x g", "a"), node("Add", "a m", "b"), node("Softmax", "b", "y")],
         ["x:f[N,8,S,S]", "m:f[N,1,1,S]"], [("g", numpy.float32(.125))]), 1),
    "feed-forward block": (feed_forward(), 3),
    "feed-forward blocks": (feed_forward(4), 12),
    # the status of indices, negative indices of each, places
    "embeddings, summed and normalised": (embeddings(), 6),
    # the mask stays as small as it is
    "masked scores of two layers": (with_outputs(masked_layers(), "y1:f", "y2:f"), 3),
    # two parts of each of keys and values, tanh, scores to values; the keys are not transposed
    "step of a decoder": (decoder_step(), 6),
    "step of a decoder, masked": (named_sum(), 6),
    # turned keys, scores to values, the last projection; with a past two parts of each of keys and values, tanh, and no copy
    "grouped queries": (grouped_queries(False), 3),
    "grouped queries with a past": (grouped_queries(True), 7),
    "attention whose heads are joined in memory": (flattened_heads(), 3),
    "attention whose heads are joined with the batch": (joined_heads(), 2),
    "products of flattened rows": (flattened_rows(), 2),
}
failures = 0
with tempfile.TemporaryDirectory(prefix="aicc-kernels-") as folder:
    path = os.path.join(folder, "model.onnx")
    for title, ((nodes, inputs, constants, *outputs), wanted) in CASES.items():
        outputs = outputs[0] if outputs else ["y:f"]
        onnx.save(model(graph(nodes, inputs, outputs, [c for c in constants if any(c[0] in n.input for n in nodes)]), 17), path)
        text = subprocess.run([AICC, path, "--stop-after=schedule"], check=True, capture_output=True, text=True).stdout
        found = len(re.findall(r"\n  run @", text))
        if found != wanted:
            failures += 1
            print("%s: %d kernels run instead of %d" % (title, found, wanted))
sys.exit(failures != 0)
