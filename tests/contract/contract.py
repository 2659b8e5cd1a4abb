# SPDX-License-Identifier: Apache-2.0
"""The output contract, one check a test: contract.py AICC AICC_RUN SOURCE_DIR CHECK. Exits 77 where something
that the check needs is missing on this machine. For another architecture (tests/cross) the environment names its
compilers, AICC_TEST_CC and AICC_TEST_CXX (empty: no C++), its CPU levels, AICC_TEST_LEVELS, and what runs its
programs, AICC_TEST_EMULATOR."""
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

import models

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import cpu  # noqa: E402

AICC, AICC_RUN, SOURCE, CHECK = sys.argv[1:5]
DRIVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "driver.c")
CC, CXX = os.environ.get("AICC_TEST_CC", "cc"), os.environ.get("AICC_TEST_CXX", "c++")
EMULATOR = os.environ.get("AICC_TEST_EMULATOR", "").split()
LEVELS = cpu.levels()
BASELINE = LEVELS[0]


def run(*command, code=0, cwd=None, env=None):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=cwd,
                          env=env, timeout=300)
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if code is not None and done.returncode != code:
        sys.exit("%s: exit code %d, expected %d\n%s%s" % (" ".join(command), done.returncode, code, out, err))
    return out, err


def expect(condition, what):
    if not condition:
        sys.exit("FAILED: " + what)


def need(tool):
    if not shutil.which(tool):
        print("SKIPPED: no " + tool)
        sys.exit(77)


def compile_model(kind, *options, output=None):
    path = kind + ".onnx"
    if not os.path.exists(path):
        getattr(models, kind)(path)
    output = output or kind + ".o"
    out, err = run(AICC, path, "-o", output, *options)
    expect(not out and not err, "aicc prints in a pipe: " + out + err)
    return output


VARIANTS = [[], ["-g"], ["-O0"], ["-O1"], ["-O3"], ["-O0", "-g"], ["--cpu=" + BASELINE]]
if BASELINE == "v2":
    VARIANTS += [["--cpu=v3"], ["--cpu", "x86-64-v4"], ["--cpu=v2,v4"]]


def check_symbols():
    for kind in ("dense", "symbolic"):
        for options in VARIANTS:
            obj = compile_model(kind, *options)
            expect(run("nm", "-u", obj)[0] == "", "undefined symbols with %s" % options)
            names = {line.split()[-1] for line in run("nm", "-g", obj)[0].splitlines()}
            pattern = r"%s_(run_[0-9a-f]{8}|model|workspace_bytes_[0-9a-f]{8})$" % kind
            expect(all(re.match(pattern, n) for n in names), "global names %s" % names)
            expect(len(names) == (3 if kind == "symbolic" else 2), "number of global names: %s" % names)


def check_sections():
    obj = compile_model("dense")
    text, _ = run("readelf", "-SW", obj)
    sections = {m[1]: int(m[2], 16) for m in re.finditer(r"\] (\S+)\s+\S+\s+[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+)", text)}
    weights = [n for n in sections if n.startswith(".rodata.aicc_weights")]
    expect(weights and sections[weights[0]] >= 200 * 96 * 4, "weights in their section")
    expect(not any(n.startswith(".rela.rodata.aicc_weights") for n in sections), "relocations against weights")
    expect(sections.get(".data", 0) == 0 and sections.get(".bss", 0) <= 4, "mutable state: %s" % sections)
    for banned in (".init_array", ".fini_array", ".ctors", ".tdata", ".tbss", ".eh_frame", ".gcc_except_table"):
        expect(not sections.get(banned), "section " + banned)
    expect("64" in next(line for line in text.splitlines() if weights[0] in line).split()[-1], "weights aligned to 64")
    stack = next((line for line in text.splitlines() if ".note.GNU-stack" in line), "")
    expect(stack and " X " not in stack, "executable stack")
    text, _ = run("readelf", "-SW", compile_model("dense", "--cpu=" + BASELINE))
    writable = [l for l in text.splitlines() if re.search(r"\s(\.data|\.bss)\s", l) and not re.search(r" 000000 00 ", l)]
    expect(not writable, "mutable state where only the baseline level is: %s" % writable)


def check_paths():
    os.makedirs("a folder/inner")
    models.dense("a folder/inner/secret_model.onnx")
    for options in ([], ["-g"]):
        run(AICC, "a folder/inner/secret_model.onnx", "-o", "a folder/inner/out.o", "--name=net", *options)
        with open("a folder/inner/out.o", "rb") as file:
            data = file.read()
        for word in (b"secret_model", b"a folder", os.getcwd().encode(), b"/root", b"/tmp"):
            expect(word not in data, "%r stands in the object" % word)
        header = open("a folder/inner/out.h").read()
        expect("secret" not in header and "folder" not in header, "the header names files")


