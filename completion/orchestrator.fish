# Completion of orchestrator for fish: put this file into ~/.config/fish/completions

complete -c orchestrator -f
complete -c orchestrator -n __fish_use_subcommand -a init -d 'Copy the binaries into the volume'
complete -c orchestrator -n __fish_use_subcommand -a override -d 'Hand over to a custom init process'
complete -c orchestrator -n __fish_use_subcommand -a run-task -d 'Run the task'

complete -c orchestrator -s h -l help -d 'Show the help'
complete -c orchestrator -s v -l version -d 'Print the version and quit'
complete -c orchestrator -l shutdown-delay -x -d 'Wait this long before the shutdown begins'
complete -c orchestrator -l log-format -x -a 'text json' -d 'Form of the log lines'

set -l task '__fish_seen_subcommand_from override run-task'
complete -c orchestrator -n $task -l termination-grace-period -x -d 'How long the task agent may go on'
complete -c orchestrator -n $task -l health-check-addr -x -d 'Address of the health checks'
complete -c orchestrator -n $task -l signal-policy -x -a 'drain forward' -d 'What SIGTERM does to the task agent'
complete -c orchestrator -n $task -l stop-signal -x -a 'SIGHUP SIGINT SIGQUIT SIGUSR1 SIGUSR2 SIGWINCH' -d 'Further signals that mean what SIGTERM means'

set -l override '__fish_seen_subcommand_from override'
complete -c orchestrator -n $override -l entrypoint -x -a '(__fish_complete_command)' -d 'Custom init process'

set -l init '__fish_seen_subcommand_from init'
complete -c orchestrator -n $init -a '(__fish_complete_directories)'
