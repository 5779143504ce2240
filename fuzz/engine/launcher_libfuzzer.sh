# shellcheck shell=bash disable=SC2034,SC2154 # variables of launcher.sh
# libFuzzer, for launcher.sh: its flags and paths mean what they mean without it, but that programs
# in text are compiled; if no path is given, it starts from corpus/ and earlier finds.

# The path of a program in bytes: the file itself, or what its text is compiled to.
program_of() {
  local compiled
  compiled=$(compile_into "$kept/programs" "$1") || exit 2
  echo "${compiled:-$1}"
}

# "FILE,FILE,..." or "@FILE", which has such a list.
programs_of_list() {
  local list=$1 file out=()
  [[ $list != @* ]] || list=$(<"${list#@}") || exit 2
  while IFS= read -r -d, file; do
    file=$(program_of "$file") || exit 2
    out+=("$file")
  done <<<"$list,"
  (IFS=,; echo "${out[*]}")
}

# libFuzzer writes into the first folder, so that text has no place there.
folder_of() { # number, folder
  local copy=$scratch/folder.$1 compiled
  compiled=$(compile_folder "$2" "$copy") || exit 2
  if [[ -z $compiled ]]; then
    echo "$2"
  elif (($1 == 0)); then
    die "$2 has programs in text, expected a folder for what libFuzzer finds first"
  else
    echo "$copy"
  fi
}

prepare_flags() {
  local i value
  for i in "${!flags[@]}"; do
    case ${flags[i]} in
      -help=1) exec "$binary" "${flags[@]}" ;;
      -minimize_crash=1 | -cleanse_crash=1) reduces=1 ;;
      -artifact_prefix=*) prefix=${flags[i]#*=} ;;
      -seed_inputs=*)
        value=$(programs_of_list "${flags[i]#*=}") || exit 2
        flags[i]=-seed_inputs=$value
        ;;
    esac
  done
}

prepare_paths() {
  local i path
  for i in "${!files[@]}"; do
    if [[ -d ${files[i]} ]]; then
      path=$(folder_of "$i" "${files[i]}") || exit 2
    else
      path=$(program_of "${files[i]}") || exit 2
    fi
    files[i]=$path
  done
  ((${#files[@]} || reduces)) && return
  if [[ -z ${FUZZ_EMPTY:-} ]]; then
    files=("$kept/corpus" "$scratch/seeds")
  else
    files=("$(mktemp -d "$kept/empty.XXXXXX")")
  fi
}

# What libFuzzer says that it has written; in a fork it says nothing, so new files count, too. A
# file of the command line that fails is not written once more.
libfuzzer_findings() {
  ((status == 0)) || [[ ! -f ${files[0]} ]] || grep -aoP '^Running: \K.*' "$scratch/log" | tail -n 1
  grep -aoP 'Test unit written to \K.*' "$scratch/log"
  find "$(dirname "${prefix}x")" -maxdepth 1 -type f -newer "$scratch/start" \
    -regextype egrep -regex '.*(crash|leak|oom|timeout|minimized-from)-[0-9a-f]{40}'
}

run_engine() {
  local prefix=$kept/ reduces=0
  ((${#flags[@]})) || flags=("-max_total_time=$seconds")
  prepare_flags
  prepare_paths
  "$binary" "-artifact_prefix=$kept/" "${flags[@]}" ${files[@]+"${files[@]}"} 2>&1 >&3 |
    tee -i "$scratch/log" >&2
  status=${PIPESTATUS[0]}
  coverage=$(grep -aoE ' cov: [0-9]+' "$scratch/log" | tail -n 1 | grep -oE '[0-9]+')
  coverage="${coverage:-unknown} edges"
  libfuzzer_findings | xargs -r -d '\n' realpath -e 2>/dev/null >"$scratch/found"
  # A crash made smaller is what was wanted; any other finding is none.
  [[ $reduces == 1 || $status != 0 || ! -s $scratch/found ]] || status=1
} 3>&1
