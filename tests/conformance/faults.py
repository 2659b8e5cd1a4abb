# SPDX-License-Identifier: Apache-2.0
"""Models on which aicc once went wrong, a folder each: faults.py AICC AICC_RUN FOLDER-OF-WORK. Each has a note that says
what is right. Those with outputs must give them at every CPU level; those called check-* contradict themselves, and the
run must say so; what a few others need stands below, by name, since their fault is not in what they compute.

known_faults.tsv lists those that still fail; one that no longer fails is an error. They come with AICC_TESTDATA."""
import glob
import os
import shutil
import subprocess
import sys
import tarfile

import cpu

AICC, AICC_RUN, WORK = sys.argv[1:4]
SECONDS = 60
os.environ["AICC_VERIFY"] = "1"


class Wrong(Exception):
    """What is not as it should be."""


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=SECONDS, **options)
    return done.returncode, done.stdout.strip()


def expect(code, *command, words=""):
    """The command ends with the code, and its output has the words."""
    got, text = run(*command)
    if got != code or words not in text:
        raise Wrong("%s ends with %d, not %d with '%s': %s" % (" ".join(command), got, code, words, text[-400:]))
    return text


def compile_shared(model, *options):
    """A library that needs no symbol of another."""
    expect(0, AICC, model, "--shared", "-o", "model.so", "--name", "model", *options)
    symbols = expect(0, "nm", "-D", "-u", "model.so")
    undefined = [line for line in symbols.splitlines() if " w " not in line]
    if undefined:
        raise Wrong("undefined symbols: %s" % undefined)
    return "./model.so"


def gives_outputs(model="model.onnx"):
    library = compile_shared(model)
    for level in cpu.levels():
        expect(0, AICC_RUN, library, "--data", "test_data_set_0", "--cpu", level)
    expect(0, AICC_RUN, library, "--data", "test_data_set_0", "--threads", "2")


def contradicts_itself():
    library = compile_shared("model.onnx")
    for level in cpu.levels():
        expect(1, AICC_RUN, library, "--data", "test_data_set_0", "--no-compare", "--cpu", level, words="AICC_E_SHAPE")


def joins_for_one():
    """A constant of one row beside N rows."""
    gives_outputs()
    for extent in ("0", "2", "5"):
        expect(1, AICC_RUN, "./model.so", "--random", "1", "--dim", "N=" + extent, words="AICC_E_SHAPE")
        expect(1, AICC, "model.onnx", "--dim", "N=" + extent, "-o", "fixed.o", words="error:")


def folds_alike():
    """With the symbol fixed a branch of constants folds."""
    gives_outputs()
    compile_shared("model.onnx", "--dim=N=1")
    expect(0, AICC_RUN, "./model.so", "--data", "test_data_set_0")


def lies_in_a_cache():
    gives_outputs(os.path.join("snapshots", "rev", "onnx", "model.onnx"))


def depends_on_data():
    gives_outputs()
    expect(0, AICC, "model.onnx", "-o", "m.o", "-MD")
    with open("m.d", encoding="utf-8") as file:
        words = file.read().replace("\\\n", " ").split()
    if not {"model.onnx", "w.bin"} <= {os.path.basename(word) for word in words}:
        raise Wrong("m.d names %s" % words)


def keeps_its_input():
    compile_shared("model.onnx")
    with open("model.onnx", "rb") as file:
        before = file.read()
    for output in ("model.onnx", "x.h"):
        code, text = run(AICC, "model.onnx", "-o", output)
        if code != 2 or not text:
            raise Wrong("-o %s ends with %d: %s" % (output, code, text))
    with open("model.onnx", "rb") as file:
        if file.read() != before or os.path.exists("x.h"):
            raise Wrong("the model is overwritten, or a header is written")


def header_compiles():
    expect(0, AICC, "model.onnx", "-o", "m.o")
    for compiler in (("cc", "-xc", "-std=c99"), ("cc", "-xc", "-std=gnu17"), ("c++", "-xc++", "-std=c++11")):
        expect(0, *compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "m.h")


def name_is_refused():
    for options in (("-o", "aicc.o"), ("-o", "m.o", "--name=aicc")):
        code, text = run(AICC, "model.onnx", *options)
        if code not in (1, 2) or "error" not in text or os.path.exists(options[1]):
            raise Wrong("%s ends with %d: %s" % (options, code, text))


def is_too_large():
    expect(1, AICC, "model.onnx", "-o", "m.o", words="[shape-overflow]")


def is_right_or_refused():
    """An element type that an operator lists, or does not."""
    code, text = run(AICC, "model.onnx", "-o", "m.o")
    if code == 0:
        gives_outputs()
    elif code != 1 or "[type-unsupported]" not in text or len(text.splitlines()) != 1:
        raise Wrong("ends with %d: %s" % (code, text))


BY_NAME = {"concat-crash-2d": joins_for_one, "concat-crash-batch1": joins_for_one, "external-data-hub-cache": lies_in_a_cache,
           "fold-conv-dim": folds_alike,
           "header-keywords": header_compiles, "header-name-aicc": name_is_refused, "internal-i4-id": is_right_or_refused,
           "md-external-data": depends_on_data, "output-is-input": keeps_its_input, "overflow-static": is_too_large}


def verdict(folder):
    """What is wrong, or nothing."""
    name = os.path.basename(folder)
    shown = BY_NAME.get(name, contradicts_itself if name.startswith("check-") else gives_outputs)
    os.chdir(folder)
    try:
        shown()
    except (Wrong, subprocess.TimeoutExpired) as wrong:
        return str(wrong)
    return ""


def main():
    data = os.environ.get("AICC_TESTDATA")
    if not data:
        print("SKIPPED: AICC_TESTDATA is not set")
        return 77
    shutil.rmtree(WORK, ignore_errors=True)
    with tarfile.open(os.path.join(data, "faults.tar.xz")) as tar:
        tar.extractall(WORK)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "known_faults.tsv"), encoding="utf-8") as file:
        known = {line.split("\t")[0].strip() for line in file if line.strip() and not line.startswith("#")}
    folders = sorted(os.path.dirname(path) for path in glob.glob(os.path.join(os.path.abspath(WORK), "faults", "*", "note.txt")))
    bad = 0
    for folder in folders:
        name, wrong = os.path.basename(folder), verdict(folder)
        if wrong and name not in known:
            print("FAILED: %s: %s" % (name, wrong))
            bad += 1
        if not wrong and name in known:
            print("FAILED: %s is listed as failing, but does not fail" % name)
            bad += 1
    print("%d faults, %d failed, %d known to fail" % (len(folders), bad, len(known)))
    return 1 if bad or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
