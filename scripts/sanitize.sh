#!/usr/bin/env bash
# Runs the tests under sanitizers: scripts/sanitize.sh [address] [thread]     default: both
#
# address: all unit tests and the hostile-input tests, with AddressSanitizer and UBSan.
# thread:  the unit tests of network, storage and services, with ThreadSanitizer.
# What only large numbers show runs without sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh build test ci
kinds=("$@")
[[ ${#kinds[@]} -gt 0 ]] || kinds=(address thread)
# ThreadSanitizer needs the addresses of a kernel without wide randomisation.
plain=(setarch "$(uname -m)" --addr-no-randomize)
"${plain[@]}" true 2>/dev/null || plain=()
large='*HundredThousand*:*SixtyFiveThousand*:*OfVeryMany*:QueryPlanTest.*'

for kind in "${kinds[@]}"; do
  case $kind in
    address)
      scripts/build.sh asan
      UBSAN_OPTIONS=print_stacktrace=1 GTEST_FILTER="-$large" tests/run_unit build/asan
      PACS=build/asan/pacs TEST_SECONDS=300 tests/interop/run_all tests/interop/test_hostile.py
      ;;
    thread)
      scripts/build.sh tsan test_network test_storage test_services
      # What has one thread only takes long and finds nothing here.
      TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 \
        GTEST_FILTER="-Seeds/*:MppsCheck.*:Wildcard.*:$large" \
        "${plain[@]}" tests/run_unit build/tsan test_storage test_network test_services
      ;;
    *) echo "unknown sanitizer '$kind': address or thread" >&2; exit 2 ;;
  esac
done