def check_headers():
    compile_model("dense")
    compile_model("symbolic")
    with open("two.c", "w") as file:
        file.write('#include "dense.h"\n#include "symbolic.h"\n#include "dense.h"\n'
                   "int main(void) { return dense_model()->abi != 1 || symbolic_model()->entry_count != 1 ||\n"
                   "  dense_run(0, 0, 0, 0, 0) != AICC_E_ARGUMENT || symbolic_run(0, 0, 0, 0, 0) != AICC_E_ARGUMENT ||\n"
                   "  symbolic_workspace_bytes(0, 1) != SIZE_MAX || DENSE_WORKSPACE_ALIGN != 64u ||\n"
                   "  DENSE_WORKSPACE_BYTES_FOR(4) < DENSE_WORKSPACE_BYTES; }\n")
    shutil.copy("two.c", "two.cc")
    run(CC, "-std=c99", *STRICT, "two.c", "dense.o", "symbolic.o", "-o", "two_c")
    run(*EMULATOR, "./two_c")
    if CXX:
        run(CXX, "-std=c++11", *STRICT, "two.cc", "dense.o", "symbolic.o", "-o", "two_cc")
        run(*EMULATOR, "./two_cc")
    shared = open(os.path.join(SOURCE, "runtime/include/aicc/abi.h")).read().split("\n", 1)[1]
    expect(shared in open("dense.h").read(), "the shared part stands word for word in the header")


def check_stale_header():
    """The header of another interface does not link, were it one digit that differs."""
    compile_model("dense")
    shutil.copy("dense.h", "old.h")
    for extent in (3, 4):
        models.save("other.onnx", [models.helper.make_node("Relu", ["x"], ["y"])],
                    [("x", models.TensorProto.FLOAT, [extent])], [("y", models.TensorProto.FLOAT, [extent])])
        run(AICC, "other.onnx", "-o", "other.o", "--name=dense")
        with open("stale.c", "w") as file:
            file.write('#include "old.h"\nint main(void) { return dense_run(0, 0, 0, 0, 0); }\n')
        _, err = run(CC, "stale.c", "other.o", "-o", "stale", code=None)
        expect("undefined reference to `dense_run_" in err, "a stale header links")
        shutil.copy("other.h", "old.h")


def check_identifiers():
    compile_model("names")
    text = open("names.h").read()
    for field in ("*int_;", "*_1st;", "*a_b;", "*a_b_2;", "*dim_N;", "int64_t dim_N_2;", "*___y;"):
        expect(field in text, "no field " + field)
    with open("n.c", "w") as file:
        file.write('#include "names.h"\nint main(void) { return names_model()->abi != 1; }\n')
    run(CC, "-std=c99", *STRICT, "n.c", "names.o", "-o", "n")
    run(*EMULATOR, "./n")
    compile_model("dims")
    with open("d.c", "w") as file:
        file.write('#include "dims.h"\nint main(void) { return dims_model()->abi != 1; }\n')
    run(CC, "-std=c99", *STRICT, "d.c", "dims.o", "-o", "d")
    run(*EMULATOR, "./d")
    run(AICC, "names.onnx", "-o", "int.o")
    expect("int__run" in open("int.h").read(), "a keyword as NAME")


STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
C_HEADERS = ("assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg"
             " stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype").split()
CPP_HEADERS = [h for h in C_HEADERS if h not in ("stdatomic", "stdnoreturn", "threads")]
POSIX_HEADERS = "fcntl pthread sched signal strings sys/stat sys/time sys/types sys/wait unistd".split()


def includes(headers):
    return "".join("#include <%s.h>\n" % header for header in headers)


def macros(standard, headers):
    """The names of all macros that these headers define."""
    with open("macros.c", "w") as file:
        file.write(includes(headers))
    return re.findall(r"^#define (\w+)", run(CC, "-std=" + standard, "-dM", "-E", "macros.c")[0], re.M)


def use_fields(name, headers):
    """C that sets every field of the inputs behind the headers."""
    text = open(name + ".h").read()
    struct = re.search(r"typedef struct %s_inputs {\n(.*?)^}" % name, text, re.M | re.S)[1]
    pointers = re.findall(r"\*(\w+); /", struct)
    with open("use.c", "w") as file:
        file.write(includes(headers) + '#include "%s.h"\n' % name +
                   "int main(void) {\n  float number = 0;\n  %s_inputs in;\n" % name +
                   "".join("  in.%s = &number;\n" % field for field in pointers) +
                   "  return in.%s != &number;\n}\n" % pointers[0])
    shutil.copy("use.c", "use.cc")
    return pointers


def compile_fields(name, names):
    """A model with inputs of these names: its header, among others, in both languages."""
    models.fields(name + ".onnx", names)
    run(AICC, name + ".onnx", "-o", name + ".o")
    fields = use_fields(name, C_HEADERS + POSIX_HEADERS)
    expect(len(fields) == len(names), "%d fields for %d inputs" % (len(fields), len(names)))
    for standard in ("c99", "gnu17", "c2x"):
        run(CC, "-std=" + standard, *STRICT, "-c", "use.c", "-o", "use.o")
    use_fields(name, [])
    run(CC, "-std=c99", *STRICT, "-c", "use.c", "-o", "use.o")
    for standard in ("c++11", "gnu++17", "c++20") if CXX else ():
        use_fields(name, CPP_HEADERS + POSIX_HEADERS)
        run(CXX, "-std=" + standard, *STRICT, "-c", "use.cc", "-o", "use.o")
    return fields


