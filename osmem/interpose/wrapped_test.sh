#!/bin/bash
# wrapped_test.sh LIBRARY: a program that wraps functions of the family sees each allocation and
# each free once; one that does not has the size of a sized free checked.
set -eu
cp "$1" "$TEST_TMPDIR/libosmem.so"
cd "$TEST_TMPDIR"
failed=0

# build OPTION...: the program
build() {
  gcc -w -fno-builtin "$@" "$OLDPWD/osmem/interpose/wrapped.c" -L. -losmem -Wl,-rpath,. -ldl -o program
}

for names in PRIMARY ALL; do
  build "-D$names"
  if [[ $(./program) != osmem ]]; then
    echo "FAIL: wrapped: $names" >&2
    failed=1
  fi
done
build -DNONE
if OSMEM_OPTIONS=size-mismatch=exit=1 ./program size 2>report || ! grep -q "^osmem: size-mismatch" report; then
  echo "FAIL: the size is not checked" >&2
  failed=1
fi
exit $failed
