## Measure what the orchestrator costs beside other init processes: ./do bench [FIGURE…]
##
## Offline, on a machine that does nothing else; needs root. Contestants take turns. A line that
## begins with "bench:" tells for each goal whether it is reached (pass) or not (short). All results
## and plots lie in target/bench/work; a whole run, with no FIGURE, writes those of docs/benchmarks.
## init is all that tells of init: ext4, XFS, tmpfs, and Pods by podman.
##
##   --quick               five runs, without what takes long: about a minute
##   --runs N              of each contestant (30)
##   --executable PATH     another build of the orchestrator, as the contestant "other"
verb_bench() {
  ((EUID == 0)) || die "bench: PID namespaces and control groups need root"
  # fontconfig has the fonts of the plots.
  need tini-static=tini dumb-init=dumb-init catatonit=catatonit musl-gcc=musl-tools gcc=gcc fc-list=fontconfig \
    mkfs.ext4=e2fsprogs mkfs.xfs=xfsprogs podman=podman runc=runc
  build "$(machine_architecture)"
  maven package -pl bench -am -Dmaven.test.skip=true -DskipUnitTests=true
  local source=$root/bench/src/main/c out=$root/target/bench
  mkdir -p "$out"
  # The agent is as small as a program can be; the measuring program needs the kernel's headers.
  musl-gcc -static -O2 -s -Wall -Wextra -Werror -o "$out/agent" "$source/agent.c"
  gcc -static -O2 -s -Wall -Wextra -Werror -o "$out/measure" "$source/measure.c"
  # For the Pods: podman's settings, and a storage of its own.
  podman_of_our_own
  # A network of its own: each port is free, and nothing comes from outside.
  "$out/measure" alone "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Djava.awt.headless=true \
    -cp "$root/bench/target/classes:$(<"$root/bench/target/class-path")" com.circleci.runnerinit.bench.Main \
    "$out/measure" "$out/agent" "$bin/orchestrator" "$out/work" "$root/docs/benchmarks" "$@"
}
