#!/bin/sh
# What the demo prints, checked: accuracy of at least 97 %, no undefined symbols. demo.sh SOURCE_DIR AICC
set -eu
source=$1 aicc=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$aicc" "$source/examples/digits/digits.onnx" -o "$work/digits.o"
cc -std=c11 -O2 -Wall -Wextra -Werror -I"$work" "$source/examples/digits/main.c" "$work/digits.o" -o "$work/digits"
"$work/digits" "$source/examples/digits/test_images.bin" | tee "$work/out"
test -z "$(nm -u "$work/digits.o")"
grep -q 'latency' "$work/out"
accuracy=$(sed -n 's/.*accuracy \([0-9]*\)\.[0-9] %.*/\1/p' "$work/out")
test "$accuracy" -ge 97
