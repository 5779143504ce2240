#!/bin/bash
# bazel run //props:proofs: Frama-C proves proofs.c over the unchanged headers; z3 proves
# its axioms about bits; two planted errors must not be proved.
set -u
for tool in frama-c why3 cvc4 z3; do
  command -v $tool >/dev/null || {
    echo "proofs: this machine lacks $tool; apt-get install frama-c-base why3 cvc4 z3 (1 GB)" >&2
    exit 2
  }
done
root=$(dirname "$0")/../..
[[ -d $0.runfiles/osmem ]] && root=$0.runfiles/osmem
cd "$root" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
export HOME=$work # where why3 keeps its list of provers
why3 config detect >"$work/why3.log" 2>&1 || { cat "$work/why3.log"; exit 2; }

refuted=$(z3 props/proofs/bits.smt2 | grep -cvE '^unsat$|^[a-z_]+: ')
axioms=$(grep -c '  @   axiom ' props/proofs/proofs.c)
proved=$(z3 props/proofs/bits.smt2 | grep -c '^unsat$')
if ((refuted || proved != axioms)); then
  echo "proofs: $proved of $axioms axioms of bits hold" >&2
  exit 1
fi

# Proves proofs.c in a folder with its headers; prints "PROVED of ALL"; open goals go to
# open.log.
prove() {
  local functions
  cd "$1" || exit 2
  functions=$(grep -oE '^void \w+' props/proofs/proofs.c | cut -d' ' -f2 | paste -sd,)
  frama-c -c11 -cpp-extra-args="-I. -D__builtin_add_overflow=not_proved -D__builtin_mul_overflow=not_proved" \
    -inline-calls @inline -wp -wp-fct "$functions" -wp-prover cvc4 -wp-timeout 20 props/proofs/proofs.c \
    >"$work/wp.log" 2>&1 || { tail -n 20 "$work/wp.log" >&2; exit 2; }
  grep -E 'Goal .* : (Unknown|Timeout|Failed)|\[Failed\]' "$work/wp.log" >"$work/open.log"
  sed -nE 's/.*Proved goals: +([0-9]+) \/ ([0-9]+)/\1 of \2/p' "$work/wp.log"
}

# plant FILE OLD NEW: a header with a planted error must not be proved.
plant() {
  local planted=$work/planted
  rm -rf "$planted"
  mkdir -p "$planted"
  cp -rL --parents osmem/base/*.h osmem/block/*.h osmem/space/block_id.h props/proofs/proofs.c "$planted"
  sed "s|$2|$3|" "$1" >"$planted/$1"
  if cmp -s "$1" "$planted/$1"; then
    echo "proofs: the planted error no longer fits $1: $2" >&2
    exit 2
  fi
  local result
  result=$(prove "$planted")
  if [[ ${result% of *} == "${result#* of }" ]]; then
    echo "proofs: a planted error in $1 is proved right" >&2
    exit 1
  fi
  echo "rejected, as it must be: $3 in $1 ($result proved)"
}

echo "axioms of bits: $proved of $axioms proved"
result=$(prove "$PWD")
echo "assertions: $result proved"
if [[ -z $result || ${result% of *} != "${result#* of }" ]]; then
  cat "$work/open.log"
  exit 1
fi
plant osmem/block/tag.h 'return granules <= 127' 'return granules <= 128'
plant osmem/space/block_id.h 'return whole - taken;' 'return whole - taken - 1;'
