#!/usr/bin/env bash
# Everything that takes long, one after the other: scripts/nightly.sh [FUZZ_SECONDS]     default: 600 a target
#
# CI's stages, each source of the product compiled by itself without precompiled headers, long fuzzing, a thousand
# kills, uploads and commitments of very many, and both commands of README on a bare Debian 12. Prints the time of
# each, and ends with the names of what failed. Needs root, as scripts/bare.sh does.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
timings=() failed=()

long() {
  local name=$1 started=$SECONDS verdict=ok
  shift
  printf '\n======== %s\n' "$name"
  "$@" </dev/null || { verdict=FAILED; failed+=("$name"); }
  timings+=("$(printf '%-10s %6d s  %s' "$name" $((SECONDS - started)) $verdict)")
}

# `./scripts/run.sh` until it says that it is ready, and the seconds that a user waits for it.
# shellcheck disable=SC2016  # the inner shell expands it
until_ready='scripts/dependency.sh build && SECONDS=0 &&
  grep -m 1 -x ready < <(./scripts/run.sh 2>&1 | tee /dev/stderr) &&
  echo "ready $SECONDS s after the packages were there"'

long ci .ci/run
long alone cmake --build build/lint --parallel "$(nproc)" --target pacs  # configured by CI's lint
long fuzz scripts/fuzz.sh "${1:-600}"
long kills env KILLS=1000 tests/interop/run_all tests/recovery/kill_test.py
long many env MANY=1 tests/interop/run_all -k very_many
long bare-test scripts/bare.sh ./scripts/test.sh
long bare-run scripts/bare.sh bash -c "$until_ready"

printf '\n%s\n' "${timings[@]}"
[[ ${#failed[@]} -eq 0 ]] || { echo "failed: ${failed[*]}"; exit 1; }
echo "all passed"
