#!/bin/bash
# Starts a fuzz target. The rule that made the target says what to start, by FUZZ_* variables:
# FUZZ_NAME, FUZZ_ENGINE, FUZZ_MODE (run or test), FUZZ_BINARY, FUZZ_TEXT and FUZZ_CORPUS.
set -u

usage() {
  cat <<TXT
usage: bazel run //fuzz:$FUZZ_NAME [-- ARGUMENTS]
  no argument     fuzzes for 60 seconds, from corpus/ and what earlier runs found
  FILE ...        runs programs, text ("format 1") or bytes, and tells what fails
  -FLAG=VALUE ... hands everything to the engine ($FUZZ_ENGINE); -help=1 lists its flags
What a run finds is kept in .fuzz/$FUZZ_NAME/ of the workspace.
TXT
}

die() {
  echo "$FUZZ_NAME: $*" >&2
  exit 2
}

binary=$PWD/$FUZZ_BINARY
text=$PWD/$FUZZ_TEXT
export ASAN_OPTIONS="abort_on_error=1:detect_leaks=0:allocator_may_return_null=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"
if [[ -x /usr/bin/llvm-symbolizer-19 ]]; then
  export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
  export MSAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-19
fi

if [[ $FUZZ_MODE == test ]]; then
  # shellcheck disable=SC2086  # a list of paths without blanks
  exec "$binary" $FUZZ_CORPUS
fi

# Paths are the user's, who stands elsewhere than in the runfiles.
here=${BUILD_WORKING_DIRECTORY:-$PWD}
kept=${BUILD_WORKSPACE_DIRECTORY:-$PWD}/.fuzz/$FUZZ_NAME
scratch=$(mktemp -d) || die "no temporary folder can be made"
trap 'rm -rf "$scratch"' EXIT

flags=() files=()
for argument in "$@"; do
  case $argument in
    --help | -h) usage; exit 0 ;;
    -*) flags+=("$argument") ;;
    /*) files+=("$argument") ;;
    *) files+=("$here/$argument") ;;
  esac
done

if ((${#files[@]} && !${#flags[@]})); then
  compiled=()
  for file in "${files[@]}"; do
    compiled+=("$scratch/${#compiled[@]}-$(basename "$file")")
    "$text" --compile "$file" "${compiled[-1]}" || exit 2
  done
  "$binary" "${compiled[@]}"
  exit
fi

seeds=$scratch/seeds
mkdir -p "$kept/corpus" "$seeds" || die "$kept cannot be made"
for seed in $FUZZ_CORPUS; do cp -Lf "$seed" "$seeds/"; done
cd "$kept" || die "$kept cannot be entered"
if ((!${#flags[@]})); then
  echo "$FUZZ_NAME: fuzzing for 60 seconds; -max_total_time=N for longer, --help for more" >&2
  flags=(-max_total_time=60 -print_final_stats=1)
fi
before=$(find . -maxdepth 1 -name '*-*' -type f | sort)
"$binary" "-artifact_prefix=$kept/" "${flags[@]}" ${files[@]+"${files[@]}"} "$kept/corpus" "$seeds"
status=$?
for found in $(comm -13 <(echo "$before") <(find . -maxdepth 1 -name '*-*' -type f | sort)); do
  echo "$FUZZ_NAME: found $kept/${found#./}; to see it again:" >&2
  echo "  tools/bazel run //fuzz:$FUZZ_NAME -- $kept/${found#./}" >&2
done
exit $status
