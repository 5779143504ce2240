#!/bin/bash
# Starts a fuzz target. The rule in fuzz/defs.bzl passes, as FUZZ_* variables: NAME, ENGINE, MODE
# (run or test), SUBJECTS, and the paths BINARY, SHOW, TEXT, AFL_MUTATOR and CORPUS.
set -u

usage() {
  cat <<TXT
usage: bazel run //fuzz:$FUZZ_NAME [-- ARGUMENTS]
  no argument     fuzzes for 60 seconds, from corpus/ and what earlier runs found
  FILE ...        runs programs, text ("format 1") or bytes, and reports what fails
  --bytes         takes each FILE as bytes, even if it is text
  -FLAG ...       passes everything to the engine ($FUZZ_ENGINE), which has its own help
FUZZ_EMPTY=1 starts without corpus/ and earlier finds. Findings are kept in
.fuzz/$FUZZ_NAME/ of the workspace.
TXT
}

die() {
  echo "$FUZZ_NAME: $*" >&2
  exit 2
}

binary=$PWD/$FUZZ_BINARY
text=$PWD/$FUZZ_TEXT
show=$PWD/$FUZZ_SHOW
mutator=$PWD/$FUZZ_AFL_MUTATOR
export ASAN_OPTIONS="abort_on_error=1:detect_leaks=0:allocator_may_return_null=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
if [[ -x /usr/bin/llvm-symbolizer-19 ]]; then
  export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
  export MSAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
fi

