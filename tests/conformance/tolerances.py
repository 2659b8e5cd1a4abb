# SPDX-License-Identifier: Apache-2.0
"""The one source of tolerances: tolerances.tsv of the test data where that is given, else the copy in the tests."""
import fnmatch
import os


def tolerance_file():
    folder = os.environ.get("AICC_TESTDATA")
    given = os.path.join(folder, "tolerances.tsv") if folder else None
    own = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tolerances.tsv")
    return given if given and os.path.exists(given) else own


class Tolerances:
    def __init__(self):
        with open(tolerance_file(), encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file if line.strip()]
        self.rows = [row for row in rows if row[0] != "data"]

    def find(self, data, name):
        """(rtol, atol) as text, of the longest pattern that fits; None where values are not compared."""
        fitting = [row for row in self.rows if row[0] == data and fnmatch.fnmatchcase(name, row[1])]
        best = max(fitting, key=lambda row: len(row[1]))
        return None if best[2] == "-" else (best[2], best[3])
