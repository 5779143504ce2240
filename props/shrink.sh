#!/bin/bash
# bazel run //props:shrink -- [--on=SUBJECT,...] FILE: shrinks a program that fails, keeps
# the result in .fuzz/shrink of the workspace, and shows it.
set -u
root=$0.runfiles/osmem
on=--on=osmem
if [[ ${1:-} == --on=* ]]; then
  on=$1
  shift
fi
if [[ $# != 1 || $1 == -* ]]; then
  echo "usage: bazel run //props:shrink -- [--on=osmem,classic,...] FILE" >&2
  exit 2
fi
file=$1
[[ $file == /* ]] || file=${BUILD_WORKING_DIRECTORY:-$PWD}/$file
kept=${BUILD_WORKSPACE_DIRECTORY:-$PWD}/.fuzz/shrink
mkdir -p "$kept" || exit 2
name=$(basename "$file" .txt)
program=$(mktemp) || exit 2
trap 'rm -f "$program"' EXIT
"$root/fuzz/ops/ops_text" --compile "$file" "$program" || exit 2
"$root/props/shrink_program" "$on" "$program" >"$kept/$name.txt.new" || {
  status=$?
  rm -f "$kept/$name.txt.new"
  exit $status
}
mv "$kept/$name.txt.new" "$kept/$name.txt"
"$root/fuzz/show" "$on" "$kept/$name.txt"
echo
echo "shrink: kept in $kept/$name.txt" >&2
