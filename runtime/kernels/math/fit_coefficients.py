# SPDX-License-Identifier: Apache-2.0
"""Writes coefficients_f32.inc.h and coefficients_f64.inc.h: the polynomials of the math kernels.

Each polynomial interpolates its function at the Chebyshev nodes of its interval (mpmath, 60 digits), with the
smallest degree whose weighted error stays under the target; coefficients are then rounded to the type.
Usage: python3 fit_coefficients.py (in this folder; needs mpmath). The result is kept in the repository.
"""
from mpmath import mp, mpf, matrix, lu_solve, cos, pi, exp, expm1, log, log1p, sqrt, tanh, sinh, asin, atan, asinh
from mpmath import erf, erfc, sin, atanh
import struct

mp.dps = 60


def nearest(value, bits):
    """The float of the given width nearest to value, as a C hexadecimal constant."""
    if bits == 32:
        return float(struct.unpack("f", struct.pack("f", float(value)))[0]).hex()
    return float(value).hex()


def fit(function, low, high, degree):
    low, high = mpf(low), mpf(high)
    count = degree + 1
    nodes = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    system = matrix(count, count)
    right = matrix(count, 1)
    for row, node in enumerate(nodes):
        for column in range(count):
            system[row, column] = node**column
        right[row] = function(node)
    return list(lu_solve(system, right))


def error(function, weight, coefficients, low, high):
    low, high = mpf(low), mpf(high)
    worst = mpf(0)
    for i in range(161):
        x = (low + high) / 2 + (high - low) / 2 * cos(pi * (i + mpf("0.37")) / 161)
        value = sum(c * x**k for k, c in enumerate(coefficients))
        worst = max(worst, abs((value - function(x)) * weight(x)))
    return worst


def even(function):
    """(f(x)/x - 1)/z of an odd function with slope 1, as a function of z = x*x."""
    return lambda z: (function(sqrt(z)) / sqrt(z) - 1) / z


def erfcx_in_t(pole):
    """(a + pole) erfcx(a) as a function of t = (a - pole)/(a + pole)."""

    def scaled(t):
        a = pole * (1 + t) / (1 - t)
        return (a + pole) * exp(a * a) * erfc(a)

    return scaled


def erfcx_slope(pole):
    """The derivative of the above by t, good enough to correct for the rounding of t."""

    def slope(t):
        a = pole * (1 + t) / (1 - t)
        erfcx = exp(a * a) * erfc(a)
        return 2 * pole / (1 - t) ** 2 * (erfcx + (a + pole) * (2 * a * erfcx - 2 / sqrt(pi)))

    return slope


def table(bits):
    """name, function, weight (relative to the whole result), interval, target in bits"""
    p = 24 if bits == 32 else 53
    quarter = (pi / 4 + mpf("0.0005")) ** 2
    rows = [
        ("EXP", lambda r: (expm1(r) - r) / r**2, lambda r: r * r, "-0.3475", "0.347", p + 4),
        ("TANH", even(tanh), lambda z: z, "1e-30", mpf("0.626") ** 2, p + 4),
        ("SINH", even(sinh), lambda z: z, "1e-30", 1, p + 4),
        ("ASIN", even(asin), lambda z: z, "1e-30", "0.25", p + 4),
        ("ATAN", even(atan), lambda z: z, "1e-30", 1, p + 3),
        ("ASINH", even(asinh), lambda z: z, "1e-30", "0.25", p + 4),
        ("SIN", even(sin), lambda z: z, "1e-30", quarter, p + 4),
        ("COS", lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, lambda z: z * z, "1e-12", quarter, p + 4),
        ("ERF", lambda z: erf(sqrt(z)) / sqrt(z) - 1, lambda z: 1, "1e-30", 1, p + 4),
    ]
    if bits == 32:
        pole, last = mpf(2), mpf("10.2")
        rows += [
            ("LOG", lambda f: (log1p(f) - f + f * f / 2) / f**3, lambda f: f * f, "-0.2932", "0.4145", p + 3),
            ("LOG_ERFC", lambda a: log(erfc(a)), lambda a: erfc(a), "0.999", "4.001", p + 2),
            ("ERFCX", erfcx_in_t(pole), lambda t: 1 / erfcx_in_t(pole)(t), "-1", (last - pole) / (last + pole), p + 3),
            ("POW_LOG2", lambda z: 2 * atanh(sqrt(z)) / sqrt(z) / log(2), lambda z: 1, "1e-30", "0.02945", 42),
            ("POW_EXP2", lambda f: mpf(2) ** f, lambda f: 1, "-0.5001", "0.5001", 34),
        ]
    else:
        pole, last = mpf(4), mpf(28)
        rows += [
            ("LOG", lambda z: (2 * atanh(sqrt(z)) / sqrt(z) - 2) / z, lambda z: z / 2, "1e-30", "0.02945", p + 5),
            ("ERFCX", erfcx_in_t(pole), lambda t: 1 / erfcx_in_t(pole)(t), "-1", (last - pole) / (last + pole), p + 4),
            ("ERFCX_SLOPE", erfcx_slope(pole), lambda t: 1 / erfcx_in_t(pole)(t), "-1",
             (last - pole) / (last + pole), 5),
            ("POW_LOG", lambda z: ((2 * atanh(sqrt(z)) / sqrt(z) - 2) / z - mpf(2) / 3) / z, lambda z: z * z / 2,
             "1e-20", "0.02945", 68),
        ]
    return rows


def write(bits):
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        "/* Polynomials of the %d-bit math kernels, written by fit_coefficients.py: do not edit." % bits,
        "   Each is Horner's rule over a variable that must be a plain name; K makes a constant of the lane type. */",
        "/* clang-format off */",
    ]
    for name, function, weight, low, high, target in table(bits):
        wide = name.startswith("POW") and bits == 32
        for degree in range(2, 40):
            coefficients = fit(function, low, high, degree)
            worst = error(function, weight, coefficients, low, high)
            if worst < mpf(2) ** -target:
                break
        print(bits, name, degree, mp.nstr(log(worst, 2), 5), flush=True)
        constant = "KW" if wide else "K"
        texts = [nearest(c, 64 if wide else bits) for c in coefficients]
        last_step = 0
        if name == "ERFCX":  # its last step, constant + x * polynomial, is done in more precision
            lines.append("#define AICC_POLY_ERFCX_CONSTANT_%d %s" % (bits, texts[0]))
            last_step = 1
        lines.append("#define AICC_POLY_%s_%d(x) \\" % (name, bits))
        lines.append("  %s%s(%s) \\" % ("(" * (degree - last_step), constant, texts[-1]))
        for k in range(degree - 1, last_step - 1, -1):
            lines.append("   * (x) + %s(%s))%s" % (constant, texts[k], " \\" if k > last_step else ""))
    lines.append("/* clang-format on */")
    with open("coefficients_f%d.inc.h" % bits, "w") as out:
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    write(32)
    write(64)
