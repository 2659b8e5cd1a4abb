# SPDX-License-Identifier: Apache-2.0
"""Objects of another architecture against those of this machine on the same random inputs, in place of kernel_oracle,
which runs here only: against_native.py AICC AICC_RUN CROSS_AICC CROSS_AICC_RUN MODEL..."""
import os
import subprocess
import sys
import tempfile

import onnx

AICC, AICC_RUN, CROSS_AICC, CROSS_AICC_RUN = sys.argv[1:5]
TOLERANCE = ["--rtol", "1e-4", "--atol", "1e-5"]  # sums in another order


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return None if done.returncode == 0 else "%s: %s" % (os.path.basename(command[0]), done.stdout.strip())


def dim_options(path):
    names = {dim.dim_param for value in onnx.load(path).graph.input for dim in value.type.tensor_type.shape.dim
             if dim.dim_param}
    return [word for name in sorted(names) for word in ("--dim", name + "=3")]


def fault(path, work):
    """What differs; None for nothing."""
    here, there, outputs = os.path.join(work, "here.so"), os.path.join(work, "there.so"), os.path.join(work, "data")
    dims = dim_options(path)
    return (run(AICC, path, "--shared", "-o", here) or run(CROSS_AICC, path, "--shared", "-o", there) or
            run(AICC_RUN, here, "--random", "5", "--save", outputs, *dims) or
            run(CROSS_AICC_RUN, there, "--random", "5", "--data", outputs, *TOLERANCE, *dims))


failures = 0
for model in sys.argv[5:]:
    with tempfile.TemporaryDirectory(prefix="aicc-cross-") as folder:
        difference = fault(model, folder)
    failures += difference is not None
    print("FAILED %s: %s" % (model, difference) if difference else "ok " + model)
sys.exit(failures != 0)
