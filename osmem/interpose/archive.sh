#!/bin/bash
# archive.sh OUT ARCHIVE...: makes libosmem.a of two objects. All that is not public is local to
# them; the functions of C come together or not at all, the operators of C++ where one is asked for.
set -eu
out=$PWD/$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
c=() cxx=()
for archive in "$@"; do
  case $archive in
    *.so | *.pic.a | *.pic.lo) ;;
    *cxx*) cxx+=("$archive") ;;
    *) c+=("$archive") ;;
  esac
done
ld.bfd -r --whole-archive "${c[@]}" -o "$work/osmem.o"
ld.bfd -r --whole-archive "${cxx[@]}" -o "$work/osmem_cxx.o"
objcopy --localize-hidden "$work/osmem.o"
# The personality's reference is hidden too, and must stay in its group.
objcopy --localize-symbol=cxx_refused --localize-symbol=cxx_refused_nothrow "$work/osmem_cxx.o"
rm -f "$out"
ar rcsD "$out" "$work/osmem.o" "$work/osmem_cxx.o"
