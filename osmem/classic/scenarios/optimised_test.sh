#!/bin/bash
# Builds libosmem.so of classic from its sources in several ways, and holds each against
# scenarios.txt from outside.
set -eu
here=osmem/classic/scenarios
flags=(-std=gnu11 -g -I. -fvisibility=hidden -fno-builtin-malloc -fno-builtin-calloc)
sources=(osmem/classic/{os,classic}.c osmem/base/status.c osmem/platform/{environ,expect,module,site,sys,text,unwind,unwind_row}.c osmem/report/text.c)

build() {
  local folder=$TEST_TMPDIR/$1 compiler=$2
  shift 2
  mkdir "$folder"
  "$compiler" "${flags[@]}" "$@" -shared -fPIC "${sources[@]}" -o "$folder/libosmem.so"
  "$compiler" "${flags[@]}" "$@" $here/calls.c -o "$folder/outside" \
    -L"$folder" -losmem -Wl,-rpath,"$folder"
  $here/exports_test.sh "$folder/libosmem.so"
  programs+=("$folder/outside")
}

programs=()
build O0 clang-19 -O0
build O2 clang-19 -O2
build O3 clang-19 -O3 -DNDEBUG
build lto clang-19 -O2 -flto
build sealed clang-19 -O2 -DCLASSIC_SEALED=1 # which must make no difference from outside
build gcc gcc -O2
build gcc-lto gcc -O2 -flto
$here/scenarios.py $here/scenarios.txt --outside "${programs[@]}"
