#!/bin/bash
# commits.py sees each rule broken, and lets a good commit pass.
set -eu
commits=$(readlink -f tools/commits.py)
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost
export GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
work=${TEST_TMPDIR:?}/commits
mkdir -p "$work"
cd "$work"
git init -q
git commit -q --allow-empty -m 'begin: the tree' -m 'Nothing is judged up to here.'
start=$(git rev-parse HEAD)

# The message as printf has it, and the words that commits.py must say of it; none where it is good.
expect() {
  git commit -q --allow-empty --cleanup=verbatim -m "$(printf '%b' "$1")"
  local status=0
  "$commits" HEAD~1 >out || status=$?
  if [[ -z $2 ]]; then
    [[ $status == 0 ]] && grep -qx '1 commits, 0 wrong' out && return
  else
    [[ $status == 1 ]] && grep -qF -- "$2" out && grep -qx '1 commits, 1 wrong' out && return
  fi
  echo "commits.py on: $1: status $status, expected: ${2:-nothing wrong}; it said:"
  cat out
  exit 1
}

expect 'tools: a good one\n\nIt says why.\n' ''
expect 'props/mutants, .ci/run: two scopes\n\nIt says why.\n' ''
expect "tools: $(printf 'x%.0s' {1..66})\n\nWhy.\n" 'a subject of 73 characters, expected up to 72'
expect 'no scope at all\n\nWhy.\n' 'expected `scope: what changes`'
expect 'two words: what\n\nWhy.\n' 'expected `scope: what changes`'
expect 'tools: ends with a period.\n\nWhy.\n' "a period at the subject's end"
expect 'tools: no body\n' 'no body that says why'
expect 'tools: a trailer only\n\nSigned-off-by: A <a@b>\n' 'no body that says why'
expect 'tools: no empty line\nWhy.\n' 'expected an empty line after the subject'

git checkout -q -b side "$start"
git commit -q --allow-empty -m 'side: one more' -m 'It says why.'
git merge -q --no-ff --no-edit -m 'a merge is not judged' - >/dev/null 2>&1
"$commits" >out && exit 1
grep -qx '11 commits, 7 wrong' out || { cat out; exit 1; }
"$commits" no-such-revision 2>err && exit 1
grep -q '^commits: git rev-parse: ' err
echo "commits.py sees each rule broken"
