# Each target is a class in the orchestrator's tests with a method for any bytes; its seeds, and what
# once made it fail, are in orchestrator/src/test/fuzz. Jazzer changes those bytes by what they reach in
# the code, until the time is over or a property does not hold.

fuzz_seeds=$root/orchestrator/src/test/fuzz
fuzz_work=$root/target/fuzz

# Whose branches guide the changes: ours, and those of the libraries that parse for us.
fuzz_guides='com.circleci.**:com.google.gson.**:org.apache.hc.**'

# Jazzer's watches over databases, shells, scripts and the like: no target comes near them, and
# loading them takes longer than a short run.
fuzz_needless=$(printf 'com.code_intelligence.jazzer.sanitizers.%s:' BigDecimal ClojureLangHooks \
  Deserialization ExpressionLanguageInjection FilePathTraversal LdapInjection NamingContextLookup \
  OsCommandInjection ReflectiveCall RegexInjection RegexRoadblocks ScriptEngineInjection \
  ServerSideRequestForgery SqlInjection TemplateInjection UnsafeSanitizer XPathInjection \
  XmlParserSsrfGuidance)

# fuzz_one TARGET SECONDS SEED CLASS_PATH; 0 stands for any seed.
fuzz_one() {
  local work=$fuzz_work/$1 compiler=4
  # In a short run, the second compiler would not pay.
  (($2 >= 30)) || compiler=1
  mkdir -p "$work/corpus"
  rm -f "$work"/{crash,timeout,oom,Crash}[-_]* "$work/passed"
  # An input that takes 256 MiB or 20 s is a finding, too.
  "$JAVA_HOME/bin/java" -Xmx256m -XX:+UseSerialGC -XX:+EnableDynamicAgentLoading -XX:TieredStopAtLevel=$compiler \
    --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
    -cp "$4" com.code_intelligence.jazzer.Jazzer \
    --target_class="com.circleci.runnerinit.$1" \
    --instrumentation_includes="$fuzz_guides" --custom_hook_includes="$fuzz_guides" \
    --disabled_hooks="${fuzz_needless%:}" --reproducer_path="$work" -artifact_prefix="$work/" \
    -max_total_time="$2" -seed="$3" -timeout=20 -max_len=8192 \
    "$work/corpus" "$fuzz_seeds/$1" >"$work/log" 2>&1 && touch "$work/passed"
}

# A line of the last figures that Jazzer printed.
fuzz_tell() {
  local work=$fuzz_work/$1 runs branches result=passed
  runs=$(sed -n 's/^#\([0-9]*\)\t.*/\1/p' "$work/log" | tail -n 1)
  branches=$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$work/log" | tail -n 1)
  [[ -f $work/passed ]] || result='FAILED: '$(grep -m 1 '^== ' "$work/log" || printf 'see %s' "${work#"$root"/}/log")
  printf '%-40s %10s inputs %6s branches  %s\n' "$1" "${runs:--}" "${branches:--}" "$result"
}

## Fuzz the parsers that meet outside bytes: ./do fuzz [TARGET…] [--seconds N] [--seed N]
##
## Two targets at a time, N seconds each (10). A TARGET is a part of a name below
## orchestrator/src/test/fuzz; none: all. What is found lies in target/fuzz.
verb_fuzz() {
  local seconds=10 seed=0 targets=() all
  mapfile -t all < <(ls "$fuzz_seeds")
  while (($#)); do
    case $1 in
      --seconds) seconds=${2:-} && shift ;;
      --seed) seed=${2:-} && shift ;;
      *)
        local matching
        mapfile -t matching < <(printf '%s\n' "${all[@]}" | grep -i -- "$1")
        ((${#matching[@]})) || die "fuzz: no target $1; there are ${all[*]}"
        targets+=("${matching[@]}")
        ;;
    esac
    shift
  done
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || die "fuzz: --seconds needs a number"
  [[ $seed =~ ^[0-9]+$ ]] || die "fuzz: --seed needs a number"
  ((${#targets[@]})) || targets=("${all[@]}")

  local class_path target
  maven test-compile dependency:build-classpath -pl orchestrator -Pfuzz -DincludeScope=test \
    -Dmdep.outputFile="$root/orchestrator/target/fuzz-class-path"
  class_path=$root/orchestrator/target/test-classes:$root/orchestrator/target/classes:$(<"$root/orchestrator/target/fuzz-class-path")
  for target in "${targets[@]}"; do
    while (($(jobs -rp | wc -l) >= 2)); do wait -n || true; done
    fuzz_one "$target" "$seconds" "$seed" "$class_path" &
  done
  wait

  local failed=0
  for target in "${targets[@]}"; do
    fuzz_tell "$target"
    if [[ ! -f $fuzz_work/$target/passed ]]; then
      failed=1
      grep -E -m 12 '^== |^	at com\.circleci|^Base64' "$fuzz_work/$target/log" || true
      say "mend it, and keep the input: cp target/fuzz/$target/crash-* orchestrator/src/test/fuzz/$target/"
    fi
  done
  return "$failed"
}
