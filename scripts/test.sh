#!/usr/bin/env bash
# Installs what is missing, builds, and runs all tests; the last lines are ctest's summary. Arguments go to ctest
# (scripts/test.sh -L quick). AICC_TESTDATA=DIR adds the tests that need the large test data.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh
scripts/build.sh
export AICC_VERIFY=1 # the verifiers run after every pass
echo "test: running ctest"
exec ctest --test-dir build --output-on-failure -j "$(nproc)" "$@"
