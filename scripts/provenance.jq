# The provenance of an image, as the predicate of SLSA 1: what it was made from, and how.
def inputs_of_build:
  (.inputs | splits("\n") | capture("^(?<sha256>\\S+) .*/(?<name>.+)")),
  (.toolchain | splits("\n") | capture("^(?<name>.+)\\.sha256=(?<sha256>.+)"))
  | {name, digest: {sha256}};

{
  buildDefinition: {
    buildType: "urn:runner-init:images:1",
    externalParameters: {$source, $revision, $version, taskAgent: $agent, time: $time},
    internalParameters: {options: ($parts | map({(.architecture): (.options | split(" "))}) | add)},
    resolvedDependencies: (
      [{uri: ("git+" + $source), digest: {gitCommit: $revision}}]
      + [$parts[] | {name: ("circleci-agent linux/" + .architecture), digest: {sha256: .agent}}]
      + ([$parts[] | inputs_of_build] | unique))
  },
  runDetails: {builder: {id: "urn:runner-init:do-images"}}
}
