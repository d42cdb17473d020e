# shellcheck shell=bash
# shellcheck disable=SC2154 # root and cache are of ./do
#
# ./do compare-builds: how two builds of the executable differ, if they do. Sourced by ./do.

# Prints a line for each section of the first file that has bytes in it: name, offset, size.
sections() {
  readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] *//p' |
    awk '$2 != "NOBITS" && $1 != "NULL" { print $1, $4, $5 }' | while read -r name offset size; do
    printf '%s %d %d\n' "$name" "0x$offset" "0x$size"
  done
}

# Counts, in what cmp -l says, the bytes that differ in each section.
differences() {
  awk '
    NR == FNR { name[NR] = $1; from[NR] = $2; to[NR] = $2 + $3; sections = NR; next }
    {
      at = $1 - 1
      for (s = 1; s <= sections && (at < from[s] || at >= to[s]); s++);
      differ[s]++
    }
    END {
      name[sections + 1] = "(headers)"
      printf "%-14s %10s %10s\n", "section", "bytes", "differ"
      for (s = 1; s <= sections + 1; s++) {
        printf "%-14s %10s %10d\n", name[s], (s > sections ? "" : to[s] - from[s]), differ[s]
      }
    }' <(sections "$1") <(cmp -l "$1" "$2" 2>/dev/null)
}

compare_builds() {
  need readelf=binutils git=git jq=jq
  local architecture=${1:-$(machine_architecture)} folder=$root/target/compare-builds/another-folder here there
  build "$architecture"
  # A clone of what is committed, under a path of another length, and none of the executables that are kept.
  rm -rf "$folder"
  git clone --quiet "$root" "$folder"
  RUNNER_INIT_EXECUTABLES=$folder/executables ARCHITECTURES=$architecture "$folder/do" build
  here=target/bin/linux/$architecture
  there=${folder#"$root"/}/$here
  cd "$root" || exit
  cmp -s <(jq 'del(.executable)' "$here/inputs.json") <(jq 'del(.executable)' "$there/inputs.json") ||
    die "compare-builds: what is committed is not what was built here: see inputs.json in $here and in $there"
  sha256sum {"$here","$there"}/orchestrator
  printf 'size: %d and %d bytes\n' "$(stat -c %s "$here/orchestrator")" "$(stat -c %s "$there/orchestrator")"
  if cmp -s {"$here","$there"}/orchestrator; then
    echo "the two builds are the same, byte for byte"
  else
    differences {"$here","$there"}/orchestrator
  fi
}
