#!/usr/bin/env bash
# Shows that the tests notice what they should: plants each fault of tests/mutants into a copy of the tree, builds it
# there and runs the tests. One line per fault: KILLED by the test that fails, ALIVE where every quick test passes, or
# SAME where it is marked as changing nothing, and does pass. Exits 0 only when none is ALIVE and all apply and build.
#   scripts/mutants.sh [PATTERN...]      shell patterns of names: 'passes-*', tools-compare-nothing
set -uo pipefail
cd "$(dirname "$0")/.."
export AICC_VERIFY=1 # as scripts/test.sh
top=$PWD
jobs=${JOBS:-$(nproc)}
seconds=${TIMEOUT:-120} # of one test
[ $# -gt 0 ] || set -- '*'

mutants=()
for patch in tests/mutants/*.patch; do
  name=$(basename "$patch" .patch)
  for pattern in "$@"; do
    # shellcheck disable=SC2053
    if [[ $name == $pattern ]]; then mutants+=("$name") && break; fi
  done
done
[ ${#mutants[@]} -gt 0 ] || { echo "mutants: no patch in tests/mutants is called $*"; exit 2; }

say() { printf '%-8s %-36s %s\n' "$@"; }
head_of() { sed -n "/^--- /q; s/^$2: //p" "tests/mutants/$1.patch"; }
build() { cmake --build "$copy/build" -j "$jobs" > "$copy.log" 2>&1; }

# try ARGUMENT...: runs tests of the copy until one fails; names it in `failed`, empty where all pass.
try() {
  ctest --test-dir "$copy/build" -j "$jobs" --stop-on-failure --timeout "$seconds" --no-tests=error "$@" > "$copy.log" 2>&1
  local code=$?
  failed=$(sed -n '/^The following tests FAILED:/,$ s/^[[:space:]]*[0-9]* - \([^ ]*\) (.*/\1/p' "$copy.log" | head -n 1)
  if [ $code -ne 0 ] && [ -z "$failed" ]; then failed="ctest: no test is called so"; fi
}

# git would take the copy for a part of this repository.
apply() { (cd "$copy" && GIT_CEILING_DIRECTORIES=$top/build git apply "$@") > "$copy.log" 2>&1; }

mkdir -p build
copy=$(mktemp -d "$top/build/mutants.XXXXXX") || exit 2
trap 'rm -rf "$copy" "$copy.log"' EXIT
begin=$SECONDS
git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - 2> /dev/null | tar -x -C "$copy"
"$copy/scripts/build.sh" > "$copy.log" 2>&1 || { tail -n 20 "$copy.log"; exit 2; }
# A fault may loop for ever; ctest's own --timeout is only for tests that say nothing.
find "$copy/build" -name CTestTestfile.cmake -exec sed -i -E "s/TIMEOUT \"[0-9]{3,}\"/TIMEOUT \"$seconds\"/g" {} +

# What fails without a fault shows nothing. The tests of all heads where not everything is asked for.
expected=$(for name in "${mutants[@]}"; do head_of "$name" tests; done | tr ' ' '\n' | sort -u | paste -s -d '|')
if [ "$*" = '*' ]; then try -L quick; else try -R "$expected"; fi
[ -z "$failed" ] || { echo "mutants: $failed fails without any fault"; exit 2; }

alive=0 broken=0 killed=0 same=0
for name in "${mutants[@]}"; do
  patch=$top/tests/mutants/$name.patch
  tests=$(head_of "$name" tests) reason=$(head_of "$name" same)
  start=$SECONDS
  if [ -z "$tests" ] || ! apply "$patch"; then
    say BROKEN "$name" "does not apply, or has no line 'tests:'"
    broken=$((broken + 1))
    continue
  fi
  if ! build; then
    say BROKEN "$name" "does not build: $(grep -m 1 -E 'error|FAILED' "$copy.log")"
    broken=$((broken + 1))
  else
    failed=
    for regex in $tests; do [ -n "$failed" ] || try -R "$regex"; done
    [ -n "$failed" ] || try -L quick
    if [ -z "$failed" ] && [ -n "$reason" ]; then
      say SAME "$name" "$reason"
      same=$((same + 1))
    elif [ -z "$failed" ]; then
      say ALIVE "$name" "$(sed -n 1p "$patch")"
      alive=$((alive + 1))
    elif [[ $failed == ctest:* ]]; then
      say BROKEN "$name" "$failed"
      broken=$((broken + 1))
    elif [ -n "$reason" ]; then
      say BROKEN "$name" "is said to change nothing, but $failed fails"
      broken=$((broken + 1))
    else
      say KILLED "$name" "by $failed ($((SECONDS - start)) s)"
      killed=$((killed + 1))
    fi
  fi
  apply -R "$patch" || { echo "mutants: $name cannot be taken back"; exit 2; }
done
echo "mutants: $killed killed, $same change nothing, $alive alive, $broken broken, in $((SECONDS - begin)) s"
[ $((alive + broken)) -eq 0 ]
