#!/usr/bin/env bash
# Measures pacs beside DCMTK and Orthanc on the same work in the same run; see bench/peers/compare.py:
#
#   scripts/bench.sh [--runs N] [--lines ct1,mr4,...] [--servers pacs,storescp,...] [--json FILE]
#
# Works in build/bench-work ($BENCH_FOLDER), which must lie on a real disk with 15 GB free.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh build viewer test bench
scripts/build.sh release pacs
scripts/build.sh bench
exec /usr/bin/python3 bench/peers/compare.py "$@"
