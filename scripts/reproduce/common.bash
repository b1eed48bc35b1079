# What the scripts of this folder share: their options, printing and running tint, rows of a table. Sourced, not run.
# shellcheck shell=bash disable=SC2034 # some of the variables are read by the scripts alone
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

common_help() {
  cat <<'TEXT'

  --models DIR     model set
  --run DIR        folder for everything that is made (default: the script's name in this folder)
  --episodes FILE  another list of episodes than the shipped one of that name
  --first N        first episode of the list (default 0)
  --count N        number of episodes (default: all of the list)
  --format FORMAT  of the tables: text (default), csv, markdown, latex
  --tint PROGRAM   the program (default: tint in PATH)
  --dry-run        print the commands, run nothing
  -h, --help       this text

What stands behind -- goes to every `tint specialize`, after the row's own options: -- --device cuda --dtype bfloat16,
or, to see that the row works, -- --preset smoke --distill.steps 40. TINT_DATA names the folder of the data sets.
The same command again goes on where it was stopped, and computes nothing twice. Exit codes are tint's: 0 done, 75
stopped with its state saved, 64 usage (tint help exit-codes).
TEXT
}

usage() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 64
}

# Whether the row named $1 is asked for: all are, unless a script's --only names one by the first word of its name.
only=''
chosen() { [ -z "$only" ] || [ "${1%% *}" = "$only" ]; }

tint='' models='' run=$(basename "$0" .sh) episodes_file='' first=0 count='' format=text dry=0 extra=()

# Reads the options; a script with options of its own defines `own_option NAME VALUE` (1: unknown).
parse() {
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
      -h | --help) help && common_help && exit 0 ;;
      --dry-run) dry=1 && shift && continue ;;
    esac
    [ $# -ge 2 ] || usage "$1 is unknown or wants a value; options of tint stand behind -- (--help)"
    case $1 in
      --models) models=$2 ;;
      --run) run=$2 ;;
      --episodes) episodes_file=$2 ;;
      --first) first=$2 ;;
      --count) count=$2 ;;
      --format) format=$2 ;;
      --tint) tint=$2 ;;
      *) if ! declare -F own_option >/dev/null || ! own_option "$1" "$2"; then usage "unknown option $1 (--help)"; fi ;;
    esac
    shift 2
  done
  if [ $# -gt 0 ]; then shift; fi
  extra=("$@")
  [[ $first =~ ^[0-9]{1,9}$ && ${count:-1} =~ ^[0-9]{1,9}$ ]] || usage '--first and --count are whole numbers'
  [ -n "$models" ] || usage '--models DIR is needed (--help)'
  if [ -z "$tint" ]; then tint=$(command -v tint || true); fi
  [ -n "$tint" ] || usage 'tint is not in PATH: --tint PROGRAM'
}

# The file of the episodes $1.
list() { echo "${episodes_file:-$root/configs/episodes/$1.json}"; }

# A heading: on standard output among the printed commands as a comment, else among the tables.
title() { printf '# %s\n' "$*"; }

# Prints the command (--dry-run), or runs it and ends with its code when it fails.
call() {
  local code=0
  if [ "$dry" = 1 ]; then
    printf '%q ' "$tint" "$@" && echo
    return
  fi
  printf '+ tint %s\n' "${*@Q}" >&2
  "$tint" "$@" || code=$?
  if [ "$code" != 0 ]; then
    printf '%s: tint %s ended with %s\n' "${0##*/}" "$1" "$code" >&2
    exit "$code"
  fi
}

# As `call`, with what it prints in the file $1, which stays as it was when the command fails.
call_to() {
  local file=$1
  shift
  if [ "$dry" = 1 ]; then
    call "$@"
    return
  fi
  call "$@" >"$file.part"
  mv "$file.part" "$file"
}

# The string "$2": "..." of the JSON file $1, of the last object that has it.
json_string() { sed -n "s/.*\"$2\" *: *\"\([^\"]*\)\".*/\1/p" "$1" | tail -n 1; }

# --- rows: NAME RUN EPISODES NUMBER OPTIONS..., the episodes 0 to NUMBER - 1 (or --first, --count) of one configuration
# in the folder RUN, which rows share where only what follows generation differs: stages that rows have in common are
# computed once. Then the row of the table. Sets `row_configuration`.
row() {
  local name=$1 folder=$2 episodes=$3 number=${count:-$(($4 - first))}
  local episode key result
  shift 4
  title "$name"
  row_configuration=CONFIGURATION # what --dry-run prints: it is known when an episode is done
  for ((episode = first; episode < first + number; ++episode)); do
    result=$folder.logs/${name%% *}-$episode.json
    if [ "$dry" = 0 ]; then mkdir -p "$folder.logs"; fi
    call_to "$result" specialize --episodes "$episodes" --episode "$episode" --models "$models" --run "$folder" --json \
      "$@" "${extra[@]}"
    if [ "$dry" = 1 ]; then continue; fi
    key=$(grep -o '"stage" *: *"evaluate" *, *"key" *: *"[0-9a-f]*"' "$result" | grep -o '[0-9a-f]\{8,\}')
    row_configuration=$(json_string "$folder/episodes/$(printf %04d "$episode")/evaluate/$key/result.json" \
      configuration_sha256)
  done
  call collect "$folder" --configuration "$row_configuration" --format "$format"
}
