#!/usr/bin/env bash
# Runs clang-tidy over the product's sources, warnings as errors: scripts/lint.sh [FILE...]
#
# Sources of a folder are checked sixteen at a time, as one unit, since most of the time goes into reading the
# libraries' headers; with FILE, the batches that have one of them. What a batch would hide is checked by
# scripts/own_names.cpp. What passed is remembered in .cache/clang-tidy by the content of the sources and of each
# header of ours that they include, of .clang-tidy and of the build's flags, so that a second run looks only at
# what changed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/dependency.sh build ci
cmake --preset clang -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON --log-level=WARNING >/dev/null
mkdir -p .cache/clang-tidy

# Our own checks; they walk the declarations of our own files only.
plugin() {
  local source=scripts/$1.cpp library=.cache/clang-tidy/$1.so
  [[ $library -nt $source ]] ||
    clang++-14 -std=c++17 -O1 -fno-rtti -fPIC -shared -isystem /usr/lib/llvm-14/include "$source" -o "$library"
}
plugin own_declarations &
plugin own_names
wait $!

# A line `KEY UNIT` for each batch, the largest first, so that none of them is alone at the end. The key is the
# hash of the batch's sources and of what they include of ours, whatever the conditions.
batches() {
  /usr/bin/python3 - "$@" <<'PYTHON'
import functools, glob, hashlib, itertools, json, pathlib, re, subprocess, sys

BATCH = 16
FOLDERS = ["core", "encoding", "network", "storage", "services", "integration", "web", "apps"]
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
# clang-tidy compares conditions with those around them in the main file only: such a source stays alone.
CONDITION = re.compile(rb"^\s*#\s*if", re.MULTILINE)

@functools.cache
def read(path):
    return path.read_bytes()

@functools.cache
def includes(path):
    named = [name.decode() for name in INCLUDE.findall(read(path))]
    found = [next((p for p in (pathlib.Path(name), path.parent / name) if p.exists()), None) for name in named]
    return [p for p in found if p]

def closure(paths):
    seen, open_ = set(paths), list(paths)
    while open_:
        new = set(includes(open_.pop())) - seen
        seen |= new
        open_ += new
    return sorted(seen)

everywhere = [".clang-tidy", "scripts/own_declarations.cpp", "scripts/own_names.cpp", "CMakeLists.txt",
              "CMakePresets.json", *sorted(glob.glob("cmake/*.cmake"))]
here, units = pathlib.Path.cwd(), pathlib.Path(".cache/lint")
units.mkdir(exist_ok=True)
asked = {str(pathlib.Path(name).resolve().relative_to(here)) for name in sys.argv[1:]}
ours = subprocess.run(["git", "ls-files", *(f"{folder}/*.cpp" for folder in FOLDERS)],
                      check=True, capture_output=True, text=True).stdout.split()
commands = {entry["file"]: entry for entry in json.loads(pathlib.Path("build/lint/compile_commands.json").read_text())}

def flags(name):
    entry = commands[f"{here}/{name}"]
    words = entry["command"].split()
    del words[words.index("-o"):words.index("-o") + 2]
    return name.split("/")[0], bool(CONDITION.search(read(pathlib.Path(name)))), \
        " ".join(word for word in words if word != entry["file"])

made, rows = [], []
for (folder, alone, command), group in itertools.groupby(sorted(ours, key=lambda name: (flags(name), name)), key=flags):
    names = list(group)
    size = 1 if alone else BATCH
    for first in range(0, len(names), size):
        batch = [pathlib.Path(name) for name in names[first:first + size]]
        unit = here / batch[0]
        if len(batch) > 1:
            unit = here / units / f"{folder}_{first // size}.cpp"
            unit.write_text("".join(
                f'// NOLINTNEXTLINE(bugprone-suspicious-include)\n#include "{here / path}"\n' for path in batch))
        made.append({"directory": f"{here}/build/lint", "command": f"{command} {unit}", "file": str(unit)})
        if asked and not asked & set(map(str, batch)):
            continue
        key = hashlib.sha256()
        for path in [*map(pathlib.Path, everywhere), *closure(batch)]:
            key.update(f"{path}\0".encode() + hashlib.sha256(read(path)).digest())
        rows.append((sum(len(read(path)) for path in batch), key.hexdigest()[:32], unit))
(units / "compile_commands.json").write_text(json.dumps(made, indent=1))
for _, key, unit in sorted(rows, reverse=True):
    print(key, unit)
PYTHON
}

one() {
  local passed=.cache/clang-tidy/$1 output
  [[ -e $passed ]] && return 0
  # The compile commands name ccache first; clang-tidy takes the compiler behind it.
  if output=$(clang-tidy-14 --quiet --load .cache/clang-tidy/own_declarations.so \
      --load .cache/clang-tidy/own_names.so --checks='pacs-*' -p .cache/lint "$2" 2>&1); then
    : >"$passed"
  else
    grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter|^$' <<<"$output"
    return 1
  fi
}
export -f one
list=$(batches "$@")
[[ -n $list ]] || { echo "lint: no source of the product among: $*" >&2; exit 2; }
xargs -P "$(nproc)" -L 1 bash -c 'one "$1" "$2"' _ <<<"$list" || {
  echo "lint: clang-tidy has something to say" >&2
  exit 1
}
echo "lint: $(wc -l <<<"$list") batches clean"
