#!/usr/bin/env bash
# Runs clang-tidy over the product's sources, warnings as errors: scripts/lint.sh [FILE...]
#
# What passed is remembered in .cache/clang-tidy by the content of the file and of each header of ours that it
# includes, of .clang-tidy and of the build's flags, so that a second run looks only at what changed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh build ci
# No precompiled header: each file has to include what it uses.
cmake --preset clang -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON --log-level=WARNING >/dev/null
plugin=.cache/clang-tidy/own_declarations.so
mkdir -p .cache/clang-tidy
[[ $plugin -nt scripts/own_declarations.cpp ]] ||
  clang++-14 -std=c++17 -O1 -fno-rtti -fPIC -shared -isystem /usr/lib/llvm-14/include \
    scripts/own_declarations.cpp -o "$plugin"
export plugin

files=("$@")
if [[ ${#files[@]} -eq 0 ]]; then
  # The largest first, so that none of them is alone at the end.
  mapfile -t files < <(git ls-files 'core/*.cpp' 'encoding/*.cpp' 'network/*.cpp' 'storage/*.cpp' \
                                    'services/*.cpp' 'integration/*.cpp' 'web/*.cpp' 'apps/*.cpp' | xargs ls -S)
fi

# A line `KEY FILE` for each: the hash of the file and of what it includes of ours, whatever the conditions.
keys() {
  /usr/bin/python3 - "$@" <<'PYTHON'
import functools, glob, hashlib, pathlib, re, sys

INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)

@functools.cache
def read(path):
    return path.read_bytes()

@functools.cache
def includes(path):
    named = [name.decode() for name in INCLUDE.findall(read(path))]
    found = [next((p for p in (pathlib.Path(name), path.parent / name) if p.exists()), None) for name in named]
    return [p for p in found if p]

def closure(path):
    seen, open_ = {path}, [path]
    while open_:
        new = set(includes(open_.pop())) - seen
        seen |= new
        open_ += new
    return sorted(seen)

everywhere = [".clang-tidy", "scripts/own_declarations.cpp", "CMakeLists.txt", "CMakePresets.json",
              *sorted(glob.glob("cmake/*.cmake"))]
for name in sys.argv[1:]:
    key = hashlib.sha256()
    for path in [*map(pathlib.Path, everywhere), *closure(pathlib.Path(name))]:
        key.update(f"{path}\0".encode() + hashlib.sha256(read(path)).digest())
    print(key.hexdigest()[:32], name)
PYTHON
}

one() {
  local passed=.cache/clang-tidy/$1 output
  [[ -e $passed ]] && return 0
  # The compile commands name ccache first; clang-tidy takes the compiler behind it.
  if output=$(clang-tidy-14 --quiet --load "$plugin" --checks=pacs-own-declarations -p build/lint "$2" 2>&1); then
    : >"$passed"
  else
    grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter|^$' <<<"$output"
    return 1
  fi
}
export -f one
keys "${files[@]}" | xargs -P "$(nproc)" -L 1 bash -c 'one "$1" "$2"' _ || {
  echo "lint: clang-tidy has something to say" >&2
  exit 1
}
echo "lint: ${#files[@]} files clean"
