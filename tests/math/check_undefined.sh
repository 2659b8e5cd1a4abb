#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the math kernels to bitcode as the build does, then to objects of every x86-64 level, and fails when an
# object asks for any symbol. Usage: check_undefined.sh CLANG SOURCE_DIRECTORY WORK_DIRECTORY
set -eu
clang=$1 source=$2 work=$3
tools=$(dirname "$(readlink -f "$(command -v "$clang")")")
mkdir -p "$work"
"$clang" --target=x86_64-unknown-linux-gnu -std=c17 -O2 -ffreestanding -fPIC -fno-stack-protector -fno-vectorize \
  -fno-slp-vectorize -fno-unroll-loops -ffp-contract=on -fno-math-errno -Wno-psabi -S -emit-llvm \
  "$source/math.c" -o "$work/math.ll"
# The CPU recorded by clang would win over -mcpu; the compiler drops it in the same way.
sed -e 's/"target-cpu"="[^"]*"//g; s/"target-features"="[^"]*"//g; s/"tune-cpu"="[^"]*"//g' "$work/math.ll" \
  >"$work/math_any.ll"
for level in x86-64-v2 x86-64-v3 x86-64-v4; do
  "$tools/llc" -mcpu=$level -relocation-model=pic -filetype=obj "$work/math_any.ll" -o "$work/math_$level.o"
  undefined=$("$tools/llvm-nm" -u "$work/math_$level.o")
  if [ -n "$undefined" ]; then
    echo "$level: undefined symbols: $undefined" >&2
    exit 1
  fi
  "$tools/llvm-nm" "$work/math_$level.o" | grep -q ' T aicc_math_exp_f32x16$'
done
