# shellcheck shell=bash
# shellcheck disable=SC2154 # root and cache are of ./do
#
# Tools that are to be had as Go modules alone. Sourced by the scripts that need one.

# Prints the path of a tool: the one that is there, else one built once: go_tool NAME VERSION PACKAGE
go_tool() {
  local name=$1 version=$2 package=$3 tool go
  tool=$(command -v "$name" || echo "$cache/tools/$name-$version/$name")
  if [[ ! -x $tool ]]; then
    go=$(command -v go || echo /usr/local/go/bin/go)
    [[ -x $go ]] || die "no $name on the PATH, and no Go to build $name $version with"
    mkdir -p "$root/target"
    # The command has the name of its folder, or of its module where that ends in a version.
    with_progress "building $name $version" "$root/target/$name.log" \
      env GOBIN="$(dirname "$tool")" CGO_ENABLED=0 "$go" install -trimpath -ldflags "-s -w" "$package@$version"
  fi
  printf '%s\n' "$tool"
}
