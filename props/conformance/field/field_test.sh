#!/bin/bash
# A program after a report from the field, with the C library's malloc and then under libosmem.so in each
# tier of its own: exit code 0 is right, and 60 seconds are too many.
#
#   field_test.sh PROGRAM LIBOSMEM LIBOSMEM_CORE TIER...
set -u
program=$(realpath "$1") library=$(realpath "$2") core=$(realpath "$3")
shift 3
cd "$TEST_TMPDIR" || exit 2
failed=0

run() { # NAME VARIABLE=VALUE...
  local name=$1 status
  shift
  timeout -k 1 60 env "$@" "$program" >out 2>&1
  status=$?
  ((status == 0)) && return
  echo "$name: exit code $status$( ((status == 124 || status == 137)) && echo ", out of time")"
  tail -n 20 out
  failed=1
}

run "the C library" CORE="$core"
for tier in "$@"; do
  run "$tier" CORE="$core" LIB="$library" LD_PRELOAD="$library" OSMEM_OPTIONS="tier=$tier"
done
exit $failed
