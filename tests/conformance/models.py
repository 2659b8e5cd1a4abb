# SPDX-License-Identifier: Apache-2.0
"""A whole model against its data at every CPU level, and under qemu as a Nehalem: models.py AICC AICC_RUN SOURCE_DIR
MODEL [OPTION OF AICC...]. digits is in the repository, the others come with AICC_TESTDATA: NAME of the zoo, real/NAME of
the real ones. native:MODEL leaves out the emulator."""
import glob
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

import cpu
import tolerances

AICC, AICC_RUN, SOURCE, MODEL = sys.argv[1:5]
OPTIONS = sys.argv[5:]
NATIVE = MODEL.startswith("native:")
MODEL = MODEL.replace("native:", "")


def extract(archive, members):
    """Unpacks the members that start so into the current folder."""
    data = os.environ.get("AICC_TESTDATA")
    if not data:
        print("SKIPPED: AICC_TESTDATA is not set")
        sys.exit(77)
    with tarfile.open(os.path.join(data, archive)) as tar:
        tar.extractall(members=[m for m in tar if m.name.startswith(members)])


def find():
    """(model, folders of its data, data set and name for the tolerance)"""
    if MODEL == "digits":
        folder = os.path.join(SOURCE, "examples/digits")
        return os.path.join(folder, "digits.onnx"), [os.path.join(folder, "test_data_set_0")], ("onnx", "digits")
    if MODEL.startswith("real/"):
        folder = "visible/" + MODEL[5:]
        extract("real-models.tar.xz", folder + "/")
        return folder + "/model.onnx", sorted(glob.glob(folder + "/test_data_set_*")), ("real", MODEL[5:])
    extract("zoo.tar.xz", ("zoo/fill_weights.py", "zoo/skeletons/%s.onnx" % MODEL, "zoo/testdata/%s/" % MODEL))
    fill = [sys.executable, "zoo/fill_weights.py"]
    subprocess.run(fill + ["zoo/skeletons/%s.onnx" % MODEL, "filled.onnx"], check=True, stdout=subprocess.DEVNULL)
    data = "zoo/testdata/%s/test_data_set_0" % MODEL
    os.mkdir("data")
    for name in os.listdir(data):
        if name.startswith("input"):
            subprocess.run(fill + ["--tensor", os.path.join(data, name), os.path.join("data", name)], check=True,
                           stdout=subprocess.DEVNULL)
        else:
            shutil.copy(os.path.join(data, name), "data")
    return "filled.onnx", ["data"], ("zoo", MODEL)


with tempfile.TemporaryDirectory(prefix="aicc-model-") as work:
    os.chdir(work)
    model, folders, key = find()
    rtol, atol = tolerances.Tolerances().find(*key)
    subprocess.run([AICC, model, "--shared", "-o", "model.so", *OPTIONS], check=True)
    cpu.report_missing()
    for data in folders:
        compare = [AICC_RUN, "./model.so", "--data", data, "--rtol", rtol, "--atol", atol]
        for level in cpu.levels():
            subprocess.run(compare + ["--cpu", level], check=True)
        subprocess.run(compare + ["--threads", "2"], check=True)
    if NATIVE:
        print("%s is right with %d sets of data" % (MODEL, len(folders)))
    elif cpu.is_emulated():
        print("every run was emulated")
    elif shutil.which("qemu-x86_64"):
        subprocess.run(["qemu-x86_64", "-cpu", "Nehalem"] + compare, check=True)
    else:
        print("SKIPPED: no qemu-x86_64")
    os.chdir("/")
