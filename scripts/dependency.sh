#!/usr/bin/env bash
# Installs the Debian 12 packages the project needs, by name, and nothing else.
#
#   scripts/dependency.sh [build] [viewer] [test] [bench] [ci]     default: build
#
# viewer is what people look at images with in a browser (scripts/viewer.sh); the server runs without it.
# Idempotent: when everything is there it asks dpkg once and changes nothing. No package starts a
# service, now or at the next boot.
set -euo pipefail

build=(
  build-essential cmake ninja-build pkg-config ccache mold git
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  libexpected-dev libfmt-dev libspdlog-dev prometheus-cpp-dev libcurl4-openssl-dev
  libcli11-dev libtomlplusplus-dev libssl-dev libmimalloc-dev
  libsqlite3-dev libsqlitecpp-dev libzstd-dev libxxhash-dev
  zlib1g-dev libdeflate-dev libicu-dev libpugixml-dev
  libjpeg62-turbo-dev libcharls-dev libopenjp2-7-dev libopenjph-dev libjxl-dev libpng-dev
  libgtest-dev libgmock-dev
)
# The peers of the interoperability tests, and what the tests are written with.
test=(dcmtk orthanc orthanc-dicomweb dicom3tools openssl curl python3 python3-pydicom python3-numpy python3-jsonschema
      libgdcm-tools libopenjp2-tools libjxl-tools libjpeg-turbo-progs chromium fonts-nanum haproxy nghttp2-client)
# Debian's Node.js where there is none: one from elsewhere brings an npm that excludes Debian's.
viewer=()
command -v npm >/dev/null || { test+=(nodejs npm); viewer+=(nodejs npm); }
bench=(libbenchmark-dev libdcmtk-dev libgdcm-dev orthanc-dicomweb wrk)
# The checks; the headers for our plugin of clang-tidy; what scripts/bare.sh makes a root with.
ci=(clang clang-tidy clang-format llvm libclang-rt-14-dev libclang-14-dev llvm-14-dev python3 debootstrap util-linux)

declare -A groups=([build]="${build[*]}" [test]="${test[*]}" [bench]="${bench[*]}" [ci]="${ci[*]}"
                   [viewer]="${viewer[*]}")
wanted=()
groups_wanted=("${@:-build}")
for group in "${groups_wanted[@]}"; do
  [[ -v groups[$group] ]] || { echo "unknown group '$group': build, viewer, test, bench or ci" >&2; exit 2; }
  read -ra names <<<"${groups[$group]}"
  wanted+=("${names[@]}")
done

installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
            sed -n 's/^installed //p' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
# What comes from npm: the viewer; for the tests the modality, the codecs that viewers run in browsers,
# the clients of DICOMweb, and what drives Chromium over our pages.
from_npm() {
  local here name folder
  here=$(dirname "${BASH_SOURCE[0]}")
  if [[ " ${groups_wanted[*]} " == *" viewer "* ]]; then
    "$here"/viewer.sh || echo "note: the viewer could not be fetched; the server runs without it" >&2
  fi
  [[ " ${groups_wanted[*]} " == *" test "* ]] || return 0
  for name in modality browser_codecs node pages; do
    folder=$here/../tests/interop/$name
    [[ $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ]] && continue
    echo "Installing the npm packages of tests/interop/$name"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
  done
}

if [[ ${#missing[@]} -eq 0 ]]; then
  from_npm
  exit 0
fi

echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || {
    echo "This needs root and there is no sudo here. As root, run:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi

# Debian asks this file before a package starts its service; 101 means no.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
  "${as_root[@]}" chmod 755 $policy
  trap '"${as_root[@]}" rm -f $policy' EXIT
fi
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -qq -o Dpkg::Use-Pty=0 \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}
# The package lists of a new machine are empty or old; fetch them only then.
apt install --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || {
  apt update
  apt install --no-install-recommends "${missing[@]}" >/dev/null
}
if [[ " ${missing[*]} " == *" orthanc "* ]] && command -v systemctl >/dev/null; then
  "${as_root[@]}" systemctl disable --quiet orthanc 2>/dev/null || echo "note: orthanc could not be disabled"
fi
from_npm
