# SPDX-License-Identifier: Apache-2.0
"""Random models with If, Loop and Scan nested in one another, against numpy: random_models.py AICC AICC_RUN [FIRST
LAST]. Each node is made together with the function that computes it, so that nothing is computed by us twice."""
import os
import random
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

from build import constant, graph, model, node

AICC, AICC_RUN = (os.path.abspath(path) for path in sys.argv[1:3])
AICC_OPT = os.path.join(os.path.dirname(AICC), "aicc-opt")
RUN_SECONDS = 60  # a loop that does not end would hang
SHAPES = {"s": (), "v": (3,), "m": (2, 3), "w": (6,), "c": (1, 3, 2, 2)}
DECLARED = {"s": "f[]", "v": "f[3]", "m": "f[2,3]", "w": "f[6]", "c": "f[1,3,2,2]"}


class Region:
    """Nodes, steps that compute them in a dictionary of values, and the names that may be used."""

    def __init__(self, maker, outer=None):
        self.maker, self.outer = maker, outer
        self.nodes, self.steps, self.names = [], [], []

    def add(self, kind, shape, inputs, function, **attributes):
        name = self.maker.name()
        self.nodes.append(node(kind, " ".join(inputs), name, **attributes))
        self.steps.append(lambda values: values.__setitem__(name, function(*[values[key] for key in inputs])))
        self.names.append((name, shape))
        return name

    def constant(self, array):
        name = self.maker.name()
        self.nodes.append(constant(name, array))
        self.steps.append(lambda values: values.__setitem__(name, array))
        return name

    def visible(self, shape):
        found = [name for name, own in self.names if own == shape]
        return found + (self.outer.visible(shape) if self.outer else [])

    def run(self, values):
        for step in self.steps:
            step(values)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.count = 0
        numbers = np.random.default_rng(seed)
        self.weights = numbers.standard_normal((3, 3)).astype(np.float32) / 2
        self.top = Region(self)
        self.inputs = {"x": numbers.standard_normal((2, 3)).astype(np.float32),
                       "y": numbers.standard_normal(3).astype(np.float32),
                       "z": numbers.standard_normal((1, 3, 2, 2)).astype(np.float32),
                       "n": np.array(self.random.randrange(0, 4)), "go": np.array(self.random.random() < .7)}
        self.top.names += [("x", "m"), ("y", "v"), ("z", "c")]

    def name(self):
        self.count += 1
        return "v%d" % self.count

    def pick(self, region, shape):
        """A value of that shape, made where there is none."""
        found = region.visible(shape)
        if found:
            return self.random.choice(found[-6:] if self.random.random() < .7 else found)
        vector = self.pick(region, "m") if shape != "m" else None
        if shape == "s":
            return region.add("ReduceMax", "s", [vector], np.max, keepdims=0)
        if shape == "v":
            return region.add("ReduceMax", "v", [vector], lambda x: x.max(axis=0), axes=[0], keepdims=0)
        return region.add("Reshape", "w", [vector, region.constant(np.array([6]))], lambda x, _: x.reshape(6))

    def simple(self, region):
        choice = self.random.randrange(11)
        shape = self.random.choice("svmwc")
        if choice < 3:
            kind, function = self.random.choice([("Add", np.add), ("Sub", np.subtract), ("Max", np.maximum)])
            sum_ = region.add(kind, shape, [self.pick(region, shape), self.pick(region, shape)], function)
            region.add("Tanh", shape, [sum_], np.tanh)
        elif choice == 3:
            region.add("Mul", "m", [self.pick(region, "m"), self.pick(region, "v")], np.multiply)
        elif choice == 4:
            region.add("Softmax", "m", [self.pick(region, "m")], softmax, axis=1)
        elif choice == 5:
            region.add("Gemm", "m", [self.pick(region, "m"), "weights"], lambda x, w: x @ w)
        elif choice == 6:
            region.add("ReduceMax", "s", [self.pick(region, shape)], np.max, keepdims=0)
        elif choice in (9, 10):  # its result has its channels last inside
            region.add("Conv", "c", [self.pick(region, "c"), "filter"],
                       lambda x, w: np.einsum("nchw,oc->nohw", x, w[:, :, 0, 0]))
        elif choice == 7:
            region.add("ReduceMax", "v", [self.pick(region, "m")], lambda x: x.max(axis=0), axes=[0], keepdims=0)
        else:
            from_, to = self.random.choice([("m", "w"), ("w", "m")])
            region.add("Reshape", to, [self.pick(region, from_), region.constant(np.array(SHAPES[to]))],
                       lambda x, shape: x.reshape(shape))

    def results(self, region, shapes):
        """Values to give; mostly new ones, sometimes any that is seen, twice even."""
        return [self.pick(region, shape) for shape in shapes]

    def branch(self, region, depth):
        shapes = [self.random.choice("svmwc") for _ in range(self.random.randrange(1, 4))]
        threshold = region.constant(np.array(self.random.uniform(-1, 1), np.float32))
        condition = region.add("Greater", "b", [self.pick(region, "s"), threshold], np.greater)
        branches, outputs = [], [self.name() for _ in shapes]
        for _ in range(2):
            inner = Region(self, region)
            self.fill(inner, depth - 1)
            branches.append((inner, self.results(inner, shapes)))
        graphs = [graph(inner.nodes, [], ["%s:%s" % (name, DECLARED[shape]) for name, shape in zip(names, shapes)])
                  for inner, names in branches]
        region.nodes.append(node("If", condition, " ".join(outputs), then_branch=graphs[0], else_branch=graphs[1]))

        def step(values):
            inner, names = branches[0 if values[condition] else 1]
            own = dict(values)
            inner.run(own)
            for output, name in zip(outputs, names):
                values[output] = own[name]
        region.steps.append(step)
        region.names += list(zip(outputs, shapes))

    def stacked_results(self, region, outputs, shapes, extent):
        """What was stacked is reduced at once, so that only known shapes go on."""
        region.names += list(zip(outputs[:len(outputs) - len(shapes)], self.carried_shapes))
        for name, shape in zip(outputs[len(outputs) - len(shapes):], shapes):
            if extent == 0:
                continue
            region.add("ReduceMax", shape, [name], lambda x: x.max(axis=0), axes=[0], keepdims=0)

    def loop(self, region, depth):
        carried = [self.random.choice("svmwc") for _ in range(self.random.randrange(1, 4))]
        initial = [self.pick(region, shape) for shape in carried]
        how = self.random.randrange(4)
        known = self.random.randrange(0, 4)
        trip = region.constant(np.array(known)) if how < 2 else "n" if how == 2 else "_"
        condition = "go" if how == 3 or self.random.random() < .3 else "_"
        stacked = [self.random.choice("svmwc") for _ in range(self.random.randrange(0, 3))]
        if trip in "_n" or condition != "_":
            stacked = []
        inner = Region(self, region)
        index, going, arguments = self.name(), self.name(), [self.name() for _ in carried]
        inner.names += list(zip(arguments, carried))
        number = inner.add("Cast", "s", [index], lambda i: np.float32(i), to=1)
        self.fill(inner, depth - 1)
        names = self.results(inner, carried + stacked)
        limit = inner.constant(np.array(self.random.uniform(0, 3), np.float32))
        more = inner.add("Less", "b", [number, limit], np.less)
        body = graph(inner.nodes, ["%s:i[]" % index, "%s:b[]" % going] +
                     ["%s:%s" % (name, DECLARED[shape]) for name, shape in zip(arguments, carried)],
                     [more + ":b[]"] + [name + ":f" for name in names])
        outputs = [self.name() for _ in names]
        region.nodes.append(node("Loop", " ".join([trip, condition] + initial), " ".join(outputs), body=body))

        def step(values):
            state, parts, i = [values[name] for name in initial], [[] for _ in stacked], 0
            go = condition == "_" or bool(values[condition])
            while go and (trip == "_" or i < values[trip]):
                own = dict(values)
                own.update(zip(arguments, state))
                own[index], own[going] = np.array(i), np.array(True)
                inner.run(own)
                state = [own[name] for name in names[:len(carried)]]
                for part, name in zip(parts, names[len(carried):]):
                    part.append(own[name])
                go = condition == "_" or bool(own[more])
                i += 1
            values.update(zip(outputs, state))
            for output, part, shape in zip(outputs[len(carried):], parts, stacked):
                values[output] = np.array(part, np.float32).reshape((-1,) + SHAPES[shape])
        region.steps.append(step)
        self.carried_shapes = carried
        self.stacked_results(region, outputs, stacked, known)

    def scan(self, region, depth):
        carried = [self.random.choice("svmwc") for _ in range(self.random.randrange(0, 3))]
        stacked = [self.random.choice("svmwc") for _ in range(self.random.randrange(0 if carried else 1, 3))]
        scanned = [self.pick(region, "m") for _ in range(self.random.randrange(1, 3))]
        initial = [self.pick(region, shape) for shape in carried]
        reverse_in = [self.random.randrange(2) for _ in scanned]
        reverse_out = [self.random.randrange(2) for _ in stacked]
        inner = Region(self, region)
        arguments, slices = [self.name() for _ in carried], [self.name() for _ in scanned]
        inner.names += list(zip(arguments, carried)) + [(name, "v") for name in slices]
        self.fill(inner, depth - 1)
        names = self.results(inner, carried + stacked)
        body = graph(inner.nodes, ["%s:%s" % (name, DECLARED[shape])
                                   for name, shape in zip(arguments + slices, carried + ["v"] * len(slices))],
                     [name + ":f" for name in names])
        outputs = [self.name() for _ in names]
        attributes = {"scan_output_directions": reverse_out} if stacked else {}
        region.nodes.append(node("Scan", " ".join(initial + scanned), " ".join(outputs), body=body,
                                 num_scan_inputs=len(scanned), scan_input_directions=reverse_in, **attributes))

        def step(values):
            state, parts = [values[name] for name in initial], [[] for _ in stacked]
            for i in range(2):
                own = dict(values)
                own.update(zip(arguments, state))
                for name, source, reverse in zip(slices, scanned, reverse_in):
                    own[name] = values[source][1 - i if reverse else i]
                inner.run(own)
                state = [own[name] for name in names[:len(carried)]]
                for part, name in zip(parts, names[len(carried):]):
                    part.append(own[name])
            values.update(zip(outputs, state))
            for output, part, reverse in zip(outputs[len(carried):], parts, reverse_out):
                values[output] = np.array(part[::-1] if reverse else part, np.float32)
        region.steps.append(step)
        self.carried_shapes = carried
        self.stacked_results(region, outputs, stacked, 2)

    def fill(self, region, depth):
        for _ in range(self.random.randrange(1, 6)):
            if depth > 0 and self.random.random() < .45:
                self.random.choice([self.branch, self.loop, self.scan])(region, depth)
            else:
                self.simple(region)

    def make(self):
        """The model and what it must give."""
        self.fill(self.top, 3)
        self.branch(self.top, 2)
        self.loop(self.top, 2)
        given = self.random.sample([pair for pair in self.top.names if pair[1] in SHAPES], 2) + self.top.names[-2:]
        given = list(dict(pair for pair in given if pair[1] in SHAPES).items())
        values = dict(self.inputs, weights=self.weights, filter=self.weights.reshape(3, 3, 1, 1))
        with np.errstate(all="ignore"):
            self.top.run(values)
        top = graph(self.top.nodes, ["x:f[2,3]", "y:f[3]", "z:f[1,3,2,2]", "n:i[]", "go:b[]"],
                    ["%s:%s" % (name, DECLARED[shape]) for name, shape in given], [("weights", self.weights), ("filter", self.weights.reshape(3, 3, 1, 1))])
        return model(top), [np.asarray(values[name], np.float32) for name, _ in given]


