#!/bin/bash
# The flags of the engines mean through the launcher what they mean without it; what is found is
# kept, as text too, and reported by a path that exists. In place of ops_fuzzer and ops_fuzzer_afl,
# whose launcher this is: a target with a finding.
set -u
export RUNFILES_DIR=${RUNFILES_DIR:-${TEST_SRCDIR:?}} FUZZ_CPU_SECONDS=1
export BUILD_WORKSPACE_DIRECTORY=${TEST_TMPDIR:?}/workspace BUILD_WORKING_DIRECTORY=$TEST_TMPDIR/here
libfuzzer=$PWD/fuzz/testing/loop_fuzzer
afl=$PWD/fuzz/testing/loop_fuzzer_afl
here=$BUILD_WORKING_DIRECTORY
kept=$BUILD_WORKSPACE_DIRECTORY/.fuzz
out=$TEST_TMPDIR/out
failed=0

fail() {
  echo "FAIL: $*; output:"
  tail -n 60 "$out"
  failed=1
}

run() { # expected status, command
  local status=$1 got
  shift
  "$@" >"$out" 2>&1
  got=$?
  ran="$*"
  ((got == status)) || fail "$ran: status $got, expected $status"
}

says() { grep -aqE -- "$1" "$out" || fail "$ran: does not say '$1'"; }
never_says() { grep -aqE -- "$1" "$out" && fail "$ran: says '$1'"; }

# The first path "to reproduce" is a program in text that does what it promises.
reproduces() {
  local path
  path=$(sed -n 's/^  to reproduce .* -- //p' "$out" | head -n 1)
  [[ $path == *.txt && -f $path ]] || fail "$ran: reproduces by '$path'"
  grep -q '^malloc s[0-9]* 7777' "$path" || fail "$path is another program"
}

mkdir -p "$BUILD_WORKSPACE_DIRECTORY" "$here"/{texts,seeds,found,artifacts,a,b}
cd "$here" || exit 1
printf 'format 1\nmalloc s3 100\n' >texts/good.txt
printf 'format 1\nmalloc s3 100\nmalloc s1 7777\nmalloc s2 200\n' >loop.txt
cp texts/good.txt loop.txt seeds/
printf 'format 1\nmalloc s1 1\n' >a/same.txt
printf 'format 1\nmalloc s1 7777\n' >b/same.txt
printf 'word="\\x01"\n' >words
cd / || exit 1

# ---- files ----

run 77 "$libfuzzer" b/same.txt a/same.txt
says 'Executed '
says 'CPU time: operation 0'

# ---- libFuzzer ----

run 0 "$libfuzzer" -help=1
says 'minimize_crash'
never_says 'findings'
run 0 "$libfuzzer" -runs=1 texts/good.txt
says 'Running 1 inputs'
never_says 'INITED'
run 77 "$libfuzzer" -runs=1 loop.txt
says 'findings +1'
reproduces
run 0 "$libfuzzer" -minimize_crash=1 -runs=50 -seed=1 loop.txt
says 'CRASH_MIN: minimizing crash input'
reproduces
run 2 "$libfuzzer" -runs=1 texts
says 'texts has programs in text, expected a folder'
printf 'abc' >"$here/found/a9993e364706816aba3e25717850c26c9cd0d89d" # bytes of an engine
run 77 "$libfuzzer" -artifact_prefix=artifacts/x- -dict=words -max_len=100 -runs=5 found seeds
says 'Dictionary: 1 entries'
reproduces
compgen -G "$here/artifacts/x-crash-*" >/dev/null || fail "no artifact with the prefix"
run 77 "$libfuzzer" -exact_artifact_path=artifacts/exact -runs=5 found seeds
reproduces
[[ -f $here/artifacts/exact ]] || fail "no artifact at the exact path"
run 77 "$libfuzzer" -seed_inputs=texts/good.txt,loop.txt -runs=5 found
reproduces
rm -rf "$here"/found/*
run 1 "$libfuzzer" -merge=1 found seeds
says 'MERGE-OUTER: 2 files, 0 in the initial corpus'
reproduces
[[ $(ls "$here/found") ]] || fail "nothing was merged"
run 1 "$libfuzzer" -fork=1 -ignore_crashes=1 -runs=20 found seeds
reproduces
run 1 "$libfuzzer" -jobs=1 -workers=1 -runs=20 found seeds
reproduces
[[ -f $here/fuzz-0.log ]] || fail "no log of the job"

# ---- AFL++ ----

run 1 "$afl" -E 50 -i seeds -o session -M main -t 20000 -m none -x words
says 'Loaded 1 extra tokens'
says 'findings +1'
reproduces
[[ -d $here/session/main/queue ]] || fail "no session of this name"
printf 'format 1\nmalloc s4 12345\n' >"$here/texts/new.txt"
run 0 "$afl" -E 50 -i texts -o session -M main
compgen -G "$here/session/main/queue/*,orig:new-*" >/dev/null || fail "a new program is not seen"
run 0 "$afl" -E 50 -i texts -o session -M main
[[ $(compgen -G "$here/session/main/queue/*,orig:new-*" | wc -l) == 1 ]] || fail "it is seen twice"
run 2 "$afl" -V
says 'lacks a value'
run 2 "$afl" -V 1 more
says 'unexpected argument more'
printf 'format 1\nfrobnicate\n' >"$here/texts/bad.txt"
run 2 "$afl" -V 1 -i texts -o other
says 'bad.txt:2:1: expected an operation'

# What this afl-fuzz finds; two sessions use the same names.
mkdir -p "$TEST_TMPDIR/bin"
cat >"$TEST_TMPDIR/bin/afl-fuzz" <<'END'
#!/bin/bash
while [[ $1 != -o ]]; do shift; done
rm -rf "$2/default"
mkdir -p "$2/default/crashes"
printf 'edges_found : 1\n' >"$2/default/fuzzer_stats"
cp "$FOUND" "$2/default/crashes/id:000000,sig:06"
END
chmod +x "$TEST_TMPDIR/bin/afl-fuzz"
rm "$kept"/loop_fuzzer_afl/crash-*
for found in "$kept"/loop_fuzzer/programs/loop-* "$kept"/loop_fuzzer/crash-*[0-9a-f]; do
  PATH=$TEST_TMPDIR/bin:$PATH FOUND=$found run 1 "$afl"
  reproduces
  cmp "$found" "$kept/loop_fuzzer_afl/crash-$(sha1sum <"$found" | head -c 40)" || fail "not kept"
done
PATH=$TEST_TMPDIR/bin:$PATH FOUND=$found FUZZ_EMPTY=1 run 1 "$afl"
[[ -d $kept/loop_fuzzer_afl/out/default/crashes ]] || fail "an earlier session was deleted"
exit $failed
