#!/bin/bash
# What the tools that read programs answer to files: bad input gets one line and exit status 2.
set -u
export RUNFILES_DIR=${RUNFILES_DIR:-${TEST_SRCDIR:?}}
export BUILD_WORKSPACE_DIRECTORY=${TEST_TMPDIR:?}
fuzzer=$PWD/fuzz/ops_fuzzer
show=$PWD/fuzz/show
shrink=$PWD/props/shrink
replay=$PWD/fuzz/classic_fuzzer_raw # built without an engine: replays
work=$TEST_TMPDIR
failed=0

expect() { # status, words of the one line on standard error, command
  local status=$1 words=$2
  shift 2
  "$@" >"$work/out" 2>"$work/err"
  local got=$?
  if [[ $got != "$status" ]] || ! grep -qF -- "$words" "$work/err" "$work/out" ||
    { [[ $status == 2 ]] && [[ $(wc -l <"$work/err") != 1 ]]; }; then
    echo "FAIL: $*: status $got, expected $status and one line with '$words'; output:"
    cat "$work/out" "$work/err"
    failed=1
  fi
}

each() { # the same of every tool that reads a program
  local status=$1 words=$2
  shift 2
  expect "$status" "$words" "$fuzzer" "$@"
  expect "$status" "$words" "$show" "$@"
  [[ $status != 2 ]] || expect "$status" "$words" "$shrink" "$@"
  expect "$status" "$words" "$replay" "$@"
}

printf 'format 1\nmalloc s0 100\nfree s0\n' >"$work/good.txt"
printf '\n# its story\n format 1 \nmalloc s0 100\n' >"$work/story.txt"
printf 'format 1\nmalloc s0 100\nfrobnicate s0\n' >"$work/bad.txt"
printf '# no heading\n\n malloc s0 100\n' >"$work/headless.txt"
printf 'format 1\nmalloc s0 100\n\0\1\2\3' >"$work/torn.txt"
printf 'hello\n' >"$work/hello"
printf '\x00\x01\x02\x03\x03' >"$work/bytes.bin"
: >"$work/empty"
head -c 2000000 /dev/zero >"$work/large"

# What an engine has named is bytes, though it may look like text, or be empty.
engines=crash-0123456789abcdef0123456789abcdef01234567
cp "$work/hello" "$work/$engines"
cp "$work/empty" "$work/id:000001,src:000000"

for good in good.txt story.txt bytes.bin "$engines" id:000001,src:000000; do
  expect 0 Executed "$fuzzer" "$work/$good"
  expect 0 passes "$show" "$work/$good"
  expect 1 'it passes' "$shrink" "$work/$good"
  expect 0 'replayed 1' "$replay" "$work/$good"
done
each 2 'bad.txt:3:1: expected an operation (see fuzz/ops/op.def), found "frobnicate"' "$work/bad.txt"
each 2 'headless.txt:3:2: expected "format 1" on a line of its own first, found "malloc"' \
  "$work/headless.txt"
each 2 'hello:1:1: expected "format 1"' "$work/hello"
each 2 'torn.txt:3:1: expected a line of text' "$work/torn.txt"
each 2 'No such file' "$work/missing"
each 2 'is a folder' "$work"
each 2 'is empty' "$work/empty"
each 2 'is too large' "$work/large"
for text in hello empty bad.txt; do
  expect 0 Executed "$fuzzer" --bytes "$work/$text"
  expect 0 passes "$show" --bytes "$work/$text"
  expect 1 'it passes' "$shrink" --bytes "$work/$text"
done
expect 0 'usage:' "$fuzzer" --help
exit $failed
