# The SBOM of an image: Maven's, and what else is linked into the executable or lies beside it.
def part($name; $version; $licence; $supplier):
  {type: "library", $name, supplier: {name: $supplier}}
  + {licenses: [if $licence | contains(" ") then {expression: $licence} else {license: {id: $licence}} end]}
  + if $version == "" then {} else {$version} end;
def file($name; $hash): {type: "file", $name, hashes: [{alg: "SHA-256", content: $hash}]};

# Empty where the GraalVM that was there does not tell it.
def version($name):
  $parts[0] | [.release, .toolchain | splits("\n") | capture("^" + $name + "=\"?(?<it>[^\"]*)").it] | first // "";

{
  bomFormat, specVersion, version,
  "$schema": .["$schema"],
  metadata: {
    timestamp: $time,
    tools: (.metadata.tools | .components |= map(del(.hashes))),
    component: {
      type: "container", name: "runner-init", $version, "bom-ref": "image",
      hashes: [{alg: "SHA-256", content: $digest}],
      licenses: [{license: {id: "Apache-2.0"}}]
    }
  },
  components: (
    [.components[] | del(.["bom-ref"])]
    + [
        part("OpenJDK class library"; version("JAVA_RUNTIME_VERSION"); "GPL-2.0-only WITH Classpath-exception-2.0"; "OpenJDK"),
        part("OpenJDK native libraries"; version("openjdk.version"); "GPL-2.0-only WITH Classpath-exception-2.0"; "OpenJDK"),
        part("GraalVM Native Image run time"; version("GRAALVM_VERSION"); "GPL-2.0-only WITH Classpath-exception-2.0"; "Oracle"),
        part("GraalVM SDK"; version("GRAALVM_VERSION"); "UPL-1.0"; "Oracle"),
        part("musl"; version("debian.musl-dev"); "MIT"; "Debian"),
        part("zlib"; version("zlib.version"); "Zlib"; "Debian"),
        (part("Mozilla root certificates (certifi)"; $parts[0].roots; "MPL-2.0"; "Mozilla")
          + {purl: ("pkg:pypi/certifi@" + $parts[0].roots)})
      ]
    + [$parts[] | file("orchestrator linux/" + .architecture; .executable),
                  file("circleci-agent linux/" + .architecture; .agent)]
    | sort_by(.type, .group // "", .name))
}
