#!/bin/bash
# linked_test.sh ARCHIVE LIBRARY: programs in C and C++, by gcc and clang, use osmem as
# malloc: with the archive linked in front of a shared and of a static C library, and with
# the shared library.
set -eu
archive=$1 library=$2
here=osmem/interpose
failed=0

# try COMPILER...: the program that it builds prints osmem
try() {
  if ! "$@" -Iosmem -o "$TEST_TMPDIR/program" || [[ $("$TEST_TMPDIR/program") != osmem ]]; then
    echo "FAIL: $*" >&2
    failed=1
  fi
}

cp "$library" "$TEST_TMPDIR/libosmem.so"
for compiler in clang-19 gcc; do
  try $compiler $here/linked.c "$archive" -lpthread
  try $compiler -static $here/linked.c "$archive" -lpthread
  try $compiler -O2 -flto $here/linked.c "$archive" -lpthread
  try $compiler $here/linked.c "-L$TEST_TMPDIR" -losmem "-Wl,-rpath,$TEST_TMPDIR"
done
for compiler in clang++-19 g++; do
  try $compiler $here/linked.cc "$archive" -lpthread
  try $compiler -static $here/linked.cc "$archive" -lpthread
  try $compiler -O2 -flto $here/linked.cc "$archive" -lpthread
  try $compiler -std=c++20 $here/linked.cc "-L$TEST_TMPDIR" -losmem "-Wl,-rpath,$TEST_TMPDIR"
  # A program's own new takes precedence over the archive's.
  "$compiler" -w -fsized-deallocation \
    props/conformance/probe/cxx_replaced.cc "$archive" -lpthread -o "$TEST_TMPDIR/program"
  [[ $("$TEST_TMPDIR/program") == "9 taken, 8 given, NULL" ]] || failed=1
done
exit $failed
