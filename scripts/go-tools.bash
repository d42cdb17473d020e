# Tools that are to be had as Go modules alone.

# Prints the folder of what go install makes, once for each key: go_tools NAME KEY ARGUMENT…
go_tools() {
  local name=$1 kept=$cache/tools/$1-$2 go
  shift 2
  if [[ ! -d $kept ]]; then
    go=$(command -v go || echo /usr/local/go/bin/go)
    [[ -x $go ]] || die "no $name in the cache, and no Go to build it with"
    rm -rf "$kept.new"
    with_progress "building $name" "$root/target/$name.log" \
      env GOBIN="$kept.new" CGO_ENABLED="${CGO_ENABLED:-0}" "$go" install "$@"
    mv "$kept.new" "$kept"
  fi
  printf '%s\n' "$kept"
}

# Prints the path of a tool, the one that is there before one of that version: go_tool NAME VERSION PACKAGE
go_tool() {
  local folder
  command -v "$1" && return
  folder=$(go_tools "$1" "$2" -trimpath -ldflags "-s -w" "$3@$2") || exit 1
  printf '%s/%s\n' "$folder" "$1"
}
