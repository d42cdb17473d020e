# The orchestrator on a JVM, in target/jvm: the same classes behind launcher.c, with all that they
# need at run time in that one folder.

jvm=$root/target/jvm

# launcher NAME OPTION: the program of that name, which gives the JVM that option.
launcher() {
  local jars
  jars=$(printf ':%s' "$jvm"/classes/*.jar)
  cc -O2 -Wall -Wextra -Werror -I"$JAVA_HOME/include" -I"$JAVA_HOME/include/linux" \
    -DHOME="\"$jvm\"" -DCLASS_PATH="\"${jars#:}\"" -DVERSION="\"$(version)\"" -DCACHE="\"$2\"" \
    -o "$jvm/$1" "$root/testing/src/main/c/launcher.c" -Wl,--no-as-needed "$jvm/librunnerinit.so" -lpthread -ldl \
    -Wl,--dynamic-linker="$jvm/lib/ld.so" -Wl,-rpath="$jvm/lib:$jvm",--disable-new-dtags
}

# Its Java: a runtime of java.base alone, and the C library that this needs.
java_runtime() {
  rm -rf "$jvm"
  mkdir -p "$jvm/lib" "$jvm/classes"
  "$JAVA_HOME/bin/jlink" --add-modules java.base --output "$jvm/jdk"
  ldd "$jvm/jdk/lib/server/libjvm.so" | grep -o '/[^ ]*' | xargs cp -L -t "$jvm/lib"
  mv "$jvm"/lib/ld-linux* "$jvm/lib/ld.so"
}

# A task through it, by which the JVM learns the classes to keep in its cache: a start is twice as fast.
train() {
  launcher trainer "-XX:AOTCacheOutput=$jvm/classes.aot"
  CIRCLECI_GOAT_HEALTH_CHECK_ADDR=127.0.0.1:0 \
    CIRCLECI_GOAT_CONFIG='{"cmd": [], "token": "none", "task_agent_path": "'"$jvm"'/fake-task-agent read-stdin exit=1",
      "runner_api_base_url": "http://127.0.0.1:1", "allocation": "a", "max_run_time": 1000000000}' \
    "$jvm/trainer" run-task >"$root/target/jvm-trainer.log" 2>&1 || true
  rm "$jvm/trainer"
}

build_jvm() {
  local classes=$root/testing/target/classes key
  find_jdk
  compile
  key=$(fingerprint "$(cat "$JAVA_HOME/release") $JAVA_HOME $root" pom.xml scripts/jvm.bash {orchestrator,testing}/{pom.xml,src/main})
  [[ $(cat "$jvm/key" 2>/dev/null) != "$key" ]] || return 0
  java_runtime
  "$JAVA_HOME/bin/jar" --create --file "$jvm/classes/orchestrator.jar" -C "$root/orchestrator/target/classes" . \
    -C "$classes" com/circleci/runnerinit/cmd -C "$classes" com/circleci/runnerinit/linux
  tr : '\n' <"$root/orchestrator/target/class-path" | xargs cp -t "$jvm/classes"
  cc -O2 -fPIC -shared -Wall -Wextra -Werror -DRUNNER_INIT_EXECUTABLE -o "$jvm/librunnerinit.so" \
    "$root/orchestrator/src/main/c/runner_init.c" -Wl,--wrap=mmap,--wrap=munmap,--wrap=calloc,--wrap=free
  cc -static -Os -s -Wall -Wextra -Werror -o "$jvm/fake-task-agent" "$root/testing/src/main/c/fake-task-agent.c"
  launcher orchestrator "-XX:AOTCache=$jvm/classes.aot"
  train
  printf '%s\n' "$key" >"$jvm/key"
}
