#!/usr/bin/env bash
# Fetches the models of engines, verified, into the store: ./cache-models.sh --help
here=$(readlink -f -- "$0")
. "${here%/*}/scripts/launch.sh"
launch scripts/start.mjs cache-models "$@"
