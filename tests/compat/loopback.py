"""For tests of other things that use the loopback interface, and wait for ever if it is down."""

import fcntl
import socket
import struct


def raise_loopback():
    """Where there are networks, the loopback interface is up."""
    SIOCSIFFLAGS, IFF_UP = 0x8914, 1
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack('16sh14x', b'lo', IFF_UP))
    except OSError:
        pass
