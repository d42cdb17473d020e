# renovate: github.com/sigstore/cosign/v3
cosign_version=v3.1.3

# Sets cosign to the signer's path. To build it takes minutes, once.
find_cosign() { cosign=$(go_tool cosign "$cosign_version" github.com/sigstore/cosign/v3/cmd/cosign); }

# By digest first, then signature, SBOM and provenance, and the tag last: whoever pulls the tag gets
# the old image whole, or the new one with all that belongs to it.
# push LAYOUT REPOSITORY TAG
push() {
  local image sign=(--yes --key "${COSIGN_KEY:-}" --signing-config "$root/docker/signing-config.json")
  image=$2@$(layout_digest "$1")
  skopeo copy --quiet --all --preserve-digests "oci:$1" "docker://$image"
  if [[ -n ${COSIGN_KEY:-} ]]; then
    "$cosign" sign "${sign[@]}" "$image"
    "$cosign" attest "${sign[@]}" --type cyclonedx --predicate "$1.cdx.json" "$image"
    "$cosign" attest "${sign[@]}" --type slsaprovenance1 --predicate "$1.provenance.json" "$image"
  fi
  skopeo copy --quiet --all --preserve-digests "docker://$image" "docker://$2:$3"
}

## Push an image of ./do images, with signature, SBOM and provenance: ./do publish [TAG]
##
## TAG is its name in target/images: agent by default.
##
##   IMAGE_REPOSITORY   where to: registry.example.com/your-org/runner-init
##   COSIGN_KEY         what to sign it with: a key's path, env://VARIABLE that holds one, or a KMS
##                      address; COSIGN_PASSWORD opens it. Without it, nothing is signed.
verb_publish() {
  local tag=${1:-agent} signed="not signed, since COSIGN_KEY names no key"
  [[ -n ${IMAGE_REPOSITORY:-} ]] ||
    die "publish: IMAGE_REPOSITORY says where to: registry.example.com/your-org/runner-init"
  [[ -f $root/target/images/$tag.provenance.json ]] || die "publish: no target/images/$tag: ./do images makes it"
  need skopeo=skopeo jq=jq
  if [[ -n ${COSIGN_KEY:-} ]]; then
    # Not the value, which may be the key itself.
    [[ $COSIGN_KEY =~ ^[a-z0-9]+:// || -f $COSIGN_KEY ]] ||
      die "publish: COSIGN_KEY is the path of a key, or env://VARIABLE that holds one; there is no such file"
    find_cosign
    signed="signed, with SBOM and provenance"
  fi
  with_progress "publishing $tag" "$root/target/images/$tag.push.log" push "$root/target/images/$tag" "$IMAGE_REPOSITORY" "$tag"
  say "$IMAGE_REPOSITORY:$tag: pushed, $signed"
}

## Publish to a registry on this machine, and verify what is there; builds cosign, once, in minutes
verb_publish_tests() {
  need "${smoke_tools[@]}"
  verb_build
  find_cosign
  podman_of_our_own
  PATH=${cosign%/*}:$PATH maven verify -pl smoke -am -DskipUnitTests=true -DskipSmokeTests=false \
    -Dgroups=publish -DexcludedGroups=none "$@"
}
