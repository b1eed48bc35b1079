# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts of this folder: options, running tint, rows of tables. This file is sourced, not run.
# shellcheck shell=bash disable=SC2034 # some variables are only read by the scripts
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

common_help() {
  cat <<'TEXT'

  --models DIR     model set
  --run DIR        folder for all results (default: the script's name, in the current folder)
  --episodes FILE  list of episodes to use instead of the bundled one
  --first N        first episode of the list (default 0)
  --count N        number of episodes (default: all of the list)
  --format FORMAT  format of the tables: text (default), csv, markdown, latex
  --tint PROGRAM   the tint program (default: tint in PATH)
  --dry-run        print the commands without running them
  -h, --help       this text

Options after -- are passed to every `tint specialize`, after the row's own options: -- --device cuda --dtype bfloat16,
or, for a quick test of a row, -- --preset smoke --distill.steps 40. TINT_DATA is the folder of the data sets.
Run the same command again to resume: finished results are not computed again. Exit codes are those of tint: 0 done,
75 stopped with its state saved, 64 usage (tint help exit-codes).
TEXT
}

usage() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 64
}

# Whether the row named $1 is selected: all are, unless --only gives the first word of a row's name.
only=''
selected() { [ -z "$only" ] || [ "${1%% *}" = "$only" ]; }

tint='' models='' run=$(basename "$0" .sh) episodes_file='' first=0 count='' format=text dry=0 extra=()

# Reads the options; a script with additional options defines `own_option NAME VALUE` (1: unknown).
parse() {
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
      -h | --help) help && common_help && exit 0 ;;
      --dry-run) dry=1 && shift && continue ;;
    esac
    [ $# -ge 2 ] || usage "$1 is unknown or needs a value; options of tint come after -- (see --help)"
    case $1 in
      --models) models=$2 ;;
      --run) run=$2 ;;
      --episodes) episodes_file=$2 ;;
      --first) first=$2 ;;
      --count) count=$2 ;;
      --format) format=$2 ;;
      --tint) tint=$2 ;;
      *) if ! declare -F own_option >/dev/null || ! own_option "$1" "$2"; then usage "unknown option $1 (see --help)"; fi ;;
    esac
    shift 2
  done
  if [ $# -gt 0 ]; then shift; fi
  extra=("$@")
  [[ $first =~ ^[0-9]{1,9}$ && ${count:-1} =~ ^[0-9]{1,9}$ ]] || usage '--first and --count must be whole numbers'
  [ -n "$models" ] || usage '--models DIR is required (see --help)'
  if [ -z "$tint" ]; then tint=$(command -v tint || true); fi
  [ -n "$tint" ] || usage 'tint is not in PATH: use --tint PROGRAM'
}

# The file of the list of episodes $1.
list() { echo "${episodes_file:-$root/configs/episodes/$1.json}"; }

# Prints a heading, among the commands (--dry-run) or the tables.
title() { printf '# %s\n' "$*"; }

# Prints the command (--dry-run), or runs it; exits with its code if it fails.
call() {
  local code=0
  if [ "$dry" = 1 ]; then
    printf '%q ' "$tint" "$@" && echo
    return
  fi
  printf '+ tint %s\n' "${*@Q}" >&2
  "$tint" "$@" || code=$?
  if [ "$code" != 0 ]; then
    printf '%s: tint %s failed with exit code %s\n' "${0##*/}" "$1" "$code" >&2
    exit "$code"
  fi
}

# As `call`, with the output in the file $1, which does not change if the command fails.
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

# The string member $2 in the JSON file $1; the last one if there are several.
json_string() { sed -n "s/.*\"$2\" *: *\"\([^\"]*\)\".*/\1/p" "$1" | tail -n 1; }

# --- row NAME RUN EPISODES NUMBER OPTIONS...: the episodes 0 to NUMBER - 1 (or --first, --count) of one configuration
# in the folder RUN, then the row of the table. Rows that differ only after generation share a folder, so that common
# stages are computed once. Sets `row_configuration`.
row() {
  local name=$1 folder=$2 episodes=$3 number=${count:-$(($4 - first))}
  local episode key result
  shift 4
  title "$name"
  row_configuration=CONFIGURATION # printed by --dry-run: the hash is known once an episode is done
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
