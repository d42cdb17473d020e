# shellcheck shell=bash
# shellcheck disable=SC2154 # root, bin and JAVA_HOME are of ./do
#
# ./do bench: what the orchestrator costs, beside other init processes. Sourced by ./do.

compile_measurer() {
  local source=$root/bench/src/main/c out=$root/target/bench
  mkdir -p "$out"
  # The agent is as small as a program can be; the measuring program needs the kernel's headers.
  musl-gcc -static -O2 -s -Wall -Wextra -Werror -o "$out/agent" "$source/agent.c"
  gcc -static -O2 -s -Wall -Wextra -Werror -o "$out/measure" "$source/measure.c"
}

bench() {
  maven package -pl bench -am -Dmaven.test.skip=true -DskipUnitTests=true
  local class_path_file=$root/bench/target/class-path
  if [[ ! -f $class_path_file || $root/pom.xml -nt $class_path_file ||
    $root/bench/pom.xml -nt $class_path_file ]]; then
    # In the reactor, so that the testing module is found.
    maven test-compile dependency:build-classpath -pl bench -am -Dmaven.test.skip=true -DskipUnitTests=true \
      -DincludeScope=runtime -Dmdep.outputFile=target/class-path
  fi
  compile_measurer
  # For the Pods: podman's settings, and a storage of its own.
  # shellcheck source=scripts/smoke-tests.bash
  source "$root/scripts/smoke-tests.bash"
  podman_of_our_own
  trap clean_up EXIT
  # A network of its own: each port is free, and nothing comes from outside.
  "$root/target/bench/measure" alone "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Djava.awt.headless=true \
    -cp "$root/bench/target/classes:$(cat "$class_path_file")" com.circleci.runnerinit.bench.Main \
    "$root/target/bench/measure" "$root/target/bench/agent" "$bin/orchestrator" \
    "$root/target/bench/work" "$root/docs/benchmarks" "$@"
}
