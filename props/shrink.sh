#!/bin/bash
# bazel run //props:shrink -- [--bytes] [--on=SUBJECT,...] FILE: shrinks a program that fails,
# keeps the result in .fuzz/shrink of the workspace, and shows it.
set -u
# Started by bazel run, or from the runfiles of a test.
root=$0.runfiles/osmem
[[ -d $root ]] || root=$(dirname "$(dirname "$0")")
bytes=() on=--on=osmem files=()
for argument in "$@"; do
  case $argument in
    --bytes) bytes=(--bytes) ;;
    --on=*) on=$argument ;;
    -*) files=() && break ;;
    *) files+=("$argument") ;;
  esac
done
if [[ ${#files[@]} != 1 ]]; then
  echo "usage: bazel run //props:shrink -- [--bytes] [--on=osmem,classic,...] FILE" >&2
  exit 2
fi
file=${files[0]}
[[ $file == /* ]] || file=${BUILD_WORKING_DIRECTORY:-$PWD}/$file
kept=${BUILD_WORKSPACE_DIRECTORY:-$PWD}/.fuzz/shrink
mkdir -p "$kept" || exit 2
shrunk=$(mktemp "$kept/new.XXXXXX") || exit 2
trap 'rm -f "$shrunk"' EXIT
"$root/props/shrink_program" ${bytes[@]+"${bytes[@]}"} "$on" "$file" >"$shrunk" || exit
# Named by what it holds, too: files of one name in two folders have a result each.
result=$kept/$(basename "$file" .txt)-$(sha256sum <"$shrunk" | head -c 8).txt
chmod 0644 "$shrunk" && mv "$shrunk" "$result" || exit 2
"$root/fuzz/show" "$on" "$result"
echo
echo "shrink: kept in $result" >&2
