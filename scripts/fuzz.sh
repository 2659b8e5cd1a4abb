#!/usr/bin/env bash
# Builds the fuzz targets with ASan and UBSan into build/fuzz and runs each for so many seconds (default 600).
#   scripts/fuzz.sh [SECONDS] [TARGET...]      targets: onnx, ir, loop, passes
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-600}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(onnx ir loop passes)
out=build/fuzz
generated=build/frontends/onnx/generated
[ -f "$generated/onnx.pb-c.c" ] || { echo "fuzz: build first (scripts/build.sh)"; exit 1; }
mkdir -p "$out/objects"
flags=(-std=c17 -D_GNU_SOURCE -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link
  -fno-sanitize-recover=undefined -DAICC_MATH_SCALAR_ONLY -ffp-contract=off -Wno-everything
  -I. -Icompiler -Iruntime/kernels -Iruntime/include -Ifrontends/onnx -I"$generated")
export out
compile() {
  local source=$1 object
  shift
  object=$out/objects/$(echo "$source" | tr / _).o
  if [ ! -f "$object" ] || [ "$source" -nt "$object" ]; then clang-19 "$@" -c "$source" -o "$object"; fi
}
export -f compile
# Headers are not tracked: a change of any source starts over.
stamp=$(cat compiler/*/*.[ch] compiler/ir/*.def passes/* frontends/onnx/*.[ch] runtime/kernels/math/* tests/fuzz/* | sha256sum)
if [ "$stamp" != "$(cat "$out/stamp" 2> /dev/null)" ]; then rm -f "$out"/objects/*; fi
ls compiler/base/*.c compiler/ir/*.c compiler/loop/*.c compiler/ops/*.c passes/*.c frontends/onnx/*.c \
  runtime/kernels/math/math.c "$generated/onnx.pb-c.c" |
  xargs -P "$(nproc)" -I{} bash -c 'compile "$@"' _ {} "${flags[@]}"
echo "$stamp" > "$out/stamp"
status=0
for target in "${targets[@]}"; do
  clang-19 "${flags[@]}" -fsanitize=fuzzer "tests/fuzz/fuzz_$target.c" "$out"/objects/*.o -lprotobuf-c -lm \
    -o "$out/fuzz_$target"
  mkdir -p "$out/corpus_$target"
  case $target in
    onnx) cp -n examples/digits/digits.onnx "$out/corpus_onnx/" ;;
    ir) cp -n tests/ir/*.aicc-ir "$out/corpus_ir/" ;;
    passes) # the inputs of the golden tests
      for file in tests/passes/*.golden; do
        awk -v "to=$out/corpus_passes/$(basename "$file" .golden)" \
          '/^\/\/\/\/ gives/ { on = 0; next } /^\/\/\/\/ / { on = 1; n++; next } on { print > (to "-" n) }' "$file"
      done ;;
    loop) build/bin/aicc examples/digits/digits.onnx --stop-after=plan-memory -o "$out/corpus_loop/digits" ;;
  esac
  echo "fuzz: $target for $seconds s"
  "$out/fuzz_$target" -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="$out/" "$out/corpus_$target" > "$out/$target.log" 2>&1 || { tail -n 30 "$out/$target.log"; status=1; }
  grep 'number_of_executed_units' "$out/$target.log" || status=1
done
exit $status
