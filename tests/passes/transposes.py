# SPDX-License-Identifier: Apache-2.0
"""Whole networks transpose nothing but what they take and what they give: transposes.py AICC. The networks come with
AICC_TESTDATA."""
import os
import re
import subprocess
import sys
import tarfile
import tempfile

AICC = sys.argv[1]
MODELS = ["dscnn_kws", "squeezenet1_1", "resnet18", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "unet",
          "densenet121", "dcgan_generator"]
VIEW = re.compile(r"\s+(%\d+)(?: \"[^\"]*\")?: \w+\[([^\]]*)\] = view\((%\d+)\[([^\]]*)\]\) -> \[([^\]]*)\]")


def names(text):
    return [part.strip() for part in text.split(",")]


def transposes(text):
    """(name of the operand, name of the result) of views that permute axes, those of extent 1 aside."""
    for line in text.splitlines():
        view = VIEW.match(line)
        if not view:
            continue
        source, result, dims = names(view.group(4)), names(view.group(5)), names(view.group(2))
        if sorted(source) != sorted(result):
            continue
        longer = [label for label, dim in zip(result, dims) if dim != "1"]
        if [label for label in source if label in longer] != longer:
            yield view.group(3), view.group(1)


data = os.environ.get("AICC_TESTDATA")
if not data:
    print("SKIPPED: AICC_TESTDATA is not set")
    sys.exit(77)
failures = 0
with tempfile.TemporaryDirectory(prefix="aicc-transposes-") as folder:
    with tarfile.open(os.path.join(data, "zoo.tar.xz")) as archive:
        wanted = ["zoo/fill_weights.py"] + ["zoo/skeletons/%s.onnx" % name for name in MODELS]
        archive.extractall(folder, members=[member for member in archive if member.name in wanted])
    for name in MODELS:
        path = os.path.join(folder, name + ".onnx")
        subprocess.run([sys.executable, folder + "/zoo/fill_weights.py", "%s/zoo/skeletons/%s.onnx" % (folder, name), path],
                       check=True, stdout=subprocess.DEVNULL)
        text = subprocess.run([AICC, path, "--stop-after=dead-code"], check=True, capture_output=True, text=True).stdout
        taken = set(re.findall(r"%\d+", re.search(r"entry @run\((.*?)\) ->", text).group(1)))
        given = set(re.findall(r"%\d+", re.search(r"\n    return (.*)", text).group(1)))
        inside = [pair for pair in transposes(text) if pair[0] not in taken and pair[1] not in given]
        if inside or "= contract(" not in text:
            failures += 1
            print("%s: transposes inside: %s" % (name, inside))
sys.exit(failures != 0)
