# What the scripts share: where the project is, steps with their times, and one way to fail. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# How many processes at a time; the variable hands --jobs on to the scripts that a script calls.
# shellcheck disable=SC2034
jobs=${CHRONICLER_JOBS:-$(nproc 2>/dev/null || echo 2)}
current_step=""
step_start=0

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'
else
  bold="" red="" plain=""
fi

microseconds() {
  local now=${EPOCHREALTIME//[.,]/}
  echo "$now"
}

# seconds_since START: "3.2 s".
seconds_since() {
  local tenths=$((($(microseconds) - $1 + 50000) / 100000))
  echo "$((tenths / 10)).$((tenths % 10)) s"
}

# step TITLE COMMAND...: runs the command; its title and time follow. The first failure ends the script.
step() {
  current_step=$1
  shift
  step_start=$(microseconds)
  echo "${bold}... ${current_step}${plain}"
  "$@"
  echo "${bold}==> ${current_step} ($(seconds_since "$step_start"))${plain}"
  current_step=""
}

# fail MESSAGE [HINT]
fail() {
  echo "${red}error:${plain} $1" >&2
  if [[ $# -gt 1 ]]; then echo "hint: $2" >&2; fi
  exit 1
}

# To be set as the EXIT trap: names the step that failed.
report_failure() {
  local status=$?
  if [[ $status -ne 0 && -n $current_step ]]; then
    echo "${red}==> ${current_step} failed${plain} ($(seconds_since "$step_start"))" >&2
  fi
  return "$status"
}

# usage_error MESSAGE: wrong options end with status 2.
usage_error() {
  echo "error: $1" >&2
  echo "hint: $0 --help lists the options" >&2
  exit 2
}

# positive_number OPTION VALUE
positive_number() {
  [[ $2 =~ ^[1-9][0-9]*$ ]] || usage_error "$1 needs a positive number, got \"$2\""
}

# The C++ files of the project, one a line: those in git and those about to be.
cxx_files() {
  git -C "$root" ls-files --cached --others --exclude-standard -- '*.h' '*.cc' |
    while read -r file; do if [[ -e $root/$file ]]; then echo "$file"; fi; done
}

# python_environment FOLDER FILE: a virtual environment with the packages of PyPI that FILE lists, made anew if that changes.
python_environment() {
  local folder=$1 file=$2 made_of
  made_of=$(python3 --version && echo "$folder" && cat "$file")
  if [[ $(cat "$folder/made-of" 2>/dev/null) == "$made_of" ]]; then return; fi
  rm -rf "$folder"
  python3 -m venv "$folder" || fail "no virtual environment can be made in $folder" "./scripts/setup python"
  "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$file" ||
    fail "pip could not install what $file lists" "pip's own message is above; is there a network?"
  echo "$made_of" >"$folder/made-of"
}
