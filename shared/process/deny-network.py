"""Cuts itself from every network by Landlock, by seccomp or by both, then becomes the command: `deny-network.py MODE -- COMMAND…`.

For machines that give no network namespace: it needs no right at all. MODE is `landlock`, `seccomp` or `landlock+seccomp`; what it names
and cannot have ends the launcher with status 126 and the command is not started. What is denied stays denied for all children, for ever.

Landlock (ABI 4, Linux 6.7) denies TCP connect and bind; it has no rule for UDP. The seccomp filter lets a process open sockets of the
families unix and netlink only, so neither TCP nor UDP nor any other. Standard library only.
"""
import ctypes
import errno
import os
import signal
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446  # the same on every architecture
IO_URING_SETUP = 425  # a ring opens sockets without the system call that the filter sees
ALLOW, DENY = 0x7FFF0000, 0x00050000 | errno.EACCES
AF_UNIX, AF_NETLINK = 1, 16
# machine -> (architecture as the kernel audits it, number of socket(2))
MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result < 0:
        sys.exit("deny-network: %s: %s" % (what, os.strerror(ctypes.get_errno())))
    return result


def landlock():
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if version < 4:
        sys.exit("deny-network: this kernel has no Landlock rules for networks")
    # struct landlock_ruleset_attr {handled_access_fs, handled_access_net}: no file rule; bind (1) and connect (2) of TCP, no exception.
    rules = ctypes.create_string_buffer(struct.pack("=QQ", 0, 3), 16)
    fd = check(libc.syscall(LANDLOCK_CREATE_RULESET, rules, ctypes.c_size_t(16), ctypes.c_uint(0)), "Landlock rules")
    check(libc.syscall(LANDLOCK_RESTRICT_SELF, fd, ctypes.c_uint(0)), "Landlock")
    os.close(fd)


def seccomp():
    machine = os.uname().machine
    if machine not in MACHINES:
        sys.exit("deny-network: no seccomp filter for %s" % machine)
    arch, socket_nr = MACHINES[machine]
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    # (code, jump if true, jump if false, value); struct seccomp_data is {nr, arch, instruction pointer, args[6]}.
    program = [
        (load, 0, 0, 4),
        (equal, 0, 8, arch),  # another architecture of the same machine has other numbers: denied
        (load, 0, 0, 0),
        (at_least, 6, 0, 0x40000000),  # so has x32
        (equal, 5, 0, IO_URING_SETUP),
        (equal, 0, 3, socket_nr),
        (load, 0, 0, 16),  # the family
        (equal, 1, 0, AF_UNIX),
        (equal, 0, 1, AF_NETLINK),
        (give, 0, 0, ALLOW),
        (give, 0, 0, DENY),
    ]
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    filters = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog {unsigned short len; struct sock_filter *filter}
    prog = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(filters)))
    check(libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), prog, ctypes.c_ulong(0), ctypes.c_ulong(0)), "seccomp")


def main():
    mode, command = sys.argv[1], sys.argv[3:]
    one = ctypes.c_ulong(1)
    zero = ctypes.c_ulong(0)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, one, zero, zero, zero), "no_new_privs")
    for part in mode.split("+"):
        {"landlock": landlock, "seccomp": seccomp}[part]()
    # Python ignores these two, and what is ignored stays so in the command.
    for name in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(name, signal.SIG_DFL)
    os.execv(command[0], command)


if __name__ == "__main__":
    try:
        main()
    except SystemExit as error:
        sys.stderr.write("%s\n" % error)
        sys.exit(126)