def check_reserved_names():
    with open(os.path.join(SOURCE, "compiler/base/reserved_names.def")) as file:
        table = re.findall(r'"(\w+)"', file.read())
    expect(table == sorted(set(table)), "the table is sorted")
    own = ["many_run", "many_workspace_bytes", "many_AICC_H", "MANY_WORKSPACE_ALIGN", "MANY_WORKSPACE_BYTES",
           "MANY_WORKSPACE_BYTES_FOR", "AICC_ABI_1", "AICC_OK"]
    implementation = ["_Bool", "_Complex", "_Imaginary", "_Alignas", "_Alignof", "_Atomic", "_Generic", "_Noreturn",
                      "_Static_assert", "_Thread_local", "_Decimal32", "_Decimal64", "_Decimal128", "_BitInt", "_Float16",
                      "__linux__", "__LINE__", "__FILE__", "__x86_64__", "__GNUC__", "__cplusplus", "_WIN32", "PRId64",
                      "SCNx8"]
    fields = compile_fields("many", table + own + implementation)
    expect(fields == [name + "_" for name in table + own + implementation], "a reserved name has a _ behind it")
    # Names of everyday models stay as they are, among them those of functions.
    plain = ["x", "input_ids", "exp", "log", "round", "floor", "sin", "index", "data", "_", "_x", "E", "PI", "main", "final",
             "override", "module", "min", "max", "log2", "signal", "time", "read", "printf", "malloc"]
    models.fields("plain.onnx", plain)
    run(AICC, "plain.onnx", "-o", "plain.o")
    expect(use_fields("plain", C_HEADERS) == plain, "other names stay")
    run(CC, "-std=gnu17", *STRICT, "-c", "use.c", "-o", "use.o")


def check_macro_names():
    """Without our table: what this machine's compiler and headers define must be no obstacle."""
    names = set(macros("gnu17", []))
    expect({"__GNUC__", "unix"} < names, "the compiler's own macros are listed")
    for standard in ("c99", "gnu17", "gnu2x"):
        names.update(name for name in macros(standard, C_HEADERS) if not name.startswith("_"))
    expect(len(names) > 1000 and {"errno", "EOF", "isnan"} < names, "macros are listed")
    compile_fields("macros", sorted(names))


def check_header_names():
    models.dense("dense.onnx")
    for options in (["-o", "aicc.o"], ["-o", "x.o", "--name=aicc"], ["-o", "x.o", "--name", "aicc", "-S"],
                    ["-o", "aicc.so", "--shared"]):
        out, err = run(AICC, "dense.onnx", *options, code=2)
        expect(not out and err.count("\n") == 1 and "'aicc'" in err, "NAME aicc with %s: %s" % (options, err))
    expect(not [n for n in os.listdir(".") if not n.endswith(".onnx")], "something is written")
    for name in ("aicc_", "AICC", "errno", "int", "_"):  # prefixes only
        run(AICC, "dense.onnx", "-o", "n.o", "--name=" + name)
        prefix = re.search(r"(\w+)_model\(void\)", open("n.h").read())[1]
        with open("n.c", "w") as file:
            file.write('#include <errno.h>\n#include "n.h"\nint main(void) { return %s_model()->abi != 1; }\n' % prefix)
        run(CC, "-std=c99", *STRICT, "n.c", "n.o", "-o", "n")
        run(*EMULATOR, "./n")
    # Names that differ in case only meet in one file.
    models.symbolic("symbolic.onnx")
    for name in ("net", "Net"):
        run(AICC, "symbolic.onnx", "-o", name + "_.o", "--name=" + name)
    with open("case.c", "w") as file:
        file.write('#include "net_.h"\n#include "Net_.h"\n'
                   "int main(void) { return net_model()->abi != 1 || Net_model()->abi != 1; }\n")
    run(CC, "-std=c99", *STRICT, "case.c", "net_.o", "Net_.o", "-o", "case")
    run(*EMULATOR, "./case")


def check_least_workspace():
    compile_model("view")
    with open("w.c", "w") as file:
        file.write('#include "view.h"\nstatic union { unsigned char bytes[VIEW_WORKSPACE_BYTES]; double d[8]; } space;\n'
                   "int main(void) {\n  static unsigned char more[VIEW_WORKSPACE_BYTES_FOR(2) + 64];\n"
                   "  float x[3] = {-1, 0, 2}, y[3] = {9, 9, 9};\n  view_inputs in = {x};\n  view_outputs out = {y};\n"
                   "  unsigned char *aligned = more + 64 - (uintptr_t)more % 64;\n"
                   "  if (sizeof space < 64 || VIEW_WORKSPACE_BYTES < 64) return 1;\n"
                   "  if (view_run(&in, &out, aligned, VIEW_WORKSPACE_BYTES, 0) != AICC_OK) return 2;\n"
                   "  return y[0] != 0 || y[1] != 0 || y[2] != 2;\n}\n")
    run(CC, "-std=c99", *STRICT, "w.c", "view.o", "-o", "w")
    run(*EMULATOR, "./w")


def check_deterministic():
    first = open(compile_model("dense"), "rb").read()
    os.makedirs("elsewhere/deep")
    shutil.copy("dense.onnx", "elsewhere/deep/renamed.onnx")
    for extra in ({}, {"LC_ALL": "tr_TR.UTF-8"}, {"TZ": "Asia/Tokyo"}, {"SOURCE_DATE_EPOCH": "1"}):
        run(AICC, "renamed.onnx", "-o", "x.o", "--name", "dense", cwd="elsewhere/deep", env=dict(os.environ, **extra))
        expect(open("elsewhere/deep/x.o", "rb").read() == first, "other bytes with %s" % extra)
        expect(open("elsewhere/deep/x.h", "rb").read() == open("dense.h", "rb").read(), "another header with %s" % extra)


def build_driver(options=()):
    compile_model("dense", *options)
    compile_model("symbolic", *options)
    run(CC, "-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-I.", DRIVER, "dense.o", "symbolic.o",
        "-lpthread", "-lm", "-o", "driver")


