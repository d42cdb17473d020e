# With the words that codespell takes for others.
check_spelling() (
  cd "$root" || exit
  git ls-files -z '*.md' '*.java' '*.c' '*.bash' '*.y*ml' ./do ':!orchestrator/src/test/fuzz' |
    xargs -0 pipx run codespell==2.4.3 --ignore-words-list=afterall,beginin,caf,ccompiler,errorprone,implementor,passtime
)

# Words of the documents, lines of ./do and scripts/, lines and files of the program.
most_words=15000 most_script_lines=1400 most_lines=10400 most_files=150

check_sizes() {
  local words script_lines lines files
  words=$(cd "$root" && git ls-files -z README.md CONTRIBUTING.md 'docs/*.md' | xargs -0 cat | wc -w)
  script_lines=$(cd "$root" && git ls-files -z ./do 'scripts/*' | xargs -0 cat | wc -l)
  lines=$(cd "$root/orchestrator/src/main/java" && git ls-files -z '*.java' | xargs -0 cat | wc -l)
  files=$(cd "$root/orchestrator/src/main/java" && git ls-files '*.java' | wc -l)
  say "sizes: $words words of documents (at most $most_words), $script_lines lines of do and scripts ($most_script_lines), $lines lines of the program ($most_lines) in $files files ($most_files)"
  ((words <= most_words && script_lines <= most_script_lines && lines <= most_lines && files <= most_files)) ||
    die "lint: there is more than scripts/sizes.bash allows"
}
