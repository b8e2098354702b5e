#!/usr/bin/env bash
# Runs clang-tidy over the product's sources, warnings as errors: scripts/lint.sh [FILE...]
#
# What passed is remembered in .cache/clang-tidy by the content of the file, of our headers and of
# .clang-tidy, so that a second run looks only at what changed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh build ci
cmake --preset clang --log-level=WARNING >/dev/null

files=("$@")
if [[ ${#files[@]} -eq 0 ]]; then
  mapfile -t files < <(git ls-files 'core/*.cpp' 'encoding/*.cpp' 'network/*.cpp' 'storage/*.cpp' \
                                    'services/*.cpp' 'integration/*.cpp' 'web/*.cpp' 'apps/*.cpp')
fi
mkdir -p .cache/clang-tidy
headers=$(git ls-files -z '*.h' '*.inc' | xargs -0 sha256sum | cat - .clang-tidy | sha256sum)
export headers

one() {
  local key passed output
  key=$( (echo "$headers $1"; cat "$1") | sha256sum | cut -c1-32)
  passed=.cache/clang-tidy/$key
  [[ -e $passed ]] && return 0
  # The compile commands name ccache first; clang-tidy takes the compiler behind it.
  if output=$(clang-tidy-14 --quiet -p build/clang "$1" 2>&1); then
    : >"$passed"
  else
    grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter|^$' <<<"$output"
    return 1
  fi
}
export -f one
printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c 'one "$1"' _ {} || {
  echo "lint: clang-tidy has something to say" >&2
  exit 1
}
echo "lint: ${#files[@]} files clean"
