# One entry for each jar of the class path: name, version, and what its own NOTICE says.
maven_attributions() {
  local bom=$root/orchestrator/target/runtime.cdx.json paths=$root/orchestrator/target/class-path
  local group name version licence site jar notice
  compile
  while IFS=$'\t' read -r group name version licence site; do
    [[ $licence == Apache-2.0 ]] ||
      die "license-attributions: $name is under $licence: NOTICE.template and maven_attributions know Apache-2.0 alone"
    jar=$(tr : '\n' <"$paths" | grep "/$name-$version\.jar$") || die "license-attributions: no jar of $name $version"
    printf '%s %s (%s)\n  %s\n' "$name" "$version" "$group" "$site"
    for notice in META-INF/NOTICE META-INF/NOTICE.txt NOTICE; do
      unzip -p "$jar" "$notice" 2>/dev/null && break
    done | tr -d '\r' | sed '/^$/d; s/^/  /'
    echo
  done < <(jq -r '.components | sort_by(.name)[]
    | [.group, .name, .version, ([.licenses[]? | .license.id // .license.name // .expression] | join(" and ")),
      (first(.externalReferences[]? | select(.type == "website" or .type == "vcs") | .url) // "")] | @tsv' "$bom")
}

write_notice() {
  need jq=jq unzip=unzip
  maven_bom
  local maven graalvm certifi
  maven=$(maven_attributions) || exit 1
  graalvm=$(sed -n 's:.*<nativeimage.version>\(.*\)</nativeimage.version>.*:\1:p' "$root/pom.xml")
  certifi=$(sed -n 's/^source: *certifi \([^ ]*\).*/\1/p' "$root/orchestrator/src/main/roots/roots.txt")
  while IFS= read -r line; do
    line=${line//@graalvm@/$graalvm}
    line=${line//@certifi@/$certifi}
    [[ $line == @maven@ ]] && line=$maven$'\n'
    printf '%s\n' "$line"
  done <"$root/licenses/NOTICE.template" >"$1"
}

## Write NOTICE: whose work is linked into the executable; license-attributions check compares
verb_license_attributions() {
  local new
  new=$(mktemp)
  write_notice "$new"
  case ${1:-write} in
    write) cat "$new" >"$root/NOTICE" ;;
    check) diff -u "$root/NOTICE" "$new" || die "NOTICE is stale: ./do license-attributions writes it" ;;
    *) die "license-attributions: check, or nothing" ;;
  esac
  rm "$new"
}
