#!/usr/bin/env bash
# Gradescope calls this once, when it builds the image. It installs the grader into an environment of its own, so that the system's
# Python, which Gradescope needs, stays as it is; and it brings the data of the lab into the image.
set -euo pipefail

source_folder="${GRADESCOPE_FOLDER:-/autograder}/source"
home="${COURSEKIT_HOME:-/opt/coursekit}"
export DEBIAN_FRONTEND=noninteractive

find_python() {
    for name in python3.12 python3.11 python3.13 python3.10 python3; do
        if "$name" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

python="$(find_python)"
if [ -z "$python" ] || ! "$python" -c 'import ensurepip' 2>/dev/null; then
    apt-get update
    apt-get install -y --no-install-recommends python3 python3-venv
    python="$(find_python)"
fi
if [ -z "$python" ]; then
    echo "error: Python 3.10 to 3.13 is needed, and this image has none; choose the base image Ubuntu 22.04 or newer in Gradescope"
    exit 1
fi

# Student processes run as another user, who must be able to read Python and the packages.
umask 022
"$python" -m venv "$home/venv"
"$home/venv/bin/python" -m pip install --no-cache-dir --constraint "$source_folder/constraints.txt" \
    "$source_folder/{{ package }}[instructor]"

# And not the hidden tests.
chmod -R go-rwx "$source_folder"
COURSEKIT_CACHE="$home/data" "$home/venv/bin/python" -I -m autograder.gradescope prepare "${GRADESCOPE_FOLDER:-/autograder}"
