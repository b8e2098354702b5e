#!/usr/bin/env bash
# Configures and builds: scripts/build.sh [PRESET] [TARGET...]   (release into build/, others into build/PRESET)
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
shift || true
folder=build
[[ $preset == release ]] || folder=build/$preset

# A file with Asio and Beast takes up to 1.5 GB to compile: no more jobs than memory carries.
jobs=$(nproc)
memory_kib=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
by_memory=$((memory_kib / 1536 / 1024))
((by_memory < jobs)) && jobs=$((by_memory > 0 ? by_memory : 1))

cmake --preset "$preset" --log-level=WARNING
arguments=(--build "$folder" --parallel "$jobs")
[[ $# -gt 0 ]] && arguments+=(--target "$@")
cmake "${arguments[@]}"
