# SPDX-License-Identifier: Apache-2.0
"""Prints what was measured. Times are medians over the rounds; a ratio is the median of the ratios of each round,
so that what slowed a whole round alike cancels.

Not everything cancels: contenders that wait for their threads in different ways suffer differently, by orders of
magnitude, when another program takes a core. So every row carries a gauge: the multiply-adds of the roof, which
take part in its rounds. Where they fell well short of what they reach at best, there is no ratio to be had."""
from statistics import median

ABSENT = "-"
WRONG = "wrong"
BUSY = "busy"
LEAST_FREE = 0.9  # of the machine, for a ratio to be printed


def time_of(row, label):
    """Microseconds of a call; None where the contender was not measured."""
    rounds = row["contenders"].get(label, {}).get("rounds_us")
    return median(rounds) if rounds else None


def ratios(row, ours, peer):
    """Ours divided by the peer's, round by round."""
    both = [row["contenders"].get(label, {}).get("rounds_us") or [] for label in (ours, peer)]
    return [a / b for a, b in zip(*both)]


def best_rate(rows, label):
    """The most that a roof contender reached in any sample of the rows, in billions a second; 0 where none did."""
    samples = [row["contenders"].get(label, {}) for row in rows]
    return max((sample["work"] / sample["least_us"] * 1e-3 for sample in samples if sample.get("least_us")), default=0)


def multiply_add_roof(part):
    """GFLOP/s: the best of the whole run with this number of threads."""
    rates = [rate for name, rate in part["roof"].items() if name.startswith("fma_")]
    return max([*rates, best_rate([*part["models"], *part["layers"]], "fma")])


def free_share(row, roof):
    """How much of the machine was free while the row was measured, 1 being all; None without a gauge."""
    gauge, time = row["contenders"].get("fma", {}), time_of(row, "fma")
    return gauge["work"] / time * 1e-3 / roof if time and roof else None


def is_busy(row, roof):
    free = free_share(row, roof)
    return free is not None and free < LEAST_FREE


def percent(part, whole):
    return 100 * part / whole if part and whole else None


def show_time(row, label):
    contender, time = row["contenders"].get(label), time_of(row, label)
    if time is not None:
        return f"{time:.1f}"
    return WRONG if contender and not contender["right"] else ABSENT


def show(value, digits):
    return ABSENT if value is None else f"{value:.{digits}f}"


def show_ratio(row, ours, peer, roof):
    values = ratios(row, ours, peer)
    if values and is_busy(row, roof):
        return BUSY
    return show(median(values) if values else None, 2)


def show_spread(row, ours, peer):
    values = ratios(row, ours, peer)
    return f"{min(values):.2f}-{max(values):.2f}" if values else ABSENT


def show_free(row, roof):
    free = free_share(row, roof)
    return show(100 * free if free is not None else None, 0)


def rate(row, label):
    """GFLOP/s."""
    time, work = time_of(row, label), row["operations"]
    return work / time * 1e-3 if time and work else None


def print_table(head, rows):
    """The first column to the left, the others to the right."""
    widths = [max(len(line[i]) for line in [head, *rows]) for i in range(len(head))]
    for line in [head, *rows]:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip())
    print()


def print_models(rows, roof):
    head = ["model", "aicc us", "ort us", "ratio", "spread", "GFLOP/s", "% roof", "ort GFLOP/s", "free %"]
    print_table(head, [[row["name"], show_time(row, "aicc"), show_time(row, "ort"),
                        show_ratio(row, "aicc", "ort", roof), show_spread(row, "aicc", "ort"),
                        show(rate(row, "aicc"), 1), show(percent(rate(row, "aicc"), roof), 1),
                        show(rate(row, "ort"), 1), show_free(row, roof)] for row in rows])


def print_layers(rows, roof):
    head = ["layer", "plain us", "last us", "onednn us", "openblas us", "ort us", "/onednn", "spread", "/openblas",
            "/ort", "GFLOP/s", "% roof", "% read", "free %"]
    lines = []
    for row in rows:
        last = "aicc_channels_last" if "aicc_channels_last" in row["contenders"] else "aicc_plain"
        time, read_roof = time_of(row, last), best_rate([row], "read")
        read_rate = row["bytes_read"] / time * 1e-3 if time else None
        lines.append([
            row["name"], show_time(row, "aicc_plain"), show_time(row, "aicc_channels_last"),
            show_time(row, "onednn"), show_time(row, "openblas"), show_time(row, "ort"),
            show_ratio(row, last, "onednn", roof), show_spread(row, last, "onednn"),
            show_ratio(row, last, "openblas", roof), show_ratio(row, "aicc_plain", "ort", roof),
            show(rate(row, last), 1), show(percent(rate(row, last), roof), 1),
            show(percent(read_rate, read_roof), 1), show_free(row, roof)])
    print_table(head, lines)


def print_thread_count(threads, part):
    """The roof, models and layers of one thread count."""
    print(f"== {threads} thread{'s' if threads > 1 else ''}")
    print()
    roof, rates = multiply_add_roof(part), part["roof"]
    if rates:
        print_table(["roof", *rates], [["", *(f"{value:.1f}" for value in rates.values())]])
    print(f"100 % of the roof: {roof:.1f} GFLOP/s")
    print()
    if part["models"]:
        print_models(part["models"], roof)
    if part["layers"]:
        print_layers(part["layers"], roof)
    rows = [*part["models"], *part["layers"]]
    for row in rows:
        if row.get("operations_source") == "stated" and row["operations"]:
            print(f"{row['name']}: operations as the test data states them, not counted")
            print()
    busy = sum(is_busy(row, roof) for row in rows)
    if busy:
        print(f"{busy} of {len(rows)} rows were measured on a busy machine (free below {LEAST_FREE:.0%}): no ratio,"
              " and their times mean little")
        print()
    return busy


def print_circumstances(result):
    """Machine, versions, load."""
    facts, versions = result["machine"], {}
    for part in result["threads"].values():
        for row in [*part["models"], *part["layers"]]:
            for label, contender in row["contenders"].items():
                if contender.get("version"):
                    versions.setdefault(label.split("_")[0], contender["version"])
    print(f"CPU       {facts['cpu']}, {facts['cores']} cores online")
    for label, version in sorted(versions.items()):
        print(f"{label:<9} {version}")
    for when in ("before", "after"):
        loads = " ".join(f"{load:.2f}" for load in result[f"load_{when}"])
        print(f"load {when:<6} {loads}")
    print(f"{result['rounds']} rounds, {result['seconds']} s a turn; operations counted from the shapes of Conv,"
          " ConvTranspose, Gemm and MatMul")
    if result["busy_rows"]:
        print(f"{result['busy_rows']} rows without a ratio: measure again on a free machine")
    print("all ran, all results right" if result["ok"] else "NOT everything ran or was right: see the messages")
