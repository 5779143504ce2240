#!/bin/bash
# Starts show_program: compiles text to bytes, and passes the paths of libraries and header.
set -u
# Started by bazel run, or from the runfiles of a fuzz target.
root=$0.runfiles/osmem
[[ -d $root ]] || root=$(dirname "$(dirname "$0")")
text=$root/fuzz/ops/ops_text
here=${BUILD_WORKING_DIRECTORY:-$PWD}
absolute() { case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac; }
if [[ ${1:-} == --compile && $# == 3 ]]; then
  exec "$text" --compile "$(absolute "$2")" "$(absolute "$3")"
fi
on=--on=osmem
if [[ ${1:-} == --on=* ]]; then
  on=$1
  shift
fi
if [[ $# != 1 || $1 == -* ]]; then
  echo "usage: bazel run //fuzz:show -- [--on=osmem,classic,...] FILE | -- --compile FILE OUT" >&2
  exit 2
fi
program=$(mktemp) || exit 2
trap 'rm -f "$program"' EXIT
"$text" --compile "$(absolute "$1")" "$program" || exit 2
SHOW_OSMEM=$(readlink -f "$root/osmem/libosmem_core.so")
SHOW_CLASSIC=$(readlink -f "$root/osmem/classic/libosmem.so")
SHOW_INCLUDE=$(dirname "$(dirname "$(readlink -f "$root/osmem/osmem.h")")")
# The C program is kept here until the next one.
SHOW_FOLDER=${BUILD_WORKSPACE_DIRECTORY:-$here}/.fuzz/show
mkdir -p "$SHOW_FOLDER" || exit 2
export SHOW_FOLDER SHOW_OSMEM SHOW_CLASSIC SHOW_INCLUDE
"$root/fuzz/show_program" "$on" "$program"
