#!/bin/bash
# musl_test.sh ARCHIVE LIBRARY: programs of musl use osmem as malloc in each tier: preloaded,
# linked with the library, and linked with the archive, shared and static.
set -eu
archive=$PWD/$1 source=$PWD/osmem/interpose/musl.c
cp "$2" "$TEST_TMPDIR/libosmem.so"
cd "$TEST_TMPDIR"
failed=0

# build PROGRAM OPTION...
build() {
  musl-gcc -Wall -Wextra -Werror -fno-builtin -Wl,--eh-frame-hdr "$source" "${@:2}" -o "$1"
}

no_leaks="osmem: leak: 0 bytes in 0 blocks in all are in use at the exit"

# try OPTIONS REPORT COMMAND...: prints osmem, and reports that
try() {
  if [[ $(OSMEM_OPTIONS=$1 timeout 120 env "${@:3}" 2>report) != osmem || $(<report) != "$2" ]]; then
    echo "FAIL: $*" >&2
    cat report >&2
    failed=1
  fi
}

# finds TIER COMMAND...: reports the overflow, and in paranoid three callers of malloc
finds() {
  if OSMEM_OPTIONS=tier=$1:on_error=exit=9 timeout 120 env "${@:2}" >report 2>&1 || (($? != 9)) ||
    ! grep -q '^osmem: heap-buffer-overflow: 1 byte written past the end of a 40-byte block' report ||
    [[ $1 == paranoid && $(grep -A 3 '^  allocated by' report | grep -c '^    /.*+0x') != 3 ]]; then
    echo "FAIL: $*: finds" >&2
    cat report >&2
    failed=1
  fi
}

build preloaded
build linked -L. -losmem -Wl,-rpath,.
build archived "$archive"
build static -static "$archive"
for tier in light standard full paranoid; do
  try "tier=$tier:leaks=1" "$no_leaks" LD_PRELOAD=./libosmem.so ./preloaded shared
  try "tier=$tier:leaks=1" "$no_leaks" ./linked shared
  try "tier=$tier:leaks=1" "$no_leaks" ./archived
  # What musl keeps is a leak in a static program.
  try "tier=$tier" "" ./static
done
for tier in standard full paranoid; do
  finds "$tier" LD_PRELOAD=./libosmem.so ./preloaded mistake
  finds "$tier" ./linked mistake
  finds "$tier" ./archived mistake
  finds "$tier" ./static mistake
done
exit $failed
