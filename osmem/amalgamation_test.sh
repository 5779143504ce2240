#!/bin/bash
# osmem in one file compiles alone without a warning, by clang and gcc, as C11 and newer, with
# and without its expectations; works; and its header is C++ as well.
set -eu
folder=osmem/amalgamation
failed=0

try() {
  if ! "$@" -Wall -Wextra -Werror -I$folder $folder/osmem.c osmem/amalgamation_program.c \
    -o "$TEST_TMPDIR/program" -lpthread || [[ $("$TEST_TMPDIR/program") != sound ]]; then
    echo "FAIL: $*" >&2
    failed=1
  fi
}

for compiler in clang-19 gcc; do
  try "$compiler" -std=c11 -O0
  try "$compiler" -std=gnu17 -O2
  try "$compiler" -std=gnu17 -O3 -DNDEBUG
  try "$compiler" -std=gnu17 -O2 -flto
done
echo '#include "osmem.h"' | clang-19 -x c++ -std=c++14 -Wall -Wextra -Werror -I$folder -fsyntax-only -
exit $failed
