#!/bin/bash
# table_test.sh PAGE PROMISES.PY ARGUMENT...: docs/PROMISES.md is the page that
# promises.py makes.
set -u
page=$1
shift
diff "$page" <("$@" --table) && exit 0
echo "docs/PROMISES.md: expected as tools/bazel run //props/conformance/promises -- --write writes it"
exit 1
