#!/bin/bash
# The README shows every line of the table that promises.py makes, in that order and in one piece.
set -u
readme=${*: -1}
table=$("${@:1:5}" --table) || exit 1
[[ $(<"$readme") == *"$table"* ]] && exit 0
echo "README.md: expected the table that tools/bazel run //props/conformance/promises -- --table prints:"
echo "$table"
exit 1
