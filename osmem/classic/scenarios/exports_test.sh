#!/bin/bash
# A shared library exports exactly the four functions, and needs the C library alone.
set -eu
expected="os_calloc os_free os_malloc os_realloc"
exported=$(nm -D --defined-only "$1" | awk '{print $3}' | sort | tr '\n' ' ')
needed=$(readelf -d "$1" | awk '/NEEDED/ {print $NF}' | tr '\n' ' ')
if [[ $exported != "$expected " || $needed != "[libc.so.6] " ]]; then
  echo "$1 exports $exported and needs $needed; expected $expected, and libc.so.6" >&2
  exit 1
fi
