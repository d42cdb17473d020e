# The SBOM of an image: Maven's, and what else is linked into the executable or lies beside it.
def part($name; $version; $licence; $supplier):
  {type: "library", $name, licenses: [$licence], supplier: {name: $supplier}}
  + if $version == "" then {} else {$version} end;
def expression: {expression: .};
def identifier: {license: {id: .}};
def file($name; $hash): {type: "file", $name, hashes: [{alg: "SHA-256", content: $hash}]};

($parts[0].linked) as $linked
| {
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
          part("OpenJDK class library"; $linked.jdk; "GPL-2.0-only WITH Classpath-exception-2.0" | expression; "OpenJDK"),
          part("OpenJDK native libraries"; $linked.libraries; "GPL-2.0-only WITH Classpath-exception-2.0" | expression; "OpenJDK"),
          part("GraalVM Native Image run time"; $linked.graalvm; "GPL-2.0-only WITH Classpath-exception-2.0" | expression; "Oracle"),
          part("GraalVM SDK"; $linked.graalvm; "UPL-1.0" | identifier; "Oracle"),
          part("musl"; $linked.musl; "MIT" | identifier; "Debian"),
          part("zlib"; $linked.zlib; "Zlib" | identifier; "Debian"),
          (part("Mozilla root certificates (certifi)"; $linked.roots; "MPL-2.0" | identifier; "Mozilla")
            + {purl: ("pkg:pypi/certifi@" + $linked.roots)})
        ]
      + [$parts[] | file("orchestrator linux/" + .architecture; .executable),
                    file("circleci-agent linux/" + .architecture; .agent)]
      | sort_by(.type, .group // "", .name))
  }
