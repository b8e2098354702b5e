#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: unit, interoperability, hostile input, recovery.
# Ends with "tests: N passed, N failed"; exits 1 when one failed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh build viewer test
SECONDS=0
scripts/build.sh release
echo "== built in $SECONDS s"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
echo "== unit tests"
tests/run_unit | tee "$log" || code=1
echo "== interoperability, operation, hostile input and recovery"
tests/interop/run_all | tee -a "$log" || code=1

read -r passed failed < <(
  sed -nE 's/^(unit|interop): ([0-9]+) passed, ([0-9]+) failed.*/\2 \3/p' "$log" |
    awk '{ passed += $1; failed += $2 } END { print passed + 0, failed + 0 }')
# A part that ended without counts has failed as well.
((code == 0 || failed > 0)) || failed=1
echo "== $((SECONDS / 60)) min $((SECONDS % 60)) s since the packages were there"
echo "tests: $passed passed, $failed failed"
exit "$code"
