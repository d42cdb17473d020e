# SBOM, provenance, signature and the way to the registry, for ./do images.

# renovate: github.com/sigstore/cosign/v3
cosign_version=v3.1.3

# SHA-256 of a file in an image's only layer: hash_in LAYOUT MANIFEST NAME
hash_in() {
  local layer
  layer=$(jq -r '.layers[0].digest | ltrimstr("sha256:")' "$1/blobs/sha256/${2#sha256:}")
  tar -xzOf "$1/blobs/sha256/$layer" "$3" | sha256sum | cut -d' ' -f1
}

# Writes LAYOUT.cdx.json and LAYOUT.provenance.json, which depend on the image alone:
# describe_image LAYOUT TASK_AGENT
describe_image() {
  need jq=jq
  local layout=$1 agent=$2 digest revision parts=() architecture manifest hash record
  digest=$(layout_digest "$layout")
  revision=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
  while read -r architecture manifest; do
    record=$root/target/bin/linux/$architecture/inputs.json
    [[ -f $record ]] || die "images: no $record, which says what the executable was made of: ./do build writes it"
    hash=$(hash_in "$layout" "$manifest" orchestrator)
    [[ $hash == "$(jq -r .executable "$record")" ]] ||
      die "images: $record is of another executable than the image's: ./do build makes both"
    parts+=("$(jq -c --arg architecture "$architecture" --arg agent "$(hash_in "$layout" "$manifest" circleci-agent)" \
      '. + {$architecture, $agent}' "$record")")
  done < <(jq -r '.manifests[] | .platform.architecture + " " + .digest' "$layout/blobs/sha256/${digest#sha256:}")
  local facts=(
    --sort-keys --arg digest "${digest#sha256:}" --arg revision "$revision" --arg version "$(version)" --arg agent "$agent"
    --arg source "${IMAGE_SOURCE:-$(image_source)}" --arg time "$(date -u -d "@$(image_time)" +%FT%TZ)"
    --argjson parts "$(printf '%s\n' "${parts[@]}" | jq -s .)"
  )
  jq "${facts[@]}" -f "$root/scripts/sbom.jq" "$root/target/bin/linux/${architectures[0]}/maven.cdx.json" >"$layout.cdx.json"
  jq -n "${facts[@]}" -f "$root/scripts/provenance.jq" >"$layout.provenance.json"
}

# Sets cosign to the signer's path. To build it takes minutes, once.
find_cosign() {
  cosign=$(go_tool cosign "$cosign_version" github.com/sigstore/cosign/v3/cmd/cosign) || exit 1
}

# The key's file, or the name of the variable that holds it; never the key itself.
signing_key() {
  case ${COSIGN_KEY:-} in
    "" | env://* | *kms://*) printf '%s\n' "${COSIGN_KEY:-}" ;;
    *)
      # Not the value, which may be the key itself.
      [[ -f $COSIGN_KEY ]] || die "images: COSIGN_KEY is the path of a key, or env://VARIABLE that holds one; there is no such file"
      printf '%s\n' "$COSIGN_KEY"
      ;;
  esac
}

# By digest first, then signature, SBOM and provenance, and the tag last: whoever pulls the tag gets
# the old image whole, or the new one with all that belongs to it.
# publish LAYOUT NAME:TAG
publish() {
  local layout=$1 repository=${2%:*} digest key
  need skopeo=skopeo
  digest=$(layout_digest "$layout")
  key=$(signing_key) || exit 1
  skopeo copy --quiet --all --preserve-digests "oci:$layout" "docker://$repository@$digest"
  if [[ -n $key ]]; then
    find_cosign
    local options=(--yes --key "$key" --signing-config "$root/docker/signing-config.json")
    "$cosign" sign "${options[@]}" "$repository@$digest"
    "$cosign" attest "${options[@]}" --type cyclonedx --predicate "$layout.cdx.json" "$repository@$digest"
    "$cosign" attest "${options[@]}" --type slsaprovenance1 --predicate "$layout.provenance.json" "$repository@$digest"
  fi
  skopeo copy --quiet --all --preserve-digests "docker://$repository@$digest" "docker://$2"
}
