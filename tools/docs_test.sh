#!/bin/bash
# The documentation is true, and docs.py sees what is not.
set -eu
docs=$(readlink -f tools/docs.py)
tree=$(dirname "$(dirname "$docs")")
"$docs" "$tree"

bad=${TEST_TMPDIR:?}/bad
mkdir -p "$bad/.ci" "$bad/docs" "$bad/osmem"
cd "$bad"
cat >.ci/run <<'SH'
run_tests //...
for kind in a b; do
  run_step tools/bazel run --noshow_progress "//x:${kind}_thing" -- -runs=1
done
run_step tools/some.py --least=95
SH
chmod +x .ci/run
echo 'int alpha;' >osmem/a.c
printf '| row | x |\n|---|---|\n| one | yes | no |\n' >docs/PROMISES.md
cat >README.md <<'MD'
[a link](docs/PROMISES.md), `osmem/a.c:alpha`, `osmem/` and `osmem/a.c`.

```sh
tools/bazel test //osmem/...     # by run_tests
tools/bazel run //x:b_thing      # by a loop
tools/some.py
.ci/run
```

<!-- docs: run ends=2 as bash -c "exit 2" -->
<!-- docs: by osmem/a.c: int alpha -->
```sh
bash long \
  and longer
tools/alpha
```

<!-- docs: run ends=134 makes=made shows -->
```sh
echo 'address 0x12' >made
cat made <<'END'
not a command
END
kill -ABRT $$
```

```text
address 0x34
```

<!-- docs: file=osmem/a.c -->
```c
int alpha;
```

| one | yes |
MD
"$docs" . >out || { echo "docs.py sees what is right as wrong:" && cat out && exit 1; }
grep -qx 'docs: 9 commands, 4 run by .ci/run, 1 by a test, 4 by --run; 0 wrong' out || { cat out && exit 1; }
"$docs" --run . >out || { echo "a command that passes fails:" && cat out && exit 1; }
grep -qx 'docs: 4 commands, 4 passed' out || { cat out && exit 1; }
[[ ! -e made ]] || { echo "what a block makes is left" && exit 1; }

cat >docs/BAD.md <<'MD'
[a link](MISSING.md), `osmem/b.c`, `osmem/a.c:beta`

```sh
tools/bazel run //x:other
tools/bazel run -c opt //x:a_thing
tools/some.py --other
.ci/none
```

<!-- docs: by osmem/a.c: int beta -->
<!-- docs: by osmem/a.c: alpha -->
<!-- docs: by osmem/b.c: x -->
<!-- docs: run as tools/bazel run //x:other -->
<!-- docs: run as echo -->
```sh
one
two
int
tools/bazel run //x:third
```

<!-- docs: file=osmem/a.c -->
```c
int beta;
```

1. Indented:

   <!-- docs: run shows -->
   ```sh
   echo one
   ```

   ```text
   two
   ```
MD
for _ in $(seq 170); do echo more; done >>README.md
sed -i 's/| one | yes |/| one | no |/' README.md
"$docs" . >out && echo "docs.py saw nothing wrong" && exit 1
# shellcheck disable=SC2016  # the backticks are the output's own
for rule in 'BAD.md:1: MISSING.md does not exist' 'BAD.md:1: osmem/b.c does not exist' \
  'BAD.md:1: osmem/a.c has no beta' 'runs `tools/bazel run //x:other`' \
  'runs `tools/bazel run -c opt //x:a_thing`' 'runs `tools/some.py --other`' '.ci/none does not exist' \
  'BAD.md:16: osmem/a.c has no `int beta`' 'BAD.md:17: osmem/a.c has no `two`' 'BAD.md:18: osmem/b.c does not exist' \
  'not the program of `tools/bazel run //x:third`' 'a mark without a command: run as echo' \
  'expected the text of osmem/a.c' 'lines, expected up to 180' 'the row `one`: expected yes'; do
  grep -qF -- "$rule" out || { echo "docs.py does not see: $rule" && cat out && exit 1; }
done
"$docs" --run . >out && echo "--run saw nothing wrong" && exit 1
grep -q 'FAILED: expected to print' out || { cat out && exit 1; }
echo "docs.py sees each rule broken"
