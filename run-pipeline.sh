#!/usr/bin/env bash
# Runs or resumes a job: ./run-pipeline.sh --help
here=$(readlink -f -- "$0")
. "${here%/*}/scripts/launch.sh"
launch scripts/start.mjs run-pipeline "$@"
