#!/bin/bash
# An allocator does not return: each tool ends by itself, and says at which operation, as text.
set -u
export RUNFILES_DIR=${RUNFILES_DIR:-${TEST_SRCDIR:?}} FUZZ_CPU_SECONDS=1
export BUILD_WORKSPACE_DIRECTORY=${TEST_TMPDIR:?}
tools=$PWD/fuzz/testing
work=$TEST_TMPDIR
failed=0

expect() { # status, a line of the output, command
  local status=$1 line=$2
  shift 2
  "$@" >"$work/out" 2>&1
  local got=$?
  if [[ $got != "$status" ]] || ! grep -qxF -- "$line" "$work/out"; then
    echo "FAIL: $*: status $got, expected $status and the line '$line'; output:"
    cat "$work/out"
    failed=1
  fi
}

file=$work/loop.txt
printf 'format 1\nmalloc s3 100\nmalloc s1 7777\nmalloc s2 200\nfree s1\n' >"$file"
for line in 'loop: CPU time: operation 1' '  expected: a result' \
  '  found:    none after 1000 ms of CPU time' 'malloc s1 7777   # <== here'; do
  expect 134 "$line" "$tools/loop_replay" "$file"
  expect 1 "$line" "$tools/loop_show" --on=loop "$file"
done
expect 0 'malloc s0 7777' "$tools/loop_shrink" --on=loop "$file"
grep -q malloc <(grep -v 'malloc s0 7777' "$work/out") && echo "FAIL: not shrunk" && failed=1
exit $failed
