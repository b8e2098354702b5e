#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: unit, interoperability, hostile input, recovery.
# Ends with "tests: N passed, N failed"; exits 1 when one failed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh build test
scripts/build.sh release

log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
code=0
echo "== unit tests"
ctest --test-dir build --parallel "$(nproc)" --output-on-failure --no-tests=error |
  tee "$log/unit" | grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test .* Passed)|^$' || code=1
echo "== interoperability, operation, hostile input and recovery"
tests/interop/run_all | tee "$log/interop" || code=1

read -r unit_failed unit_total < <(
  sed -n 's/.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' "$log/unit") || code=1
read -r interop_passed interop_failed < <(
  sed -n 's/^interop: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log/interop") || code=1
passed=$((${unit_total:-0} - ${unit_failed:-0} + ${interop_passed:-0}))
failed=$((${unit_failed:-0} + ${interop_failed:-0}))
((code == 0 || failed > 0)) || failed=1
echo "tests: $passed passed, $failed failed"
exit "$code"
