# SPDX-License-Identifier: Apache-2.0
"""The CPU levels of the machine that runs the tests, or those that AICC_TEST_LEVELS names where an emulator does. A
test whose levels are missing says so and is skipped."""
import os

V3 = {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}
V4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def is_emulated():
    """Whether the programs under test run on an emulator of another architecture (tests/cross)."""
    return bool(os.environ.get("AICC_TEST_LEVELS"))


def levels():
    """["v2", "v3", "v4"] as far as the CPU goes."""
    if is_emulated():
        return os.environ["AICC_TEST_LEVELS"].split()
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        flags = next((set(line.split(":")[1].split()) for line in file if line.startswith("flags")), set())
    found = ["v2"]
    if V3 <= flags:
        found.append("v3")
        if V4 <= flags:
            found.append("v4")
    return found


def report_missing():
    """Makes it visible where a level goes untested."""
    for level in ("v3", "v4"):
        if not is_emulated() and level not in levels():
            print("SKIPPED: this CPU has no x86-64-%s" % level)
