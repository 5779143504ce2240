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
mkdir nowhere
printf 'int c;\n' >nowhere/c.c
if "$tidy" . >out; then
  echo "tidy.py saw nothing wrong" && exit 1
fi
for rule in 'lines, expected up to 400' 'a function of 62 lines' '#if within a function' \
  'expected the guard OSMEM_A_H' 'expected #include "osmem/a.h" first' 'a tab' 'left over' \
  'no target of osmem/BUILD names it' 'nowhere/c.c:1: there is no nowhere/BUILD' 'not as clang-format-19 leaves it'; do
  grep -qF "$rule" out || { echo "tidy.py does not see: $rule" && cat out && exit 1; }
done
echo "tidy.py sees each rule broken"

# The sizes of Python and shell.
rm -r "$bad"
mkdir -p "$bad/osmem/heap" "$bad/tools"
cd "$bad"
{
  printf 'def f():\n'
  for _ in $(seq 61); do printf '    f()\n'; done
  for _ in $(seq 400); do printf 'f()\n'; done
} >tools/a.py
for _ in $(seq 401); do printf 'true\n'; done >tools/a.sh
"$tidy" . >out && echo "tidy.py saw nothing wrong in scripts" && exit 1
for rule in 'tools/a.py:1: 462 lines, expected up to 400' 'tools/a.py:1: a function of 62 lines' \
  'tools/a.sh:1: 401 lines, expected up to 400'; do
  grep -qF "$rule" out || { echo "tidy.py does not see: $rule" && cat out && exit 1; }
done

# The words, in all forms, and what looks like one and is none.
rm -r "$bad"
mkdir -p "$bad/osmem/heap" "$bad/fuzz"
cd "$bad"
printf 'a roommate, a tasked lead engineer, in_place, beside it, a random choice, a table, clear of it\n' >osmem/heap/a.md
printf 'the kernel ledger\n' >fuzz/a.md
"$tidy" --words . || { echo "tidy.py --words sees a word where there is none" && exit 1; }
mkdir -p props/mutants
printf '"heap_blame", "heap_blame_stranger"\n' >props/mutants/make.py
"$tidy" --words . || { echo "tidy.py --words does not know the exceptions" && exit 1; }
cat >osmem/heap/b.c <<'TXT'
/* Told: Whoever asked, of two rooms. */
struct os_place *place = machine_is_told(heap_lead, place->lock_give, NOBODY);
by lot; that waits; the ledger; heap_beside; is_clear; heap->choice; take_alone;
TXT
mkdir osmem/front
: >osmem/front/blame.c
"$tidy" --words . >out && echo "tidy.py --words saw nothing" && exit 1
for rule in 'b.c:1: "Told": say report' 'b.c:1: "Whoever": say' 'b.c:1: "asked": say requested' 'b.c:1: "rooms": say block size' \
  'b.c:2: "os_place": say block' 'b.c:2: "place": say block' 'b.c:2: "told": say report' 'b.c:2: "lead": say left' \
  'b.c:2: "lock_give": say lock_release' 'b.c:2: "NOBODY": say' 'b.c:3: "by lot": say random' \
  'b.c:3: "that waits": say quarantined' 'b.c:3: "ledger": say site table' 'b.c:3: "beside": say locate' \
  'b.c:3: "is_clear": say zeroed' 'b.c:3: "choice": say random' 'b.c:3: "alone": say guarded allocation' \
  'osmem/front/blame.c:1: "blame": say classify'; do
  grep -qF "$rule" out || { echo "tidy.py --words does not see: $rule" && cat out && exit 1; }
done
"$tidy" --words=counts . >out && exit 1
grep -qE '^ +[0-9]+  lock_give +osmem/heap 1$' out || { cat out && exit 1; }
echo "tidy.py sees each word"
