#!/usr/bin/env bash
# Installs what is missing, builds, and starts the server: scripts/run.sh [pacs serve ARGUMENTS]
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh build viewer
scripts/build.sh release pacs
exec build/pacs serve "$@"
