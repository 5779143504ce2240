#!/bin/bash
# Bad input gets one clear line and exit status 2; a good program passes.
set -u
fuzzer=$PWD/fuzz/ops_fuzzer
export RUNFILES_DIR=${RUNFILES_DIR:-${TEST_SRCDIR:?}}
work=${TEST_TMPDIR:?}
failed=0

expect() { # status, words of the one line on standard error, arguments
  local status=$1 words=$2
  shift 2
  "$fuzzer" "$@" >"$work/out" 2>"$work/err"
  local got=$?
  if [[ $got != "$status" ]] || ! grep -q -- "$words" "$work/err" "$work/out" ||
    { [[ $status == 2 ]] && [[ $(wc -l <"$work/err") != 1 ]]; }; then
    echo "FAIL: $*: status $got, expected $status and one line with '$words'; output:"
    cat "$work/out" "$work/err"
    failed=1
  fi
}

printf 'format 1\nmalloc s0 100\nfree s0\n' >"$work/good.txt"
printf 'format 1\nmalloc s0 100\nfrobnicate s0\n' >"$work/bad.txt"
printf '\x00\x01\x02\x03\x03' >"$work/bytes.bin"
: >"$work/empty"
head -c 2000000 /dev/zero >"$work/large"

expect 0 Executed "$work/good.txt"
expect 0 Executed "$work/bytes.bin"
expect 2 'bad.txt:3: expected an operation' "$work/bad.txt"
expect 2 'No such file' "$work/missing"
expect 2 'is a folder' "$work"
expect 2 'is empty' "$work/empty"
expect 2 'is too large' "$work/large"
expect 0 'usage:' --help
exit $failed
