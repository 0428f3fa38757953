#!/usr/bin/env bash
# Writes the manifest of a job: ./prepare-job.sh --help
here=$(readlink -f -- "$0")
. "${here%/*}/scripts/launch.sh"
launch scripts/start.mjs prepare-job "$@"
