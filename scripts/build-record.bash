# What each executable was made of: for the SBOM and the provenance of the images.

# The dependencies at run time, as CycloneDX: orchestrator/target/runtime.cdx.json
maven_bom() {
  local bom=$root/orchestrator/target/runtime.cdx.json
  [[ $bom -nt $root/pom.xml && $bom -nt $root/orchestrator/pom.xml ]] ||
    maven org.cyclonedx:cyclonedx-maven-plugin:makeBom -pl orchestrator >&2
}

# property NAME FILE: the value of NAME=value, without quotes.
property() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$2" 2>/dev/null; }

# record_build ARCHITECTURE HOME: writes inputs.json and maven.cdx.json beside the executable.
record_build() {
  need jq=jq
  local architecture=$1 home=$2 into=$root/target/bin/linux/$1 properties=$2/toolchain.properties command file
  command=$(sed -n 's/.*Executing: //p' "$root/target/native-image-$1.log")
  maven_bom
  cp "$root/orchestrator/target/runtime.cdx.json" "$into/maven.cdx.json"
  {
    grep -o -- '-cp [^ ]*' <<<"$command" | cut -c5- | tr : '\n'
    printf '%s\n' "$root/orchestrator/target/native-$architecture/librunnerinit.a" "$home/release"
  } | while read -r file; do
    printf '%s %s\n' "$(sha256sum <"$file" | cut -d' ' -f1)" "$(basename "$file")"
  done >"$into/inputs"
  if [[ -f $properties ]]; then
    sed -n 's/^jar\.\(.*\)\.sha256=\(.*\)/\2 \1/p' "$properties"
    printf '%s %s\n' \
      "$(property openjdk.archive.sha256 "$properties")" "$(property openjdk.archive.file "$properties")" \
      "$(property zlib.archive.sha256 "$properties")" "$(property zlib.archive.file "$properties")"
  fi >>"$into/inputs"
  sed "s:.* -cp [^ ]* ::; s:$root/::g" <<<"$command" | tr ' ' '\n' >"$into/options"
  jq -n --sort-keys --rawfile inputs "$into/inputs" --rawfile options "$into/options" \
    --arg executable "$(sha256sum <"$into/orchestrator" | cut -d' ' -f1)" \
    --arg jdk "$(property JAVA_RUNTIME_VERSION "$home/release")" \
    --arg graalvm "$(property GRAALVM_VERSION "$home/release")" \
    --arg libraries "$(property openjdk.version "$properties")" \
    --arg musl "$(property debian.musl-dev "$properties")" \
    --arg zlib "$(property zlib.version "$properties")" \
    --arg roots "$(sed -n 's/^source: *certifi \([^ ]*\).*/\1/p' "$root/orchestrator/src/main/roots/roots.txt")" '
    {
      executable: $executable,
      options: ($options | rtrimstr("\n") | split("\n")),
      inputs: ($inputs | rtrimstr("\n") | split("\n") | map(split(" ") | {name: .[1], sha256: .[0]})),
      # A version that is empty is of the GraalVM that was there, which does not tell it.
      linked: {jdk: $jdk, graalvm: $graalvm, libraries: $libraries, musl: $musl, zlib: $zlib, roots: $roots}
    }' >"$into/inputs.json"
  rm "$into/inputs" "$into/options"
}
