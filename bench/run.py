# SPDX-License-Identifier: Apache-2.0
"""Prepares models and layers, has aicc-bench measure them side by side, and prints tables. Started by run.sh."""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

import shapes
import tables
import zoo

GROUPS = ("models", "layers")


def log(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def read_arguments():
    parser = argparse.ArgumentParser(
        prog="bench/run.sh", description="Measures compiled models beside ONNX Runtime, oneDNN and OpenBLAS.",
        epilog="Models: " + " ".join(zoo.DEFAULT) + ", or any other of the zoo. Layers: "
        + " ".join(shape.name for shape in shapes.SHAPES) + ".")
    parser.add_argument("names", nargs="*", metavar="MODEL", help=(
        "a model of the zoo, a layer, a folder with model.onnx and test_data_set_0, or one of the words "
        "'models' and 'layers'; default: both"))
    parser.add_argument("--threads", default="1,2", help="numbers of threads, with commas (1,2)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of a measurement (7)")
    parser.add_argument("--seconds", type=float, default=0.2, help="time of a turn (0.2)")
    parser.add_argument("--json", metavar="FILE", help="also write everything measured to FILE")
    parser.add_argument("--build", default="build", help=argparse.SUPPRESS)
    parser.add_argument("--ort", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.threads = [int(count) for count in arguments.threads.split(",")]
    return arguments


class Bench:
    """Where things are, and how measuring is done. `ok` becomes False with the first failure."""

    def __init__(self, arguments):
        self.build = pathlib.Path(arguments.build).resolve()
        self.work = self.build / "bench"
        self.ort = str(pathlib.Path(arguments.ort).resolve())
        self.rounds, self.seconds = arguments.rounds, arguments.seconds
        self.ok = True
        self.operations = {}  # by model, and whether counted: counting reads the whole file

    def fail(self, text):
        log(text)
        self.ok = False

    def compile(self, model, dims):
        """Compiles model beside itself, where no newer object is there. None after a message on failure."""
        output, compiler = model.with_suffix(".so"), self.build / "bin" / "aicc"
        if output.exists() and output.stat().st_mtime > max(f.stat().st_mtime for f in (model, compiler)):
            return output
        command = [str(compiler), str(model), "--shared", "-o", str(output)]
        for name, size in dims.items():
            command += ["--dim", f"{name}={size}"]
        if subprocess.run(command).returncode == 0:
            return output
        output.unlink(missing_ok=True)
        self.fail(f"{model} could not be compiled")
        return None

    def run(self, *words):
        """Runs aicc-bench and returns what it prints. An empty result after a message on failure."""
        command = [str(self.build / "bin" / "aicc-bench"), *map(str, words)]
        process = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if process.returncode != 0:
            self.ok = False
        try:
            return json.loads(process.stdout)
        except ValueError:
            self.fail(f"aicc-bench ended with {process.returncode} and no result: {' '.join(map(str, words))}")
            return {}

    def measure(self, threads, *contenders):
        return self.run("--threads", threads, "--rounds", self.rounds, "--seconds", self.seconds, *contenders)


def measure_model(bench, name, threads):
    """One row: {"name", "operations", "contenders"}, or None."""
    if "/" in name:
        folder, data, dims = pathlib.Path(name), pathlib.Path(name) / "test_data_set_0", {}
        target = bench.work / "models" / ("folder_" + folder.resolve().name)
        target.mkdir(parents=True, exist_ok=True)
        link = target / "model.onnx"
        link.unlink(missing_ok=True)
        link.symlink_to((folder / "model.onnx").resolve())
    else:
        testdata = os.environ.get("AICC_TESTDATA")
        if not testdata:
            bench.fail(f"{name}: AICC_TESTDATA does not name the folder with zoo.tar.xz")
            return None
        target = data = bench.work / "models" / name
        dims = zoo.DIMS.get(name, {})
        try:
            zoo.fill(zoo.unpack(pathlib.Path(testdata), bench.work), name, target)
        except KeyError:
            bench.fail(f"{name}: neither a model of the zoo nor a layer")
            return None
    model = target / "model.onnx"
    shared_object = bench.compile(model, dims)
    contenders = ["--compiled", "aicc", shared_object, data] if shared_object else []
    contenders += ["--ort", "ort", bench.ort, model, data, "--fma-roof", "fma"]
    if name not in bench.operations:
        counted = zoo.count_operations(model, {**zoo.sizes_of(model, data), **dims})
        bench.operations[name] = (counted, "counted") if counted is not None else (
            zoo.STATED_OPERATIONS.get(name), "stated")
    operations, source = bench.operations[name]
    return {"name": name, "operations": operations, "operations_source": source,
            "contenders": bench.measure(threads, *contenders)}


def measure_layer(bench, shape, threads):
    folders = shapes.write(shape, bench.work / "layers")
    contenders = []
    for variant, folder in folders.items():
        shared_object = bench.compile(folder / "model.onnx", {})
        if shared_object:
            contenders += ["--compiled", f"aicc_{variant}", shared_object, folder]
    last = folders.get("channels_last", folders["plain"])
    plain = folders["plain"]
    contenders += ["--ort", "ort", bench.ort, plain / "model.onnx", plain]
    contenders += ["--onednn", "onednn", shape.layer, last]
    if shape.is_product:
        contenders += ["--openblas", "openblas", shape.layer, last]
    contenders += ["--fma-roof", "fma"]
    if shape.bytes_read:
        contenders += ["--read-roof", "read", shape.bytes_read]
    return {"name": shape.name, "operations": shape.operations, "bytes_read": shape.bytes_read,
            "contenders": bench.measure(threads, *contenders)}


def machine():
    facts = {"cpu": "unknown", "cores": os.cpu_count(), "system": platform.platform()}
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            facts["cpu"] = line.split(":", 1)[1].strip()
            break
    return facts


def choose(bench, names):
    """The models and layers that the command line asks for."""
    layers = {shape.name: shape for shape in shapes.SHAPES}
    chosen_models, chosen_layers = [], []
    for name in names or GROUPS:
        if name == "models":
            if names or os.environ.get("AICC_TESTDATA"):
                chosen_models += zoo.DEFAULT
            else:
                bench.fail("AICC_TESTDATA is not set: no models are measured")
        elif name == "layers":
            chosen_layers += shapes.SHAPES
        elif name in layers:
            chosen_layers.append(layers[name])
        else:
            chosen_models.append(name)
    return chosen_models, chosen_layers


def main():
    arguments = read_arguments()
    bench = Bench(arguments)
    models, layers = choose(bench, arguments.names)
    result = {"machine": machine(), "load_before": os.getloadavg(), "rounds": bench.rounds,
              "seconds": bench.seconds, "busy_rows": 0, "threads": {}}
    for threads in arguments.threads:
        log(f"{threads} thread{'s' if threads > 1 else ''}: roof")
        part = result["threads"][threads] = {"roof": bench.run("--threads", threads, "--roof"),
                                             "models": [], "layers": []}
        for name in models:
            log(f"{threads} thread{'s' if threads > 1 else ''}: {name}")
            part["models"].append(measure_model(bench, name, threads))
        for shape in layers:
            log(f"{threads} thread{'s' if threads > 1 else ''}: {shape.name}")
            part["layers"].append(measure_layer(bench, shape, threads))
        for rows in (part["models"], part["layers"]):
            rows[:] = [row for row in rows if row]
        result["busy_rows"] += tables.print_thread_count(threads, part)
    result["load_after"] = os.getloadavg()
    result["ok"] = bench.ok
    tables.print_circumstances(result)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(result, indent=1) + "\n")
    return 0 if bench.ok else 1


if __name__ == "__main__":
    sys.exit(main())
