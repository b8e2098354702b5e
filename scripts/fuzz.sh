#!/usr/bin/env bash
# Fuzzes each libFuzzer target with its seed corpus, as many at once as there are cores:
#
#   scripts/fuzz.sh [SECONDS] [TARGET...]        default: 60 seconds, every target of tests/fuzz
#
# With 0 seconds each target of the build for tests (asan) only replays its seeds, which takes a moment; CI does
# that. Longer runs have a build of their own (fuzz), which is optimised. New inputs go to corpus/TARGET below the
# build, a failing input to failed/; its path is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh build ci
seconds=${1:-60}
shift || true
preset=fuzz
((seconds > 0)) || preset=asan
scripts/build.sh "$preset"
export build=build/$preset
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  mapfile -t targets < <(find "$build" -maxdepth 1 -type f -executable -name 'fuzz_*' -printf '%f\n' | sort)
fi
[[ ${#targets[@]} -gt 0 ]] || { echo "no fuzz target was built" >&2; exit 1; }

one() {
  local target=$1 seconds=$2 seeds=tests/fuzz/corpus/$1 found=$build/corpus/$1
  local folders=() until=(-runs=0)
  mkdir -p "$found" "$build/failed"
  ((seconds == 0)) || { folders=("$found"); until=(-max_total_time="$seconds"); }
  [[ -d $seeds ]] && folders+=("$seeds")
  # Whatever the input: below 2 GB of memory, at most 10 s, no leak.
  if "$build/$target" "${until[@]}" -timeout=10 -rss_limit_mb=2048 \
      -artifact_prefix="$build/failed/$target-" -print_final_stats=1 "${folders[@]}" \
      >"$build/$target.log" 2>&1; then
    echo "ok    $target: $(sed -n 's/^stat::number_of_executed_units: //p' "$build/$target.log") inputs"
  else
    echo "FAIL  $target:"
    tail -n 40 "$build/$target.log"
    return 1
  fi
}
export -f one
code=0
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'one "$1" "$2"' _ {} "$seconds" || code=1
exit $code
