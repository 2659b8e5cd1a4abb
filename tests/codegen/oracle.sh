#!/bin/sh
# Every kernel of every model that aicc compiles, against the interpreter. oracle.sh KERNEL_ORACLE FOLDER...
set -eu
oracle=$1
shift
[ -d "$1" ] || { echo "SKIPPED: no folder $1"; exit 77; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT
failed=0
find "$@" -name '*.onnx' | sort | xargs -n 40 -P 2 "$oracle" > "$out" || failed=1
grep '^FAILED' "$out" || true
grep '^SKIPPED' "$out" | sort -u || true
models=$(grep -c '^ok ' "$out" || true)
echo "$models models agree with the interpreter"
[ "$failed" -eq 0 ] && [ "$models" -gt 100 ]
