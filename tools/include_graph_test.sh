#!/bin/bash
# The includes of the tree keep the floors.
set -eu
graph=$(readlink -f tools/include_graph.py)
"$graph" "$(dirname "$(dirname "$graph")")"
