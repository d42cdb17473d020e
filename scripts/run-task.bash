# shellcheck shell=bash
# shellcheck disable=SC2154 # root and bin are of ./do
#
# ./do run-task: one script through the whole flow of a task. Sourced by ./do.

# Every line that is shown goes through here: "<seconds since the start> <source> <text>".
stamp() {
  local source=$1 line
  while IFS= read -r line || [[ -n $line ]]; do
    printf '%s %-12s %s\n' "$(elapsed)" "$source" "$line" | tee -a "$events" >&2
  done
}

note() { stamp "$1" <<<"$2"; }

elapsed() {
  local now=${EPOCHREALTIME/./} begin=${run_began/./}
  printf '%3d.%03d' $(((now - begin) / 1000000)) $(((now - begin) / 1000 % 1000))
}

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  printf '"%s"' "$text"
}

start_runner_api() {
  local classes
  classes=$root/testing/target/classes:$(cat "$root/testing/target/class-path")
  # It ends with its standard input, so with this shell.
  mkfifo "$run_dir/api.input"
  exec 9<>"$run_dir/api.input"
  "$JAVA_HOME/bin/java" -cp "$classes" com.circleci.runnerinit.testing.FakeRunnerApiMain \
    --port-file "$run_dir/api.port" "$@" <&9 9>&- > >(stamp api) 2>&1 &
  api_job=$!
  until [[ -s $run_dir/api.port ]]; do
    kill -0 "$api_job" 2>/dev/null || die "the fake runner API did not start"
    sleep 0.05
  done
}

free_port() {
  local port
  for port in {7623..7723}; do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { printf '%s' "$port"; return; }
  done
  die "no free port between 7623 and 7723 for the health checks"
}

# Asks both probes until the orchestrator is gone, and tells when an answer changes.
watch_probes() {
  local live ready last=''
  while kill -0 "$1" 2>/dev/null; do
    live=$(probe live)
    ready=$(probe ready)
    if [[ $live/$ready != "$last" && $live/$ready != 000/000 ]]; then
      last=$live/$ready
      note probes "/live $live, /ready $ready"
    fi
    sleep 0.1
  done
}

probe() { curl -s -o /dev/null -m 1 -w '%{http_code}' "http://127.0.0.1:$health_port/$1" || true; }

show_timeline() {
  local status=$1
  printf '\ntimeline\n' >&2
  grep -E ' (flow|probes|api) |orchestrator.* (starting orchestrator|custom entrypoint|task agent started|orchestrator: wait|system: shutdown|termination grace|retrying|reported|run-task)' "$events" |
    sed -E 's/ (orchestrator) +[0-9:]{8} [0-9a-f]{5} [0-9.]+ms / \1 /' >&2
  printf '%s %-12s %s\n' "$(elapsed)" flow "exit $status" >&2
}

run_task() {
  local script='' entrypoint='' user='' api_options=()
  while (($#)); do
    case $1 in
      --entrypoint) entrypoint=${2:?--entrypoint needs a command} && shift 2 ;;
      --entrypoint=*) entrypoint=${1#*=} && shift ;;
      --user) user=${2:?--user needs a name, a uid or uid:gid} && shift 2 ;;
      --user=*) user=${1#*=} && shift ;;
      --fail-api) api_options+=(--fail) && shift ;;
      -*) die "run-task: unknown flag $1 (./do help run-task)" ;;
      *) [[ -z $script ]] || die "run-task: one script, not $script and $1"
        script=$1 && shift ;;
    esac
  done
  script=$(readlink -f "${script:-$root/examples/task.sh}")
  [[ -x $script && ! -d $script ]] || die "run-task: $script is no executable file"
  ((EUID == 0)) || die "run-task: a PID namespace of its own needs root"
  need curl=curl unshare=util-linux cc=gcc

  run_dir=$(mktemp -d "${TMPDIR:-/tmp}/runner-init-task.XXXXXX")
  chmod 755 "$run_dir"
  events=$run_dir/events
  trap 'kill "${api_job:-}" 2>/dev/null || true; rm -rf "$run_dir"' EXIT
  local image=$run_dir/image volume=$run_dir/volume/bin
  mkdir -p "$image/opt/circleci/bin" "$volume"
  cp "$bin/orchestrator" "$image/orchestrator"
  cp "$bin/fake-task-agent" "$image/circleci-agent"

  run_began=$EPOCHREALTIME
  note flow "runner API starts"
  start_runner_api ${api_options[@]+"${api_options[@]}"}
  health_port=$(free_port)

  note flow "init fills the volume"
  # As in a Pod: the volume is mounted into an image that holds nothing but the two executables.
  # shellcheck disable=SC2016 # for the inner shell
  unshare --pid --fork --kill-child --mount sh -c '
    mount --bind "$1" "$2/opt/circleci/bin" && exec chroot "$2" /orchestrator init
  ' sh "$volume" "$image" 2>&1 | stamp init

  local config command='[]'
  [[ -z $entrypoint ]] || command="[\"/bin/sh\",\"-c\",$(json_string "$entrypoint")]"
  config="{\"cmd\":$command,\"user\":$(json_string "$user"),\"task_id\":\"task-1\",
    \"token\":\"token-of-the-example\",\"allocation\":\"allocation-1\",\"max_run_time\":3600000000000,
    \"runner_api_base_url\":\"http://127.0.0.1:$(cat "$run_dir/api.port")\",
    \"task_agent_path\":$(json_string "'$volume/circleci-agent' read-stdin exec '$script'")}"

  note flow "the orchestrator starts as PID 1 of a new PID namespace"
  CIRCLECI_GOAT_CONFIG=$config CIRCLECI_GOAT_HEALTH_CHECK_ADDR=:$health_port \
    unshare --pid --fork --mount-proc --kill-child "$volume/orchestrator" run-task \
    > >(stamp orchestrator) 2> >(stamp stderr) &
  local job=$! status=0
  # PID 1 of the namespace is the only child of unshare.
  trap 'pkill -TERM -P '"$job"' || true' INT TERM
  watch_probes "$job"
  wait "$job" || status=$?
  sleep 0.1 # the last lines are on their way through the pipes
  show_timeline "$status"
  return "$status"
}
