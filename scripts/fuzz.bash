# Whose branches guide Jazzer's changes of the bytes: ours, and those of the libraries that parse for us.
fuzz_guides='com.circleci.**:com.google.gson.**:org.apache.hc.**'

# Jazzer's watches over databases, shells, scripts and the like: no target comes near them, and
# loading them takes longer than a short run.
fuzz_needless=$(printf 'com.code_intelligence.jazzer.sanitizers.%s:' BigDecimal ClojureLangHooks \
  Deserialization ExpressionLanguageInjection FilePathTraversal LdapInjection NamingContextLookup \
  OsCommandInjection ReflectiveCall RegexInjection RegexRoadblocks ScriptEngineInjection \
  ServerSideRequestForgery SqlInjection TemplateInjection UnsafeSanitizer XPathInjection \
  XmlParserSsrfGuidance)

# fuzz_one TARGET CLASS_PATH OPTION…
fuzz_one() {
  local work=$root/target/fuzz/$1
  mkdir -p "$work/corpus"
  rm -f "$work"/{crash,timeout,oom,Crash}[-_]*
  # An input that takes 256 MiB or 20 s is a finding, too.
  "$JAVA_HOME/bin/java" -Xmx256m -XX:+UseSerialGC -XX:+EnableDynamicAgentLoading -XX:TieredStopAtLevel=1 \
    --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
    -cp "$2" com.code_intelligence.jazzer.Jazzer --target_class="com.circleci.runnerinit.$1" \
    --instrumentation_includes="$fuzz_guides" --custom_hook_includes="$fuzz_guides" \
    --disabled_hooks="${fuzz_needless%:}" --reproducer_path="$work" -artifact_prefix="$work/" \
    -timeout=20 -max_len=8192 "${@:3}" \
    "$work/corpus" "$root/orchestrator/src/test/fuzz/$1" >"$work/log" 2>&1
}

## Fuzz the parsers that meet outside bytes: ./do fuzz [TARGET…] [-max_total_time=N] [-seed=N]
##
## Two targets at a time, 10 s each. A TARGET is a part of a name below orchestrator/src/test/fuzz,
## whose files are the seeds; none: all. Options are libFuzzer's. What is found lies in target/fuzz.
verb_fuzz() {
  local argument options=(-max_total_time=10) parts=() targets target log failed=0
  local classes=$root/orchestrator/target
  for argument; do
    if [[ $argument == -* ]]; then options+=("$argument"); else parts+=(-e "$argument"); fi
  done
  mapfile -t targets < <(cd "$root/orchestrator/src/test/fuzz" && printf '%s\n' * | grep -i "${parts[@]:-.}")
  ((${#targets[@]})) || die "fuzz: no such target: they are in orchestrator/src/test/fuzz"
  maven test-compile dependency:build-classpath -pl orchestrator -Pfuzz -DincludeScope=test \
    -Dmdep.outputFile="$classes/fuzz-class-path"
  for target in "${targets[@]}"; do
    while (($(jobs -rp | wc -l) >= 2)); do wait -n || true; done
    fuzz_one "$target" "$classes/test-classes:$classes/classes:$(<"$classes/fuzz-class-path")" "${options[@]}" &
  done
  wait
  for target in "${targets[@]}"; do
    log=$root/target/fuzz/$target/log
    printf '%-40s %s branches, %s\n' "$target" "$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)" \
      "$(grep '^Done ' "$log" || echo "FAILED: see ${log#"$root"/}")"
    if ! grep -q '^Done ' "$log"; then
      failed=1
      grep -E -m 12 '^== |^	at com\.circleci|^Base64' "$log" || true
      say "mend it, and keep the input: cp target/fuzz/$target/crash-* orchestrator/src/test/fuzz/$target/"
    fi
  done
  return "$failed"
}
