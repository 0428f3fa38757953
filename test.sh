#!/usr/bin/env bash
# Runs every check and test: ./test.sh --help
here=$(readlink -f -- "$0")
. "${here%/*}/scripts/launch.sh"
launch scripts/test.ts "$@"
