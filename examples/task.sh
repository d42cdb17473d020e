#!/bin/sh
# A task as people have them: it compiles, it tests, and it does not clean up behind itself.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/primes.c" <<'END'
#include <stdio.h>

int main(void) {
  int found = 0;
  for (int n = 2; found < 1000; n++) {
    int prime = 1;
    for (int d = 2; prime && d * d <= n; d++) prime = n % d != 0;
    found += prime;
    if (found == 1000) printf("%d\n", n);
  }
  return 0;
}
END

echo "compiling"
cc -O2 -Wall -o "$work/primes" "$work/primes.c"

echo "testing"
answer=$("$work/primes")
[ "$answer" = 7919 ] || { echo "the 1000th prime is 7919, not $answer" >&2; exit 1; }

echo "leaving orphans behind"
for _ in 1 2 3 4 5 6 7 8; do
  (sleep 0.2 &)
done
setsid sleep 600 >/dev/null 2>&1 &
sleep 1
echo "done"
