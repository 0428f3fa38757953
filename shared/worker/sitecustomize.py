"""Keeps the Python side of a worker from the network and names who wanted it. Standard library only, Python 3.9 or newer.

Python imports a module of this name at its start, before the worker and before any library; PYTHONPATH makes it ours, in child
interpreters too. One of the system (a crash reporter, on some) is not loaded then; no environment of ours has one.
Without BABELREEL_OFFLINE_ATTEMPTS, the file that gets one JSON line for each refused attempt, this does nothing. What does not go through
Python's socket module is not seen here: that is the kernel's part. Kept short, for it is compiled at every start.
"""
import os
import sys


def _watch(path):
    watched = frozenset(
        "socket." + name
        for name in ("connect", "sendto", "sendmsg", "bind", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")
    )

    def hook(event, args):
        if event in watched:
            from babelreel_offline import judge

            judge(path, event, args)

    sys.addaudithook(hook)


_path = os.environ.get("BABELREEL_OFFLINE_ATTEMPTS")
if _path:
    _watch(_path)
