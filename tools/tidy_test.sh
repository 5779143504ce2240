#!/bin/bash
# The tree is tidy, and tidy.py sees what is not.
set -eu
tidy=$(readlink -f tools/tidy.py)
"$tidy" "$(dirname "$(dirname "$tidy")")"

bad=${TEST_TMPDIR:?}/bad
mkdir -p "$bad/osmem"
cd "$bad"
cp "$(dirname "$tidy")/../.clang-format" .
printf 'cc_library(name = "a", srcs = ["a.c"], hdrs = ["a.h"])\n' >osmem/BUILD
printf '#ifndef WRONG_H\n#define WRONG_H\n#endif\n' >osmem/a.h
{
  printf '#include <stdio.h>\n#include "osmem/a.h"\n\nint f(void) {\n#if 1\n    return 0;\n#endif\n}\n'
  printf '/* TO''DO */\nint  g;\n\tint h;\nint k(void) {\n'
  for _ in $(seq 60); do printf '    f();\n'; done
  printf '}\n'
  for _ in $(seq 400); do printf '\n'; done
} >osmem/a.c
printf 'int b;\n' >osmem/b.c
if "$tidy" . >out; then
  echo "tidy.py saw nothing wrong" && exit 1
fi
for rule in 'lines, expected up to 400' 'a function of 62 lines' '#if within a function' \
  'expected the guard OSMEM_A_H' 'expected #include "osmem/a.h" first' 'a tab' 'left over' \
  'no target of osmem/BUILD names it' 'not as clang-format-19 leaves it'; do
  grep -qF "$rule" out || { echo "tidy.py does not see: $rule" && cat out && exit 1; }
done
echo "tidy.py sees each rule broken"
