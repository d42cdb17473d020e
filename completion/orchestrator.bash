# Completion of orchestrator for bash: source this file, or put it into
# /usr/share/bash-completion/completions/orchestrator

_orchestrator() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' each
  COMPREPLY=()
  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $each in
      init | override | run-task) command=$each && break ;;
    esac
  done

  # bash makes words of their own of "=" and of what follows it.
  [[ $word == = ]] && word=''
  [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
  [[ ${COMP_WORDS[COMP_CWORD]} == = ]] && before=${COMP_WORDS[COMP_CWORD - 1]}
  case $before in
    --log-format) mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$word") && return ;;
    --signal-policy) mapfile -t COMPREPLY < <(compgen -W 'drain forward' -- "$word") && return ;;
    --stop-signal) mapfile -t COMPREPLY < <(compgen -A signal -- "$word") && return ;;
    --entrypoint) mapfile -t COMPREPLY < <(compgen -c -- "$word") && return ;;
    --shutdown-delay | --termination-grace-period | --health-check-addr) return ;;
  esac

  local flags='--help --version --shutdown-delay --log-format'
  case $command in
    override) flags+=' --termination-grace-period --health-check-addr --signal-policy --stop-signal --entrypoint' ;;
    run-task) flags+=' --termination-grace-period --health-check-addr --signal-policy --stop-signal' ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
  elif [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'init override run-task' -- "$word")
  elif [[ $command == init ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$word")
  fi
}

complete -F _orchestrator orchestrator
