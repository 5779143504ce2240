#!/bin/bash
# older_test.sh LIBRARY: with a C library that lacks what newer glibc has, programs in C and C++ run as
# with it. In a copy of the library, these functions have names that nothing has.
set -eu
cp "$1" "$TEST_TMPDIR/libosmem.so"
gcc -w -O1 -fno-builtin osmem/interpose/older.c -o "$TEST_TMPDIR/overflow"
g++ -w -std=c++17 osmem/interpose/older.cc -o "$TEST_TMPDIR/refused"
cd "$TEST_TMPDIR"
failed=0

# lack NAME...
lack() {
  local name
  cp -f libosmem.so older.so
  chmod u+w older.so
  for name in "$@"; do
    if ! readelf -W --dyn-syms older.so | grep -qE " WEAK .* UND $name\$"; then
      echo "FAIL: $name is not optional" >&2
      failed=1
    fi
    # Its end may be another's name.
    LC_ALL=C sed -i "s/\x00$name\x00/\x00-${name:1}\x00/g" older.so
    if readelf -W --dyn-syms older.so | grep -qE " UND $name\$"; then
      echo "FAIL: $name is still there" >&2
      failed=1
    fi
  done
}

# expect WHAT TEXT COMMAND...: a line of its output is TEXT
expect() {
  LD_PRELOAD=./older.so "${@:3}" >output 2>&1 || true
  if ! grep -qxE "$2" output; then
    echo "FAIL: $1" >&2
    cat output >&2
    failed=1
  fi
}

lack _dl_find_object
OSMEM_OPTIONS=tier=paranoid expect "opens" "opened" ./overflow
for line in 1 2 3; do
  if ! grep -A 3 '^  allocated by' output | tail -n "+$((line + 1))" | head -n 1 |
    grep -qE '^    /.*/overflow\+0x'; then
    echo "FAIL: frame $line of the site" >&2
    cat output >&2
    failed=1
  fi
done
expect "new with dlsym" "as C\+\+ says" ./refused

lack _dl_find_object dlsym dlclose
expect "no dlopen" "not opened" ./overflow
expect "new without dlsym" "as C\+\+ says" ./refused
exit $failed
