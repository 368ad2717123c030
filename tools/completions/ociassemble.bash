# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion for bash. The program itself says how a word can go on (`ociassemble complete -- WORDS…`), so that this file
# knows no option.

_ociassemble() {
  local -a words=() lines=()
  local i word trimmed rest=${COMP_LINE:0:COMP_POINT}
  # Bash divides words at ':' and '=', too; parts without a blank between them are one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    trimmed=${rest#"${rest%%[![:space:]]*}"}
    if [[ ${#words[@]} -gt 0 && $trimmed = "$rest" ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
    rest=${trimmed#"$word"}
  done
  local program=${words[0]/#~\//$HOME/} current=${words[-1]}
  mapfile -t lines < <("$program" complete -- "${words[@]:1}" 2>/dev/null)
  # Of what bash has divided off only the last part is completed.
  local before=${current%"${current##*["$COMP_WORDBREAKS"]}"}
  COMPREPLY=()
  for word in "${lines[@]:1}"; do
    word=${word%%$'\t'*}
    COMPREPLY+=("${word#"$before"}")
  done
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} = *[:=/] ]]; then compopt -o nospace; fi
  local path=${current#"$before"}
  case ${lines[0]-} in
    files)
      compopt -o filenames
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$path")
      ;;
    folders)
      compopt -o filenames
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$path")
      ;;
  esac
}

complete -F _ociassemble ociassemble
