#!/bin/bash
# exports_test.sh EXPORTS HEADER LIBOSMEM CORE: libosmem.so exports the names in EXPORTS
# and those that HEADER declares, libosmem_core.so only the latter; both need only the C
# library, no glibc newer than 2.25 (getrandom), are never unloaded, and have less than 256
# bytes of thread-local data.
set -eu
failed=0
public=$(grep -E '^OS_API' "$2" | grep -oE 'os_[a-z_]+\(' | tr -d '(' | sort -u)

# check LIBRARY NAMES
check() {
  local differing needed newest thread
  differing=$(diff <(nm -D --defined-only "$1" | awk '{print $3}' | sort) <(sort <<<"$2") || true)
  needed=$(readelf -d "$1" | awk '/NEEDED/ {print $NF}' | tr '\n' ' ')
  thread=$(readelf -lW "$1" | awk '/^  TLS/ {print $6}')
  newest=$(readelf -VW "$1" | grep -oE 'GLIBC_\w+(\.\w+)*' | sort -uV | tail -n 1)
  if [[ $newest != GLIBC_2.25 ]]; then
    echo "$1: needs $newest" >&2
    failed=1
  fi
  if ! readelf -d "$1" | grep -q NODELETE; then
    echo "$1: can be unloaded" >&2
    failed=1
  fi
  if [[ -n $differing || $needed != "[libc.so.6] " ]] || ((${thread:-0} >= 256)); then
    echo "$1: needs $needed; $((${thread:-0})) bytes for each thread; exported (<) and expected (>):" >&2
    echo "$differing" >&2
    failed=1
  fi
}

check "$3" "$(cat "$1")"$'\n'"$public"
check "$4" "$public"
exit $failed
