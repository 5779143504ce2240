#!/bin/bash
# No word of words.txt stands in the tree.
set -eu
tidy=$(readlink -f tools/tidy.py)
"$tidy" --words "$(dirname "$(dirname "$tidy")")"