def save(work, kind, arrays):
    for index, array in enumerate(arrays):
        with open(os.path.join(work, "%s_%d.pb" % (kind, index)), "wb") as file:
            file.write(numpy_helper.from_array(np.array(array, order="C")).SerializeToString())


def text_changes(work, stage):
    """Whether the text after a pass reads back to another one; what went wrong, or nothing."""
    subprocess.run([AICC, "model.onnx", "--stop-after=" + stage, "-o", "first.aicc-ir"], cwd=work, check=True)
    again = subprocess.run([AICC_OPT, "first.aicc-ir"], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True)
    with open(os.path.join(work, "first.aicc-ir")) as file:
        return "" if file.read() == again.stdout else again.stdout[-2000:]


def try_seed(seed):
    maker = Maker(seed)
    proto, expected = maker.make()
    with tempfile.TemporaryDirectory() as work:
        path, library = os.path.join(work, "model.onnx"), os.path.join(work, "model.so")
        onnx.save(proto, path)
        done = subprocess.run([AICC, path, "--shared", "-o", library], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=dict(os.environ, AICC_VERIFY="1"))
        if done.returncode or done.stderr:
            return "does not compile: " + done.stderr[-2000:]
        for stage in ("import", "dead-code", "plan-memory"):
            changes = text_changes(work, stage)
            if changes:
                return "the text after %s does not read back: %s" % (stage, changes)
        save(work, "input", maker.inputs.values())
        save(work, "output", expected)
        for options in ((), ("--threads", "2")):
            ran = subprocess.run([AICC_RUN, library, "--data", work, "--rtol", "1e-4", "--atol", "1e-4", *options],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=RUN_SECONDS)
            if ran.returncode:
                return ran.stdout
    return None


def main():
    first, last = (int(text) for text in sys.argv[3:5]) if len(sys.argv) > 4 else (0, 40)
    failures = 0
    for seed in range(first, last):
        fault = try_seed(seed)
        if fault:
            failures += 1
            print("FAILED: seed %d: %s" % (seed, fault))
    print("%d models, %d failed" % (last - first, failures))
    return 1 if failures or last <= first else 0


if __name__ == "__main__":
    sys.exit(main())
