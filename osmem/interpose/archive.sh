#!/bin/bash
# archive.sh OUT ARCHIVE...: makes libosmem.a of two objects, in which all but the public
# names are local: all functions of C in one, the operators of C++ in the other, linked
# where one is used.
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
