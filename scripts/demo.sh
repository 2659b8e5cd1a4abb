#!/usr/bin/env bash
# From a fresh Debian 12 to a running object: installs what is missing, builds aicc, compiles a network that
# recognises handwritten digits, links it into a C program and classifies images it has never seen.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh
scripts/build.sh
out=build/demo
mkdir -p "$out"
echo "demo: aicc examples/digits/digits.onnx -o $out/digits.o"
build/bin/aicc examples/digits/digits.onnx -o "$out/digits.o"
echo "demo: cc -O2 -I$out examples/digits/main.c $out/digits.o -o $out/digits"
cc -std=c11 -O2 -Wall -Wextra -I"$out" examples/digits/main.c "$out/digits.o" -o "$out/digits"
"$out/digits" examples/digits/test_images.bin
echo "object size $(stat -c %s "$out/digits.o") bytes"
echo "undefined symbols of the object (nm -u):"
nm -u "$out/digits.o"
echo "(end of list)"
