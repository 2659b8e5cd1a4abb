#!/usr/bin/env bash
# Every f32 through every function of one operand, and many random arguments through the rest: test_math --full, a
# process per function, as many at a time as there are CPUs. Takes the first program that this machine can run.
#   sweep.sh PROGRAM...     test_math programs, the widest level first
set -uo pipefail
for program in "$@"; do
  if functions=$("$program" --list); then
    echo "$program"
    xargs -P "$(nproc)" -n 1 "$program" --full <<< "$functions"
    exit
  fi
done
echo "skipped: this machine can run none of the programs"
exit 77
