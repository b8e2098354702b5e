#!/usr/bin/env bash
# Formats all C++ with clang-format 14: scripts/format.sh [--check]   (--check changes nothing and fails on a difference)
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh ci
mode=(-i)
[[ ${1:-} == --check ]] && mode=(--dry-run --Werror)
git ls-files -z '*.cpp' '*.h' | xargs -0 -r -n 16 -P "$(nproc)" clang-format-14 "${mode[@]}"