def check_statuses():
    build_driver()
    print(run(*EMULATOR, "./driver", "statuses")[0])
    compile_model("one")
    with open("one.c", "w") as file:
        file.write('#include "one.h"\nstatic _Alignas(64) unsigned char w[ONE_WORKSPACE_BYTES + 1];\n'
                   "int main(void) {\n  float x = 3, y = 9;\n  one_inputs in = {&x}, no_in = {0};\n"
                   "  one_outputs out = {&y}, no_out = {0};\n"
                   "  return one_run(&no_in, &out, w, sizeof w, 0) != AICC_E_ARGUMENT ||\n"
                   "    one_run(&in, &no_out, w, sizeof w, 0) != AICC_E_ARGUMENT ||\n"
                   "    one_run(&in, &out, w, sizeof w, 0) != AICC_OK || y != 3;\n}\n")
    run(CC, "-std=c11", *STRICT, "one.c", "one.o", "-o", "one")
    run(*EMULATOR, "./one")


def check_symbolic():
    build_driver()
    print(run(*EMULATOR, "./driver", "symbolic")[0])
    with open("ranged.aicc-ir", "w") as file:
        file.write('module "m" hash "0000000000000000" {\n  symbol N in [2, 5]\n'
                   '  entry @run(%0 "x": f32[N]) -> ("y": f32[N]) {\n    %1: f32[N] = neg(%0)\n    return %1\n  }\n}\n')
    run(AICC, "ranged.aicc-ir", "-o", "ranged.o")
    for extent, code in ((1, 1), (2, 0), (5, 0), (6, 1)):
        out, err = run(AICC_RUN, "ranged.o", "--random", "1", "--dim", "N=%d" % extent, code=code)
        expect(code == 0 or "AICC_E_SHAPE" in out + err, "N=%d, in [2, 5]: %s" % (extent, out + err))


def check_threads():
    build_driver()
    print(run(*EMULATOR, "./driver", "threads")[0])


def check_stack():
    build_driver()
    print(run(*EMULATOR, "./driver", "stack")[0])


def check_baseline():
    """On a CPU without the levels above the baseline."""
    build_driver()
    print(run(*EMULATOR, "./driver", "baseline")[0])


def check_nehalem():
    need("qemu-x86_64")
    build_driver()
    print(run("qemu-x86_64", "-cpu", "Nehalem", "./driver", "symbolic")[0])
    print(run("qemu-x86_64", "-cpu", "Nehalem", "./driver", "baseline")[0])


def check_same_bits():
    obj = compile_model("dense")
    for level in LEVELS:
        hashes = {run(AICC_RUN, obj, "--random", "3", "--cpu", level, "--hash", "--threads", n)[0].splitlines()[-1]
                  for n in ("1", "1", "2", "4")}
        expect(len(hashes) == 1, "%s: results differ: %s" % (level, hashes))


def check_placement():
    """aicc-run puts guard pages behind every buffer; --misalign leaves only the elements' alignment."""
    for kind in ("dense", "symbolic"):
        obj = compile_model(kind)
        for level in LEVELS:
            plain = run(AICC_RUN, obj, "--random", "5", "--cpu", level, "--hash", "--dim", "N=3")[0] if kind == "symbolic" \
                else run(AICC_RUN, obj, "--random", "5", "--cpu", level, "--hash")[0]
            extra = ["--dim", "N=3"] if kind == "symbolic" else []
            odd = run(AICC_RUN, obj, "--random", "5", "--cpu", level, "--hash", "--misalign", *extra)[0]
            expect(plain.splitlines()[-1] == odd.splitlines()[-1], "misaligned buffers change the result")


def check_shared():
    lib = compile_model("dense", "--shared", output="dense.so")
    expect(run("nm", "-D", "-u", lib)[0].strip() == "", "undefined symbols in the shared object")
    expect(os.path.exists("dense.h"), "the header beside it")
    run(AICC_RUN, "./dense.so")
    _, err = run(AICC, "dense.onnx", "--shared", "-o", "no.so", "--linker=false", code=1)
    expect("linker" in err and not os.path.exists("no.so"), "a linker that fails")


def check_targets():
    """Spellings of triples, for objects that need no tool of their target to be looked at."""
    models.dense("dense.onnx")
    for options in ([], ["-g"]):
        first = None
        for triple in ("aarch64", "arm64", "aarch64-linux-gnu", "arm64-linux-gnu", "aarch64-unknown-linux-gnu"):
            obj = compile_model("dense", "--target=" + triple, *options)
            expect(run("nm", "-u", obj)[0] == "", "undefined symbols for " + triple)
            with open(obj, "rb") as file:
                data = file.read()
            expect(data[:5] == b"\x7fELF\x02" and data[18:20] == b"\xb7\x00", "%s is not AArch64's ELF" % triple)
            expect(b"aarch64-unknown-linux-gnu\0" in data, "the triple in the table, for " + triple)
            first = first or data
            expect(data == first, "another object for " + triple)
    for triple in ("aarch64-none-elf", "aarch64-linux-musl", "x86_64-linux-gnu", "amd64"):
        expect(run("nm", "-u", compile_model("dense", "--target=" + triple))[0] == "", "undefined symbols for " + triple)
    for triple in ("aarch64_be-linux-gnu", "arm64-apple-darwin", "aarch64-w64-windows-gnu", "", "-linux-gnu"):
        _, err = run(AICC, "dense.onnx", "-o", "z.o", "--target=" + triple, code=2)
        expect(err.count("\n") == 1 and "error" in err, "message of the target %r: %s" % (triple, err))
    _, err = run(AICC, "dense.onnx", "--shared", "-o", "no.so", "--target=aarch64", "--linker=false", code=1)
    expect("--linker=COMMAND" in err and "aarch64-unknown-linux-gnu" in err, "a linker of another target: " + err)
    expect(not os.path.exists("no.so"), "something half-written")


