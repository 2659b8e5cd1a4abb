#!/usr/bin/env bash
# One line per point: those of the thin slice and of the hot core by number, then C (nothing assumed, nothing unchecked)
# and D (kernel groups and transformers):
# PASS, FAIL or NOT YET. A point passes when the tests that show it pass; exits 0 only when every point does. Runs on a
# clean clone (installs and builds what is missing); AICC_TESTDATA names the large test data where they are.
#   scripts/acceptance.sh          all points
#   scripts/acceptance.sh 7 C.1    those points
set -uo pipefail
cd "$(dirname "$0")/.."
logs=build/acceptance
failed=0

say() { printf '%-8s %4s. %s\n' "$1" "$2" "$3"; }

# point NUMBER TEXT REGEX: the ctest tests whose names match. No match is NOT YET.
point() {
  local number=$1 text=$2 regex=$3
  if [ ${#wanted[@]} -gt 0 ] && [[ ! " ${wanted[*]} " == *" $number "* ]]; then return; fi
  local count
  count=$(ctest --test-dir build -N -R "$regex" 2> /dev/null | sed -n 's/^Total Tests: //p')
  if [ "${count:-0}" -eq 0 ]; then
    say "NOT YET" "$number" "$text (no test)"
    failed=1
  elif ctest --test-dir build -j "$(nproc)" --output-on-failure -R "$regex" > "$logs/$number.log" 2>&1 &&
    ${also[$number]:-true} >> "$logs/$number.log" 2>&1; then
    if [ -n "${missing[$number]:-}" ]; then
      say "NOT YET" "$number" "$text: ${missing[$number]}"
      failed=1
    else
      say PASS "$number" "$text ($count tests)"
    fi
  else
    say FAIL "$number" "$text (see $logs/$number.log)"
    failed=1
  fi
}

# What is known to be missing of a point whose tests pass; a point is done when its line here is gone.
declare -A missing
# What shows a point beside its tests, where that takes root or minutes.
declare -A also
also[10]="scripts/bare-system.sh"
also[12]="ctest --test-dir build -C acceptance --output-on-failure -R ^cross.*_resnet18"
also[16]="ctest --test-dir build -C acceptance --output-on-failure -R ^math_sweep"

also[C.1]="ctest --test-dir build -C acceptance --output-on-failure -R ^conformance[.]contradictions_all"
models_agree() { ctest --test-dir build -C acceptance -L acceptance --output-on-failure -R '^conformance[.]model_' && bench/run.sh agree; }
also[D.7]="models_agree"
also[D.1]="ctest --test-dir build -C acceptance --output-on-failure -R ^opt[.]random_graphs_many"
also[D.6]="ctest --test-dir build -C acceptance --output-on-failure -R ^opt[.]many_nodes_30000"
also[C.14]="ctest --test-dir build -C acceptance --output-on-failure -R ^mutants"

wanted=("$@")
export AICC_VERIFY=1
scripts/install-deps.sh > /dev/null || exit 1
scripts/build.sh > build.log 2>&1 || { tail -n 20 build.log; exit 1; }
mkdir -p "$logs" && mv build.log "$logs/build.log"

point 1 "Frontend: any valid ONNX structure, all faults in one run, weights by reference" '^(onnx-|control[.])'
point 2 "Tensor graph: printer, parser, verifier, passes printed, stopped after, resumed" '^(ir[._-]|opt[.])'
point 3 "Operators defined once, whole elementwise and Reduce families, all opsets" '^(conformance|docs)[.-]'
point 4 "Passes: memory within 10 % of the lower bound, fusion, folding" '^(memory|opt)[.]'
point 5 "Loop program: printer, parser, verifier, interpreter as oracle" '^(loop_|codegen)'
point 6 "Code for x86-64 v2, v3, v4 in one object, kernels against the oracle" '^(codegen|math)[._-]'
point 7 "Output contract and numeric rules" '^(contract|numeric)[.-]'
point 8 "Tools: aicc, aicc-run, aicc-opt" '^(host[.]|opt[.]|contract[.]command)'
point 9 "Bad input: one clear message, bounded, fuzzed" '^(onnx-bad-input|fuzz|codegen[.]fatal_error)'
point 10 "The two commands: demo and tests, in a bare system without .git too" '^demo'
point 11 "Docs and generated reference" '^docs[.-]'
# The hot core. What it is measured by, bench/run.sh, is not asked here: no test asserts a time.
point 12 "AArch64: the contract, numbers and whole models on an emulator" '^cross[.]'
point 13 "Register tiles for every product; contractions of random and extreme shapes at each level, against the interpreter" '^codegen[.](random_shapes|edge_shapes|products|oracle)'
point 14 "Layouts: goldens, random graphs against numpy, networks without transposes inside" '^opt[.](golden_layout|random_layouts|transposes)'
point 15 "Fusion: epilogues, scales into weights, padding into bounds, concatenation in place, siblings merged" '^opt[.](golden_(lower|sink-maps|fold-.*|lift-repeats|merge-siblings|schedule)|random_layouts|kernel_counts)'
point 16 "Vector math over its whole range" '^math'
point 17 "Same bits for any worker count" '^contract[.](threads|same_bits)'
# C. Nothing assumed, nothing unchecked.
point C.1 "What operators demand of dims, the run checks: every operator, every dim made to contradict" '^conformance[.](contradictions|symbolic|faults)$'
point C.2 "Valid models with dims that only the run knows compile and are right" '^(conformance[.](contradictions|symbolic|faults)|contract[.](nested|declared_shape)|onnx-import)$'
point C.3 "Every operator of constants alone folds, to what the run computes; internal errors end with 70" '^(conformance[.](constants|faults)|contract[.]exit_code)$'
point C.4 "A constant extent beside a symbolic one" '^conformance[.](contradictions|symbolic|faults)$'
point C.5 "No undefined symbol: every scalar function, element type, level and target" '^codegen[.](scalar_symbols|object_check)$'
point C.6 "Elements of every type through every operator that lists any" '^conformance[.]elements$'
point C.7 "Casts round also where they are fused" '^numeric[.](fused_casts|casts)$'
point C.8 "Attributes take part in the specification's type" '^numeric[.]attributes$'
point C.9 "A declared shape of a result that contradicts the computed one is a warning" '^contract[.](declared_shape|exit_code)$'
point C.10 "Sizes beyond what a program can address are refused" '^conformance[.](symbolic|faults)$'
point C.11 "Slices backwards, output_shape beyond the full extent" '^conformance[.](symbolic|faults|old_forms)$'
point C.12 "Names in headers" '^contract[.](reserved_names|macro_names|header_names|least_workspace)$'
point C.13 "The command line" '^contract[.](output_files|streams|dependencies|options|signals)$'
point C.14 "Planted faults do not live; random graphs whose dims differ at run time" '^opt[.]random'
# D. Kernel groups and transformers.
point D.1 "The gate: what verifies is lowered right or refused; random graphs of all primitives against another evaluator" '^(opt[.]random_graphs|ir_(files|verify)|loop_verify)$'
point D.2 "Groups: normalisations, softmax and attention as one kernel each, scores in blocks of rows; decoders do not copy their cache" '^(codegen[.]locals|opt[.](kernel_counts|golden_group|golden_lower|golden_schedule|random_graphs)|memory[.]bound|conformance[.]model_(bert_tiny|llama_tiny_with_past).*)$'
point D.3 "Indices: Gather, GatherElements, GatherND; out of range a status, never a wild access" '^(numeric[.]indices|loop_(verify|interpret|text)|opt[.]golden_lower)$'
point D.4 "One place for how a contraction is done: machines, costs, plans, orders of storage; one driver of rewrites" '^(opt[.](one_place|golden_(simplify|fold-.*|lift-repeats|schedule|lower))|codegen[.]orders|ir_storage_order|loop_verify)$'
point D.5 "Operators of transformers and of what surrounds them, whole families at all opsets" '^(conformance[.](suite|old_forms|symbolic|elements)|docs[.]operators)'
point D.6 "Clean-ups: limits, visitors of dims, boundary modes and ranges gone; 30,000 nodes in 10 s" '^(ir_(files|verify|text|dim)|loop_(verify|text)|opt[.](many_nodes|golden_rebase)|codegen[.]no_circles)$'
point D.7 "The models of the issue are right, at two sets of sizes where they have symbolic dims" '^conformance[.]model_(bert_tiny|llama_tiny_with_past).*$'
exit $failed
