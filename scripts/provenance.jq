# The provenance of an image, as the predicate of SLSA 1: what it was made from, and how.
{
  buildDefinition: {
    buildType: "urn:runner-init:images:1",
    externalParameters: {$source, $revision, $version, taskAgent: $agent, time: $time},
    internalParameters: {options: ($parts | map({(.architecture): .options}) | add)},
    resolvedDependencies: (
      [{uri: ("git+" + $source), digest: {gitCommit: $revision}}]
      + [$parts[] | {name: ("circleci-agent linux/" + .architecture), digest: {sha256: .agent}}]
      + ([$parts[].inputs[] | {name, digest: {sha256}}] | unique))
  },
  runDetails: {builder: {id: "urn:runner-init:do-images"}}
}
