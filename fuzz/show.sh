#!/bin/bash
# Starts show_program, and passes the paths of libraries and header.
set -u
# Started by bazel run, or from the runfiles of a fuzz target.
root=$0.runfiles/osmem
[[ -d $root ]] || root=$(dirname "$(dirname "$0")")
here=${BUILD_WORKING_DIRECTORY:-$PWD}
absolute() { case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac; }
if [[ ${1:-} == --compile && $# == 3 ]]; then
  exec "$root/fuzz/ops/ops_text" --compile "$(absolute "$2")" "$(absolute "$3")"
fi
bytes=() on=--on=osmem files=()
for argument in "$@"; do
  case $argument in
    --bytes) bytes=(--bytes) ;;
    --on=*) on=$argument ;;
    -*) files=() && break ;;
    *) files+=("$(absolute "$argument")") ;;
  esac
done
if [[ ${#files[@]} != 1 ]]; then
  echo "usage: bazel run //fuzz:show -- [--bytes] [--on=osmem,classic,...] FILE | -- --compile FILE OUT" >&2
  exit 2
fi
SHOW_OSMEM=$(readlink -f "$root/osmem/libosmem_core.so")
SHOW_CLASSIC=$(readlink -f "$root/osmem/classic/libosmem.so")
SHOW_INCLUDE=$(dirname "$(dirname "$(readlink -f "$root/osmem/osmem.h")")")
# The C program is kept in a folder that is named by the program and the subjects.
SHOW_FOLDER=${BUILD_WORKSPACE_DIRECTORY:-$here}/.fuzz/show
mkdir -p "$SHOW_FOLDER" || exit 2
if [[ -f ${files[0]} ]]; then
  hash=$(cat - "${files[0]}" <<<"$on" | sha256sum | head -c 8)
  SHOW_FOLDER+=/$(basename "${files[0]}" .txt)-$hash
fi
export SHOW_FOLDER SHOW_OSMEM SHOW_CLASSIC SHOW_INCLUDE
exec "$root/fuzz/show_program" ${bytes[@]+"${bytes[@]}"} "$on" "${files[0]}"
