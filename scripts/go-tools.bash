# Tools that are to be had as Go modules alone.

find_go() {
  local go
  go=$(command -v go || echo /usr/local/go/bin/go)
  [[ -x $go ]] || die "no $1 on the PATH or in the cache, and no Go to build it with"
  printf '%s\n' "$go"
}

# Prints the path of a tool: the one that is there, else one built once: go_tool NAME VERSION PACKAGE
go_tool() {
  local name=$1 version=$2 package=$3 tool go
  tool=$(command -v "$name" || echo "$cache/tools/$name-$version/$name")
  if [[ ! -x $tool ]]; then
    go=$(find_go "$name $version") || exit 1
    mkdir -p "$root/target"
    # The command has the name of its folder, or of its module where that ends in a version.
    with_progress "building $name $version" "$root/target/$name.log" \
      env GOBIN="$(dirname "$tool")" CGO_ENABLED=0 "$go" install -trimpath -ldflags "-s -w" "$package@$version"
  fi
  printf '%s\n' "$tool"
}

# Prints the folder of the tools that a go.mod lists, built once. For modules that can't be
# installed by name and version; go.sum has their hashes: go_module_tools NAME FOLDER [LINKER-FLAGS]
go_module_tools() {
  local name=$1 folder=$2 flags="-s -w ${3:-}" go kept tools
  kept=$cache/tools/$name-$({
    printf '%s\n' "$flags"
    cat "$folder"/go.{mod,sum}
  } | sha256sum | cut -c1-16)
  if [[ ! -d $kept ]]; then
    go=$(find_go "$name") || exit 1
    mkdir -p "$root/target"
    rm -rf "$kept.new"
    mkdir -p "$kept.new"
    mapfile -t tools < <(sed -n '/^tool (/,/^)/s/^\t//p' "$folder/go.mod")
    with_progress "building $name" "$root/target/$name.log" \
      env CGO_ENABLED=0 "$go" build -C "$folder" -mod=readonly -trimpath -ldflags "$flags" -o "$kept.new/" "${tools[@]}"
    mv "$kept.new" "$kept"
  fi
  printf '%s\n' "$kept"
}