def check_broadcast():
    obj = compile_model("broadcast")
    for n, p in ((7, 7), (7, 1), (1, 7), (1, 1), (40, 40), (40, 1)):
        for level in LEVELS:
            shutil.rmtree("data", ignore_errors=True)
            os.mkdir("data")
            a, b = models.weights(3, n), models.weights(p)
            for name, array in (("input_0", a), ("input_1", b), ("output_0", a + b)):
                models.numpy.save("data/%s.npy" % name, array)
            run(AICC_RUN, obj, "--data", "data", "--cpu", level, "--rtol", "0", "--atol", "0")
    out, err = run(AICC_RUN, obj, "--random", "1", "--dim", "M=3", "--dim", "N=7", "--dim", "P=2", code=1)
    expect("AICC_E_SHAPE" in out + err, "dims that do not broadcast: " + out + err)


def check_all_faults():
    models.faults("faults.onnx")
    _, err = run(AICC, "faults.onnx", "-o", "f.o", code=1)
    expect(all("'node_%d'" % k in err for k in range(500)), "some faulty nodes are not told")
    expect(not os.path.exists("f.o"), "a file is left behind")


def check_command():
    models.dense("m.onnx")
    out, _ = run(AICC, "--help")
    flags = ["-o", "-O", "--target", "--cpu", "-S", "--emit-llvm", "--emit-ir", "--shared", "-g", "--dim", "--name", "-MD",
             "--print-after", "--stop-after", "--time-passes", "--report-memory", "--version", "--help", "--linker"]
    for flag in flags:
        expect(re.search(r"^  %s" % re.escape(flag), out, re.M) is not None, "--help lacks " + flag)
    passes = re.findall(r"^  ([a-z-]+) {2,}", out.split("passes (")[1], re.M)
    expect(len(passes) >= 8, "passes in --help: %s" % passes)
    expect(run(AICC, "--version")[0].startswith("aicc "), "--version")
    for name in passes:
        out, _ = run(AICC, "m.onnx", "--stop-after", name)
        expect(out.startswith(("module", "program")), "--stop-after=%s prints nothing" % name)
        _, err = run(AICC, "m.onnx", "-o", "p.o", "--print-after=" + name)
        expect("// after " + name in err, "--print-after=" + name)
    for options, word in ((["-S"], ".globl"), (["--emit-llvm"], "define"), (["--emit-ir"], "module"),
                          (["--emit-header"], "AICC_ABI_1")):
        run(AICC, "m.onnx", "-o", "text", *options)
        expect(word in open("text").read(), "%s lacks %s" % (options, word))
        expect(word in run(AICC, "m.onnx", "-o", "-", *options)[0], "%s to standard output" % options)
    expect("lower" in run(AICC, "m.onnx", "-o", "t.o", "--time-passes")[1], "--time-passes")
    expect("workspace_bytes=" in run(AICC, "m.onnx", "-o", "t.o", "--report-memory")[0], "--report-memory")
    usage = [["--nonsense", "m.onnx"], [], ["m.onnx", "n.onnx"], ["m.onnx", "-O9"], ["m.onnx", "--cpu=v9"],
             ["m.onnx", "--target=vax"], ["m.onnx", "--dim", "N"], ["m.onnx", "--stop-after=nothing"], ["m.onnx", "-o"]]
    for bad in usage:
        out, err = run(AICC, *bad, code=2)
        expect(not out and err.count("\n") == 1 and "error" in err, "message of %s: %r" % (bad, err))
    for bad in (["missing.onnx", "-o", "z.o"], [".", "-o", "z.o"], ["m.onnx", "-o", "no/such/folder/z.o"]):
        out, err = run(AICC, *bad, code=1)
        expect(not out and err.count("\n") == 1 and "error" in err, "message of %s: %r" % (bad, err))
    expect(not os.path.exists("z.o") and not os.path.exists("z.h"), "something half-written")


def listing():
    """All files here, with their contents and where links lead."""
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(".") for name in names]
    return {path: os.readlink(path) if os.path.islink(path) else open(path, "rb").read() for path in paths
            if not stat.S_ISFIFO(os.lstat(path).st_mode)}


def refused(*arguments, code=2, word=""):
    """One message, and nothing changes."""
    before = listing()
    out, err = run(AICC, *arguments, code=code)
    expect(not out and err.count("\n") == 1 and "error" in err and word in err, "message of %s: %r" % (arguments, err))
    expect(listing() == before, "%s changes files" % (arguments,))


