#!/usr/bin/env bash
# Everything else: ./babelreel.sh --help
here=$(readlink -f -- "$0")
. "${here%/*}/scripts/launch.sh"
launch scripts/start.mjs "$@"
