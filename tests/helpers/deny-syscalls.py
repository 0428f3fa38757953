"""Runs a command in a kernel that refuses some system calls: `deny-syscalls.py NAME[,NAME] -- COMMAND…`.

namespaces: no new user or network namespace, as hardened systems and containers refuse them. landlock: as a kernel that has none.
seccomp: as a container that allows no further filter. The command and its children cannot undo it.
"""
import ctypes
import errno
import os
import signal
import struct
import sys

X86 = os.uname().machine == "x86_64"
ARCH = 0xC000003E if X86 else 0xC00000B7
UNSHARE, CLONE, PRCTL, SECCOMP = (272, 56, 157, 317) if X86 else (97, 220, 167, 277)
CLONE3, LANDLOCK_CREATE_RULESET = 435, 444
NEW_NAMESPACES = 0x10000000 | 0x40000000
LOAD, EQUAL, ANY_BIT, GIVE = 0x20, 0x15, 0x45, 0x06
ALLOW = 0x7FFF0000


def fail(number):
    return (GIVE, 0, 0, 0x00050000 | number)


def rules(name):
    """A rule ends by giving a verdict, or goes on to the next with the number of the call loaded again."""
    number, argument = (LOAD, 0, 0, 0), (LOAD, 0, 0, 16)
    if name == "namespaces":
        return [
            number, (EQUAL, 0, 1, UNSHARE), fail(errno.EPERM),
            (EQUAL, 0, 1, CLONE3), fail(errno.ENOSYS),
            (EQUAL, 0, 3, CLONE), argument, (ANY_BIT, 0, 1, NEW_NAMESPACES), fail(errno.EPERM),
        ]
    if name == "landlock":
        return [number, (EQUAL, 0, 1, LANDLOCK_CREATE_RULESET), fail(errno.ENOSYS)]
    return [
        number, (EQUAL, 0, 1, SECCOMP), fail(errno.EPERM),
        (EQUAL, 0, 3, PRCTL), argument, (EQUAL, 0, 1, 22), fail(errno.EPERM),
    ]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    program = [step for name in sys.argv[1].split(",") for step in rules(name)] + [(GIVE, 0, 0, ALLOW)]
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    filters = ctypes.create_string_buffer(code, len(code))
    prog = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(filters)))
    long = ctypes.c_ulong
    if libc.prctl(38, long(1), long(0), long(0), long(0)) or libc.prctl(22, long(2), prog, long(0), long(0)):
        sys.exit("deny-syscalls: %s" % os.strerror(ctypes.get_errno()))
    for name in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(name, signal.SIG_DFL)
    command = sys.argv[3:]
    os.execvp(command[0], command)


main()