def check_options():
    models.dense("m.onnx")
    models.symbolic("s.onnx")
    for flag in ("-o", "--linker", "--target", "--cpu", "--name", "--dim", "-MF", "--print-after", "--stop-after"):
        refused("m.onnx", flag, "", word=flag)
        refused("m.onnx", flag, word=flag)
        if flag.startswith("--"):
            refused("m.onnx", flag + "=", word=flag)
    refused("", "-o", "s.o", word="no model")
    refused("s.onnx", "-o", "s.o", "--dim", "N=1", "--dim", "N=2", word="'N'")
    refused("s.onnx", "-o", "s.o", "--dim=N=1", "--dim", "M=1", code=1, word="M")
    run(AICC, "s.onnx", "-o", "s.o", "--dim", "N=2", "--dim=N=2")
    expect("int64_t dim" not in open("s.h").read(), "a dim that is fixed twice to one value")
    run(AICC, "s.onnx", "--stop-after=import", "-o", "s.aicc-ir")
    _, err = run(AICC, "s.aicc-ir", "-o", "s.o", "--dim", "N=2")
    expect("warning" in err and "N" in err and "int64_t dim_N" in open("s.h").read(), "--dim on a text: " + err)


def check_output_files():
    models.external("model.onnx")
    os.link("model.onnx", "hard.o")
    os.symlink("model.onnx", "soft.o")
    os.symlink("model.onnx", "via.h")
    os.mkdir("sub")
    os.symlink("../sub/..", "sub/up")
    for output in ("model.onnx", "./model.onnx", "hard.o", "soft.o", "sub/up/model.onnx", os.path.abspath("model.onnx"),
                   "via.o"):
        refused("model.onnx", "-o", output, word="overwrite the model")
    refused("soft.o", "-o", "model.onnx", word="overwrite the model")
    refused("model.onnx", "-o", "x.o", "-MF", "hard.o", word="overwrite the model")
    refused("model.onnx", "--emit-ir", "-o", "soft.o", word="overwrite the model")
    refused("model.onnx", "--stop-after=import", "-o", "model.onnx", word="overwrite the model")
    for options in (["-o", "x.h"], ["--shared", "-o", "x.h"], ["-o", "x.o", "-MF", "x.o"], ["-o", "x.o", "-MF", "./sub/../x.h"]):
        refused("model.onnx", *options, word="one file")
    os.symlink("w.bin", "data.h")
    for options in (["-o", "w.bin"], ["-S", "-o", "./w.bin"], ["-o", "data.o"], ["-o", "x.o", "-MF", "w.bin"]):
        refused("model.onnx", *options, code=1, word="data")
    run(AICC, "model.onnx", "--emit-header", "-o", "x.h")
    # Links are followed and stay; nothing else is left beside them.
    os.remove("x.h")
    os.symlink("sub/real.o", "link.o")
    for _ in range(2):  # to a file that is not there yet, and to one that is
        run(AICC, "model.onnx", "-o", "link.o", "--name=net")
        expect(os.readlink("link.o") == "sub/real.o" and os.path.exists("link.h"), "a link as output")
        expect(open("sub/real.o", "rb").read(4) == b"\x7fELF" and sorted(os.listdir("sub")) == ["real.o", "up"], "its file")
    # A header that cannot be written: no object either, and the old one stays.
    os.mkdir("full.h")
    open("full.o", "w").write("old")
    refused("model.onnx", "-o", "full.o", code=1, word="full.h")
    expect(open("full.o").read() == "old", "the object is replaced without its header")