if [[ $FUZZ_MODE == test || $FUZZ_ENGINE == replay && $# == 0 ]]; then
  # shellcheck disable=SC2086  # a list of paths without blanks
  exec "$binary" --bytes $FUZZ_CORPUS
fi

# Paths are relative to the folder that bazel run was started in.
here=${BUILD_WORKING_DIRECTORY:-$PWD}
kept=${BUILD_WORKSPACE_DIRECTORY:-$PWD}/.fuzz/$FUZZ_NAME
scratch=$(mktemp -d) || die "no temporary folder can be made"
trap 'rm -rf "$scratch"' EXIT

flags=() files=() bytes=()
# Compiled programs are bytes; only the engine replay reads text by itself.
run=("$binary")
[[ $FUZZ_ENGINE != replay ]] || run+=(--bytes)
for argument in "$@"; do
  case $argument in
    --help | -h) usage; exit 0 ;;
    --bytes) bytes=(--bytes) ;;
    -*) flags+=("$argument") ;;
    *)
      # In AFL++ a flag may take the next argument: "-V 60".
      if ((${#flags[@]})) && [[ $FUZZ_ENGINE == afl ]]; then
        flags+=("$argument")
      elif [[ $argument == /* ]]; then
        files+=("$argument")
      else
        files+=("$here/$argument")
      fi
      ;;
  esac
done

# Files: run each one, with any engine.
if ((${#files[@]} && !${#flags[@]})); then
  for file in "${files[@]}"; do
    program=$scratch/$(basename "$file")
    "$text" ${bytes[@]+"${bytes[@]}"} --compile "$file" "$program" || exit 2
    "${run[@]}" "$program" && continue
    status=$?
    echo
    "$show" ${bytes[@]+"${bytes[@]}"} "--on=$FUZZ_SUBJECTS" "$file"
    exit $status
  done
  exit 0
fi

mkdir -p "$kept/corpus" "$scratch/seeds" || die "$kept cannot be made"
if [[ -z ${FUZZ_EMPTY:-} ]]; then
  for seed in $FUZZ_CORPUS; do cp -Lf "$seed" "$scratch/seeds/"; done
fi
export FUZZ_COUNTERS=$scratch/counters
seconds=60
((${#flags[@]})) ||
  echo "$FUZZ_NAME: fuzzing for $seconds seconds; --help shows how to do more" >&2
cd "$kept" || die "$kept cannot be entered"
start=$SECONDS status=0

run_libfuzzer() {
  ((${#flags[@]})) || flags=("-max_total_time=$seconds")
  local folders=("$kept/corpus" "$scratch/seeds")
  [[ -z ${FUZZ_EMPTY:-} ]] || folders=("$scratch/seeds")
  "$binary" "-artifact_prefix=$kept/" "${flags[@]}" ${files[@]+"${files[@]}"} "${folders[@]}" \
    2> >(tee "$scratch/log" >&2)
  status=$?
  coverage=$(grep -oE ' cov: [0-9]+' "$scratch/log" | tail -n 1 | grep -oE '[0-9]+')
  coverage="${coverage:-unknown} edges"
}

run_afl() {
  ((${#flags[@]})) || flags=(-V "$seconds")
  export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1
  export AFL_AUTORESUME=1 AFL_CUSTOM_MUTATOR_LIBRARY=$mutator
  export ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0:allocator_may_return_null=1
  export UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:symbolize=0
  export MSAN_OPTIONS=exit_code=86:symbolize=0
  [[ -t 1 ]] || export AFL_NO_UI=1
  find "$scratch/seeds" -empty -type f -delete # afl-fuzz rejects empty files
  [[ -n $(ls "$scratch/seeds") ]] || printf '\0' >"$scratch/seeds/nothing"
  [[ -z ${FUZZ_EMPTY:-} ]] || rm -rf "$kept/out"
  # A program takes milliseconds, but not on a busy machine.
  [[ " ${flags[*]}" == *" -t"* ]] || flags=(-t 10000 "${flags[@]}")
  afl-fuzz -i "$scratch/seeds" -o "$kept/out" -m none "${flags[@]}" -- "$binary" >&2
  status=$?
  local stats=$kept/out/default/fuzzer_stats
  [[ -f $stats ]] || die "afl-fuzz did not start; see its output above"
  coverage="$(awk '$1 == "edges_found" {print $3}' "$stats") edges, stability \
$(awk '$1 == "stability" {print $3}' "$stats")"
}

# The files of the findings of this run.
findings() {
  if [[ $FUZZ_ENGINE == afl ]]; then
    find "$kept/out/default/crashes" "$kept/out/default/hangs" -name 'id*' -newer "$scratch/seeds" 2>/dev/null
  else
    find "$kept" -maxdepth 1 -type f -newer "$scratch/seeds" -regex '.*/\(crash\|leak\|oom\|timeout\)-.*'
  fi
}

if [[ $FUZZ_ENGINE == afl ]]; then run_afl; else run_libfuzzer; fi
findings | sort >"$scratch/found"
count=$(wc -l <"$scratch/found")
((count == 0 || status != 0)) || status=1

elapsed=$((SECONDS - start > 0 ? SECONDS - start : 1))
read -r inputs operations _ < <(od -An -t u8 "$FUZZ_COUNTERS" 2>/dev/null | tr '\n' ' ') || true
cat <<TXT

$FUZZ_NAME: $elapsed seconds of $FUZZ_ENGINE
  inputs                ${inputs:-0}
  operations checked    ${operations:-0}
  operations/s          $((${operations:-0} / elapsed))
  coverage              $coverage
  findings              $count
  kept in               $kept
TXT
# A line for each kind of misuse, in the order of fuzz/ops/op.def.
if [[ $FUZZ_SUBJECTS == misused* ]]; then
  kinds=(overflow underflow write_after_free double_free interior_free foreign_free forged_free
    dead_realloc dead_usable_size plane_probe)
  mapfile -t counts < <(od -An -v -t u8 -w16 -j16 "$FUZZ_COUNTERS")
  row=0
  for subject in ${FUZZ_SUBJECTS//,/ }; do
    for kind in "${kinds[@]}"; do
      read -r executed found <<<"${counts[row++]}"
      printf '  %-17s %-17s executed %10d  found %10d\n' "$subject" "$kind" "$executed" "$found"
    done
  done
fi
if ((count)); then
  head -n 5 "$scratch/found" | while read -r file; do
    echo "  to reproduce          tools/bazel run //fuzz:$FUZZ_NAME -- $file"
  done
  ((count <= 5)) || echo "                        and $((count - 5)) more"
  printf '\nThe first finding:\n\n'
  "$show" "--on=$FUZZ_SUBJECTS" "$(head -n 1 "$scratch/found")"
fi
exit $status
