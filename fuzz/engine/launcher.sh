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
# shellcheck disable=SC2034 # used by launcher_afl.sh
mutator=$PWD/$FUZZ_AFL_MUTATOR
corpus=()
for seed in $FUZZ_CORPUS; do corpus+=("$PWD/$seed"); done
export ASAN_OPTIONS="abort_on_error=1:detect_leaks=0:allocator_may_return_null=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
if [[ -x /usr/bin/llvm-symbolizer-19 ]]; then
  export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
  export MSAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
fi

if [[ $FUZZ_MODE == test || $FUZZ_ENGINE == replay && $# == 0 ]]; then
  exec "$binary" --bytes "${corpus[@]}"
fi

flags=() files=() bytes=()
for argument in "$@"; do
  case $argument in
    --help | -h) usage; exit 0 ;;
    --bytes) bytes=(--bytes) ;;
    -*) flags+=("$argument") ;;
    *)
      # In AFL++ a flag may take the next argument: "-V 60".
      if ((${#flags[@]})) && [[ $FUZZ_ENGINE == afl ]]; then
        flags+=("$argument")
      else
        files+=("$argument")
      fi
      ;;
  esac
done

kept=${BUILD_WORKSPACE_DIRECTORY:-$PWD}/.fuzz/$FUZZ_NAME
scratch=$(mktemp -d) || die "no temporary folder can be made"
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$kept/corpus" "$kept/programs" "$scratch/seeds" || die "$kept cannot be made"
engines=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Paths, and those in flags, are relative to the folder that bazel run was started in.
cd "${BUILD_WORKING_DIRECTORY:-$PWD}" || die "$BUILD_WORKING_DIRECTORY cannot be entered"

# Copies programs into a folder, as bytes and under names that set them apart. Prints the copies
# of those that were text; ends the run at one that is wrong.
compile_into() {
  "$text" ${bytes[@]+"${bytes[@]}"} --into "$@" || exit 2
}

# The same of every file of a folder, but for those that explain it.
compile_folder() { # from, to
  [[ -d $1 ]] || die "$1 is no folder"
  mkdir -p "$2" || exit 2
  find "$1" -type f ! -empty ! -name 'README*' -print0 |
    xargs -0 -r "$text" ${bytes[@]+"${bytes[@]}"} --into "$2" || exit 2
}

# Runs every program; the status is that of the first that fails.
run_files() {
  local run=("$binary") file program first=0 status
  # Compiled programs are bytes; only the engine replay reads text by itself.
  [[ $FUZZ_ENGINE != replay ]] || run+=(--bytes)
  for file in "${files[@]}"; do
    program=$scratch/program
    "$text" ${bytes[@]+"${bytes[@]}"} --compile "$file" "$program" || exit 2
    "${run[@]}" "$program" && continue
    status=$?
    ((first)) || first=$status
    printf '\n%s:\n' "$file"
    "$show" ${bytes[@]+"${bytes[@]}"} "--on=$FUZZ_SUBJECTS" "$file"
  done
  return $first
}

if ((${#files[@]} && !${#flags[@]})); then
  run_files
  exit
fi
[[ $FUZZ_ENGINE != replay ]] || die "the engine replay has no flags"

if [[ -z ${FUZZ_EMPTY:-} ]]; then
  "$text" --bytes --into "$scratch/seeds" "${corpus[@]}" >/dev/null || exit 2
fi
export FUZZ_COUNTERS=$scratch/counters
seconds=60
((${#flags[@]})) ||
  echo "$FUZZ_NAME: fuzzing for $seconds seconds; --help shows how to do more" >&2
start=$SECONDS status=0 coverage=unknown
touch "$scratch/start" "$scratch/found"

# Each engine defines run_engine, which sets status and coverage and adds the paths of the findings
# of this run to $scratch/found.
# shellcheck source=/dev/null
source "$engines/launcher_$FUZZ_ENGINE.sh" || exit 2
run_engine

# A finding as text: the name of the program that everybody can read and run.
text_of() {
  local name
  name=$(basename "$1")
  [[ $name =~ -[0-9a-f]{40}$ ]] || name+=-$(sha1sum <"$1" | head -c 40)
  "$text" --bytes --print "$1" >"$kept/$name.txt" && echo "$kept/$name.txt"
}

# The smallest first.
sort -u "$scratch/found" | while read -r file; do
  [[ ! -f $file ]] || stat --printf '%s %n\n' "$file"
done | sort -n | cut -d' ' -f2- >"$scratch/sorted"
count=$(wc -l <"$scratch/sorted")
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
  head -n 5 "$scratch/sorted" | while read -r file; do
    echo "  to reproduce          tools/bazel run //fuzz:$FUZZ_NAME -- $(text_of "$file")"
  done
  ((count <= 5)) || echo "                        and $((count - 5)) more"
  printf '\nThe first finding:\n\n'
  "$show" --bytes "--on=$FUZZ_SUBJECTS" "$(head -n 1 "$scratch/sorted")"
fi
exit "$status"