def check_streams():
    """Standard output, pipes and devices: the bytes of the file, and reports elsewhere."""
    models.dense("m.onnx")
    run(AICC, "m.onnx", "-o", "m.o")
    plain = open("m.o", "rb").read()
    before = listing()

    def to_stdout(*options):
        done = subprocess.run([AICC, "m.onnx", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        expect(done.returncode == 0, "%s: %s" % (options, done.stderr))
        return done.stdout, done.stderr.decode()

    for output in ("-", "/dev/stdout", "/dev/fd/1"):
        out, err = to_stdout("-o", output, "--report-memory", "--time-passes")
        expect(out == plain and "workspace_bytes=" in err and "lower" in err, "the object on standard output, by " + output)
    library, _ = to_stdout("-o", "-", "--shared", "--report-memory")
    expect(listing() == before, "files beside standard output")
    with open("std.so", "wb") as file:
        file.write(library)
    run(AICC_RUN, "./std.so")
    expect("Type: DYN" in re.sub(r" +", " ", run("readelf", "-h", "std.so")[0]), "--shared -o - is no library")
    os.remove("std.so")
    with open("redirected", "wb") as file:
        file.write(b"first")
        file.flush()
        subprocess.run([AICC, "m.onnx", "-o", "/dev/stdout"], stdout=file, check=True, timeout=300)
    expect(open("redirected", "rb").read() == b"first" + plain, "/dev/stdout in a file")
    os.remove("redirected")
    run(AICC, "m.onnx", "-o", "/dev/null")
    os.mkfifo("pipe.o")
    reader = subprocess.Popen(["cat", "pipe.o"], stdout=subprocess.PIPE)
    run(AICC, "m.onnx", "-o", "pipe.o", "--name=m")
    expect(reader.communicate()[0] == plain, "the object in a pipe")
    os.remove("pipe.o")
    expect(listing() == before, "a header beside a pipe or a device")
    expect("workspace_bytes=" in run(AICC, "m.onnx", "-o", "m.o", "--report-memory")[0], "--report-memory")


def check_dependencies():
    models.dense("m.onnx")
    models.external("model.onnx")
    models.external("far/model.onnx", "data/w.bin")
    for model, options, file, rule in (
            ("m.onnx", ["-o", "d.o", "-MD"], "d.d", "d.o d.h: m.onnx\n"),
            ("model.onnx", ["-o", "d.o", "-MD"], "d.d", "d.o d.h: model.onnx w.bin\n"),
            ("model.onnx", ["-o", "d.o", "-MF", "named"], "named", "d.o d.h: model.onnx w.bin\n"),
            ("model.onnx", ["-o", "d.o", "-MD", "-MFjoined"], "joined", "d.o d.h: model.onnx w.bin\n"),
            ("far/model.onnx", ["-o", "d.so", "-MD", "--shared"], "d.d", "d.so d.h: far/model.onnx far/data/w.bin\n"),
            ("far/model.onnx", ["-o", "d.s", "-MD", "-S"], "d.d", "d.s: far/model.onnx far/data/w.bin\n"),
            ("m.onnx", ["-o", "d.ll", "-MD", "--emit-llvm"], "d.d", "d.ll: m.onnx\n"),
            ("m.onnx", ["-o", "d.h", "-MD", "--emit-header"], "d.d", "d.h: m.onnx\n"),
            ("m.onnx", ["-o", "d.aicc-ir", "-MD", "--emit-ir"], "d.d", "d.aicc-ir: m.onnx\n"),
            ("model.onnx", ["-o", "t.aicc-ir", "-MD", "--stop-after=import"], "t.d", "t.aicc-ir: model.onnx w.bin\n"),
            ("t.aicc-ir", ["-o", "d.o", "-MD"], "d.d", "d.o d.h: t.aicc-ir %s\n" % os.path.abspath("w.bin")),
            ("model.onnx", ["-MD"], "model.d", "model.o model.h: model.onnx w.bin\n")):
        run(AICC, model, *options)
        expect(open(file).read() == rule, "%s %s: %r" % (model, options, open(file).read()))
        os.remove(file)
    run(AICC, "m.onnx", "-o", "-", "-MF", "std.d")
    expect(open("std.d").read() == "m.o: m.onnx\n", "the object on standard output: " + open("std.d").read())
    out, err = run(AICC, "m.onnx", "-o", "q.o", "-MF", "-", "--report-memory")
    expect(out == "q.o q.h: m.onnx\n" and "workspace_bytes=" in err and os.path.exists("q.o"), "the rule on standard output")
    refused("m.onnx", "-o", "-", "-MF", "-", word="standard output")
    need("make")
    # Names that mean something to make: it finds each file, does not make again, and makes when the data changes.
    folder, stem = "a b#$%", "out b#$%:"
    models.external(folder + "/m:$x.onnx", "w #%.bin")
    run(AICC, folder + "/m:$x.onnx", "-o", folder + "/" + stem + ".o", "-MF", "rule.d", "--name=net")
    with open("Makefile", "w") as file:
        file.write(open("rule.d").read() + "\t@echo made\n")
    done = [os.path.join(folder, stem + suffix) for suffix in (".o", ".h")]
    for path, seconds in ((folder + "/m:$x.onnx", 1000), (folder + "/w #%.bin", 1000), (done[0], 2000), (done[1], 2000)):
        os.utime(path, (seconds, seconds))
    for target in done:
        run("make", "-q", target)
    for path in ("/w #%.bin", "/m:$x.onnx"):
        os.utime(folder + path, (3000, 3000))
        for target in done:
            run("make", "-q", target, code=1)
        os.utime(folder + path, (1000, 1000))


def processes(word):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = open("/proc/%s/cmdline" % pid, "rb").read().decode(errors="replace")
            state = open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if word in command and state != "Z" and int(pid) != os.getpid():
            found.append(command)
    return found


def start(*command, env=None):
    """As from a terminal, whatever this process ignores."""
    def defaults():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=defaults)


def check_signals():
    """Killed while the linker runs, or while a pipe blocks: no file is left, and no linker runs on."""
    models.dense("m.onnx")
    os.mkdir("tmp")
    mark = "aicc-slow-%d" % os.getpid()
    with open(mark, "w") as file:  # stubborn, with a child of its own, and half a library
        file.write("#!/bin/sh\ntrap '' TERM INT HUP\nfor last; do :; done\nprintf half > \"${last%model.o}model.so\"\n"
                   "sh -c 'exec sleep 1000' " + mark + "\nsleep 1000\n")
    os.chmod(mark, 0o755)
    environment = dict(os.environ, TMPDIR=os.path.abspath("tmp"))
    before = listing()

    def wait(condition, what):
        for _ in range(1000):
            if condition():
                return
            time.sleep(0.02)
        expect(False, what)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = start(AICC, "m.onnx", "--shared", "-o", "m.so", "--linker=./" + mark, env=environment)
        wait(lambda: any("model.so" in name for name in listing()), "the linker starts")
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        expect(process.returncode == -number, "signal %d ends aicc with %d" % (number, process.returncode))
        wait(lambda: not processes(mark), "the linker runs on: %s" % processes(mark))
        expect(listing() == before and not os.listdir("tmp"), "signal %d leaves files: %s" % (number, os.listdir("tmp")))
    # Ignored signals stay ignored (nohup).
    quick = "quick-linker"
    with open(quick, "w") as file:
        file.write('#!/bin/sh\nkill -HUP $PPID\nexec cc "$@"\n')
    os.chmod(quick, 0o755)
    run("nohup", AICC, "m.onnx", "--shared", "-o", "m.so", "--linker=./" + quick, env=environment)
    os.remove(quick)
    os.remove("m.so")
    os.remove("m.h")
    # The temporary files of the header, while the object waits for a reader.
    os.mkfifo("pipe.o")
    process = start(AICC, "m.onnx", "-o", "pipe.o", "-MF", "rule.d")
    wait(lambda: any(name.startswith("rule.d.") for name in os.listdir(".")), "the rule is on its way")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    os.remove("pipe.o")
    expect(process.returncode == -signal.SIGTERM and listing() == before, "a temporary file is left")
    # A file that may not grow is an error like any other.
    limited = subprocess.run(["sh", "-c", "ulimit -f 1; exec \"$0\" m.onnx -o big.o", AICC], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=300)
    expect(limited.returncode == 1 and b"big.o" in limited.stderr and listing() == before, "beyond the limit of a file's size")
    # Linkers that fail leave nothing either; undefined symbols are a failure.
    for linker in ("false", "true", "./no-such-linker"):
        _, err = run(AICC, "m.onnx", "--shared", "-o", "m.so", "--linker=" + linker, code=1, env=environment)
        expect("linker" in err and listing() == before and not os.listdir("tmp"), "the linker %s: %s" % (linker, err))
    with open("undefined.c", "w") as file:
        file.write("int missing(void);\nint used(void) { return missing(); }\n")
    run(CC, "-fPIC", "-c", "undefined.c", "-o", "undefined.o")
    before = listing()
    for linker in ("cc", "ld"):
        _, err = run(AICC, "m.onnx", "--shared", "-o", "m.so", "--linker=%s undefined.o" % linker, code=1, env=environment)
        expect("linker" in err and listing() == before and not os.listdir("tmp"), "undefined symbols with %s: %s" % (linker, err))
    run(AICC, "m.onnx", "--shared", "-o", "m.so", "--linker=ld", env=environment)
    run(AICC_RUN, "./m.so")


def check_declared_shape():
    """A declared shape that the model does not compute: a warning, and the object has the computed one."""
    models.save("m.onnx", [models.helper.make_node("Neg", ["x"], ["y"])], [("x", models.TensorProto.FLOAT, ["N", 3])],
                [("y", models.TensorProto.FLOAT, [1, 3])])
    out, err = run(AICC, "m.onnx", "-o", "m.o", "--dim", "N=2")
    expect(not out and err == "m.onnx: warning: output 'y' is declared as float32[1,3] but computes float32[2,3]; the "
           "computed one counts [output-type]\n", "the warning: " + err)
    os.mkdir("data")
    x = models.weights(2, 3)
    models.numpy.save("data/input_0.npy", x)
    models.numpy.save("data/output_0.npy", -x)
    run(AICC_RUN, "m.o", "--data", "data", "--rtol", "0", "--atol", "0")


def check_nested():
    """Branches within branches run."""
    sys.path.insert(0, os.path.join(SOURCE, "tests/onnx"))
    import test_bad_input
    x = models.weights(2, 3)
    for depth in (30, 60):
        with open("n.onnx", "wb") as file:
            file.write(test_bad_input.nested_ifs(depth))
        run(AICC, "n.onnx", "-o", "n.o")
        for truth in (True, False):
            shutil.rmtree("data", ignore_errors=True)
            os.mkdir("data")
            result = models.numpy.maximum(x, 0) if truth else -x
            for name, array in (("input_0", models.numpy.array(truth)), ("input_1", x), ("output_0", result)):
                models.numpy.save("data/%s.npy" % name, array)
            run(AICC_RUN, "n.o", "--data", "data", "--rtol", "0", "--atol", "0")


def check_opt():
    """Stopped, edited, resumed: the text gives the same object as the model."""
    opt = os.path.join(os.path.dirname(AICC), "aicc-opt")
    for kind in ("dense", "symbolic"):
        getattr(models, kind)(kind + ".onnx")
        out, _ = run(AICC, "--help")
        for name in re.findall(r"^  ([a-z-]+) {2,}", out.split("passes (")[1], re.M):
            run(AICC, kind + ".onnx", "--stop-after=" + name, "-o", "a.aicc-ir")
            run(opt, "a.aicc-ir", "-o", "b.aicc-ir")
            text = re.sub(r"^//.*\n", "", open("a.aicc-ir").read(), flags=re.M)  # groups are comments
            expect(text == open("b.aicc-ir").read(), "text after %s does not round-trip" % name)
        run(AICC, kind + ".onnx", "--stop-after=import", "-o", "a.aicc-ir")
        run(AICC, "a.aicc-ir", "-o", "text.o", "--name=same")
        run(AICC, kind + ".onnx", "-o", "model.o", "--name=same")
        expect(open("text.o", "rb").read() == open("model.o", "rb").read(), "the text compiles to another object")
        run(opt, "a.aicc-ir", "-p", "all", "-o", "all.txt")
        expect(open("all.txt").read().startswith("program"), "-p all ends in a program")
    _, err = run(opt, "a.aicc-ir", "-p", "nothing", code=2)
    expect("nothing" in err, "an unknown pass")
    with open("bad.aicc-ir", "w") as file:
        file.write("module {")
    _, err = run(opt, "bad.aicc-ir", code=1)
    expect("bad.aicc-ir:1:" in err, "a syntax error has a place: " + err)


with tempfile.TemporaryDirectory(prefix="aicc-contract-") as folder:
    os.chdir(folder)
    cpu.report_missing()
    globals()["check_" + CHECK]()
    os.chdir("/")
print("ok")
