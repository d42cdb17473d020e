# ./do bench: what the orchestrator costs, beside other init processes.

compile_measurer() {
  local source=$root/bench/src/main/c out=$root/target/bench
  mkdir -p "$out"
  # The agent is as small as a program can be; the measuring program needs the kernel's headers.
  musl-gcc -static -O2 -s -Wall -Wextra -Werror -o "$out/agent" "$source/agent.c"
  gcc -static -O2 -s -Wall -Wextra -Werror -o "$out/measure" "$source/measure.c"
}

bench() {
  maven package -pl bench -am -Dmaven.test.skip=true -DskipUnitTests=true
  compile_measurer
  # For the Pods: podman's settings, and a storage of its own.
  podman_of_our_own
  trap clean_up EXIT
  # A network of its own: each port is free, and nothing comes from outside.
  "$root/target/bench/measure" alone "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Djava.awt.headless=true \
    -cp "$root/bench/target/classes:$(<"$root/bench/target/class-path")" com.circleci.runnerinit.bench.Main \
    "$root/target/bench/measure" "$root/target/bench/agent" "$bin/orchestrator" \
    "$root/target/bench/work" "$root/docs/benchmarks" "$@"
}
