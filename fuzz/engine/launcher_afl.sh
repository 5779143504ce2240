# shellcheck shell=bash disable=SC2034,SC2154 # variables of launcher.sh
# AFL++, for launcher.sh: its flags mean what they mean without it, but that programs in text are
# compiled, and that nothing which an earlier run found is deleted: a run goes on where one ended.

# Which flags have a value: the options of afl-fuzz 4.04.
afl_options=:Ab:B:c:CdDe:E:i:I:f:F:g:G:l:L:m:M:nNOo:p:RQs:S:t:T:UV:WXx:YZ

# Takes -i and -o out of the flags, and looks for those that have a default here.
prepare_flags() {
  local option OPTIND=1 given=""
  local -a rest=()
  ((${#files[@]} == 0)) || die "unexpected argument ${files[0]} in front of flags"
  while getopts "$afl_options" option "${flags[@]}"; do
    given+=$option
    case $option in
      i) input=$OPTARG ;;
      o) output=$OPTARG ;;
      M | S) instance=$OPTARG rest+=("-$option" "$OPTARG") ;;
      \? | :) die "afl-fuzz has no flag -$OPTARG, or it lacks a value (see afl-fuzz -hh)" ;;
      *) rest+=("-$option" ${OPTARG+"$OPTARG"}) ;;
    esac
    unset OPTARG
  done
  ((OPTIND > ${#flags[@]})) || die "unexpected argument ${flags[OPTIND - 1]}"
  # A program takes milliseconds, but not on a busy machine; loops end earlier, by CPU time.
  [[ $given == *t* ]] || rest+=(-t 30000)
  [[ $given == *m* ]] || rest+=(-m none)
  flags=("${rest[@]}")
}

# Keeps a finding under a name that depends on what it is, and that no later run changes.
keep() { # kind, file
  local name=$kept/$1-$(sha1sum <"$2" | head -c 40)
  [[ -f $name ]] || cp "$2" "$name" || exit 2
  echo "$name" >>"$scratch/found"
}

# afl-fuzz skips seeds that crash: they are findings, and no seeds.
judge_seeds() {
  local seeds=("$scratch"/seeds/*) seed
  [[ -f ${seeds[0]} ]] || return
  "$binary" "${seeds[@]}" >/dev/null 2>&1 && return
  for seed in "${seeds[@]}"; do
    "$binary" "$seed" >/dev/null 2>&1 && continue
    keep crash "$seed"
    rm "$seed"
  done
}

# A run that goes on reads its own queue only: seeds that are not in it are added, under a name as
# afl-fuzz gives, which it changes to the next number.
join_queue() {
  local queue=$output/$instance/queue seed name
  [[ -d $queue ]] || return
  for seed in "$scratch"/seeds/*; do
    name=$(basename "$seed")
    compgen -G "$queue/*,orig:$name" >/dev/null ||
      cp "$seed" "$queue/id:999999,orig:$name" || exit 2
  done
}

run_engine() {
  local input="" output=$kept/out instance=default file
  ((${#flags[@]})) || flags=(-V "$seconds")
  [[ -z ${FUZZ_EMPTY:-} ]] || output=$(mktemp -d "$kept/empty.XXXXXX") || exit 2
  prepare_flags
  export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1
  export AFL_AUTORESUME=1 AFL_CUSTOM_MUTATOR_LIBRARY=${AFL_CUSTOM_MUTATOR_LIBRARY:-$mutator}
  export ASAN_OPTIONS="$ASAN_OPTIONS:abort_on_error=1:symbolize=0"
  export UBSAN_OPTIONS="$UBSAN_OPTIONS:halt_on_error=1:abort_on_error=1:symbolize=0"
  export MSAN_OPTIONS="${MSAN_OPTIONS:-}:exit_code=86:symbolize=0"
  [[ -t 1 ]] || export AFL_NO_UI=1
  if [[ -n $input && $input != - ]]; then
    rm -rf "$scratch/seeds"
    compile_folder "$input" "$scratch/seeds" >/dev/null
  fi
  find "$scratch/seeds" -empty -type f -delete # afl-fuzz rejects empty files
  judge_seeds
  [[ -n $(ls "$scratch/seeds") ]] || printf '\0' >"$scratch/seeds/nothing"
  join_queue
  [[ $input == - ]] || input=$scratch/seeds
  afl-fuzz -i "$input" -o "$output" "${flags[@]}" -- "$binary" >&2
  status=$?
  while read -r file; do
    keep "$([[ $file == */hangs/* ]] && echo timeout || echo crash)" "$file"
  done < <(find "$output/$instance/crashes" "$output/$instance/hangs" -name 'id*' \
    -newer "$scratch/start" 2>/dev/null)
  [[ $status != 0 || ! -s $scratch/found ]] || status=1
  local stats=$output/$instance/fuzzer_stats
  [[ -f $stats || -s $scratch/found ]] || die "afl-fuzz did not start; see its output above"
  [[ ! -f $stats ]] ||
    coverage="$(awk '$1 == "edges_found" {print $3}' "$stats") edges, stability \
$(awk '$1 == "stability" {print $3}' "$stats")"
}
