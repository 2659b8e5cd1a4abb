#!/bin/sh
# Every kernel of every model that aicc compiles, against the interpreter. oracle.sh KERNEL_ORACLE FOLDER...
set -eu
oracle=$1
shift
[ -d "$1" ] || { echo "SKIPPED: no folder $1"; exit 77; }
find "$@" -name '*.onnx' | sort | xargs -n 40 -P 2 "$oracle" > "${TMPDIR:-/tmp}/oracle.$$" || failed=1
grep -v '^ok ' "${TMPDIR:-/tmp}/oracle.$$" | sort | uniq -c | sort -rn | head -40
rm -f "${TMPDIR:-/tmp}/oracle.$$"
exit ${failed:-0}
