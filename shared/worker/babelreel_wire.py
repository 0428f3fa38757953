"""The wire of a Python worker: takes the protocol's streams, frames lines and says failures. Standard library only, Python 3.9 or newer.

Only babelreel_worker imports it, before anything else.
"""
import os
import sys

# Before anything else is imported: private copies of both ends of the protocol (not inheritable, so that a child of an engine can
# neither keep the pipe open nor eat a request), stdin empty, and everything that prints goes to stderr.
_input_fd = os.dup(0)
_output_fd = os.dup(1)
_null = os.open(os.devnull, os.O_RDONLY)
os.dup2(_null, 0)
os.close(_null)
os.dup2(2, 1)
sys.stdout = sys.stderr

import errno  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import threading  # noqa: E402
import traceback  # noqa: E402

PROTOCOL_VERSION = 1
MAX_LINE_BYTES = 1 << 20
BEAT_SECONDS = 2


class Refused(Exception):
    """A request that cannot be answered. The worker lives on and takes the next one."""

    def __init__(self, code, message, retryable=False):
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable


class Cancelled(Exception):
    """Raised by call.check() once the run was cancelled."""


_write_lock = threading.Lock()


def encode(message):
    # ASCII only: a lone surrogate in a text stays an escape instead of breaking the stream.
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def write(line):
    with _write_lock:
        view = memoryview(line)
        while view:
            view = view[os.write(_output_fd, view):]


def send(message):
    write(encode(message))


def failure(error, run_id=None, index=None):
    """The `failed` message for an exception; the traceback of anything unexpected goes to stderr, which is the log."""
    message = {"type": "failed", "retryable": False}
    if run_id is not None:
        message["id"] = run_id
    if index is not None:
        message["index"] = index
    if isinstance(error, Refused):
        message.update(code=error.code, retryable=error.retryable, message=error.message)
    elif isinstance(error, Cancelled):
        message.update(code="ERR_CANCELLED", message="cancelled")
    elif isinstance(error, MemoryError):
        message.update(code="ERR_MEMORY", message=describe(error))
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        message.update(code="ERR_DISK_FULL", message=describe(error))
    else:
        traceback.print_exception(type(error), error, error.__traceback__)
        message.update(code="ERR_ENGINE_REFUSED", message=describe(error))
    message["message"] = message["message"][:4000]
    return message


def describe(error):
    text = str(error)
    return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__


def read_lines(take):
    """Calls `take` with each line of the input until it ends; a line that is too long is refused here, with the id of its run."""
    pending = bytearray()
    skipping = False
    while True:
        chunk = os.read(_input_fd, 1 << 16)
        if not chunk:
            return
        pending += chunk
        while True:
            end = pending.find(b"\n")
            if end < 0:
                break
            line = bytes(pending[:end])
            del pending[: end + 1]
            if skipping:
                skipping = False
            elif end > MAX_LINE_BYTES:
                _refuse(line)
            else:
                take(line)
        if len(pending) > MAX_LINE_BYTES:
            if not skipping:
                _refuse(bytes(pending[:4096]))
            skipping = True
            pending.clear()


def _refuse(line):
    found = re.search(rb'"id"\s*:\s*"([^"\\]{1,200})"', line[:4096])
    text = "a message of more than %d bytes; anything larger goes by file" % MAX_LINE_BYTES
    send(failure(Refused("ERR_ENGINE_REFUSED", text), found.group(1).decode("ascii", "replace") if found else None))
