# shellcheck shell=bash
# shellcheck disable=SC2154 # root is of ./do
#
# ./do scan: of the sources for secrets, and of the images. Sourced by ./do.

# shellcheck source=scripts/go-tools.bash
source "$root/scripts/go-tools.bash"

# renovate: github.com/zricethezav/gitleaks/v8
gitleaks_version=v8.30.1

# The layout holds two static executables of root's, that nobody else may write and that change no user,
# and a link to one of them.
scan_image() {
  local layout=$1 digest manifest layer config entries
  digest=$(layout_digest "$layout")
  while read -r manifest; do
    layer=$(jq -r '.layers | if length == 1 then .[0].digest else error("more than one layer") end' "$layout/blobs/sha256/$manifest")
    config=$(jq -r '.config.digest' "$layout/blobs/sha256/$manifest")
    entries=$(tar -tvzf "$layout/blobs/sha256/${layer#sha256:}" --numeric-owner | awk '{ print $1, $2, $6 }' | sort -k 3)
    [[ $entries == $'lrwxrwxrwx 0/0 circleci\n-rwxr-xr-x 0/0 circleci-agent\n-rwxr-xr-x 0/0 orchestrator' ]] ||
      die "scan: $layout holds something else than its two files and its link: $entries"
    jq -e '.config.Labels | has("org.opencontainers.image.revision") and has("org.opencontainers.image.licenses")' \
      "$layout/blobs/sha256/${config#sha256:}" >/dev/null || die "scan: labels are missing in $layout"
    jq -e '.config | (.Env // [] | map(select(startswith("PATH=") | not)) | length) == 0' \
      "$layout/blobs/sha256/${config#sha256:}" >/dev/null || die "scan: $layout sets variables"
    tar -xzOf "$layout/blobs/sha256/${layer#sha256:}" orchestrator >"$root/target/scanned"
    ! readelf -lW "$root/target/scanned" | grep -q INTERP || die "scan: the orchestrator of $layout is not static"
    readelf -lW "$root/target/scanned" | grep -q 'GNU_STACK.* RW ' || die "scan: the orchestrator of $layout has an executable stack"
    rm "$root/target/scanned"
    say "scan: $layout, $(jq -r '.architecture' "$layout/blobs/sha256/${config#sha256:}"): two files, nothing set, $(jq '[.layers[].size] | add' "$layout/blobs/sha256/$manifest") bytes to pull"
  done < <(jq -r '.manifests[].digest | ltrimstr("sha256:")' "$layout/blobs/sha256/${digest#sha256:}")
}

scan() {
  need jq=jq readelf=binutils git=git
  local gitleaks layout
  gitleaks=$(go_tool gitleaks "$gitleaks_version" github.com/zricethezav/gitleaks/v8) || exit 1
  "$gitleaks" git --no-banner --redact --log-level warn "$root" || die "scan: the history holds what looks like a secret"
  say "scan: no secret in the history"
  IMAGE_BUILDER=${IMAGE_BUILDER:-} images test-agent
  for layout in "$root"/target/images/*/; do scan_image "${layout%/}"; done
  say "scan: NOT done here: known vulnerabilities of the dependencies. Their data bases are on the internet;" \
    "give a scanner there target/images/*.cdx.json, such as grype sbom:FILE or trivy sbom FILE"
}
