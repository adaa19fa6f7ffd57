"""The kind of file system that a file lies on."""

import ctypes
import os
from pathlib import Path

# The numbers of statfs(2), from linux/magic.h and the sources of each file system.
NETWORK_FILE_SYSTEMS = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFE534D42: "SMB",
    0xFF534D42: "CIFS",
    0x01021997: "9p",
    0x00C36400: "Ceph",
    0x0BD00BD0: "Lustre",
    0x47504653: "GPFS",
    0x5346414F: "AFS",
    0x564C: "NCP",
    0x65735546: "FUSE",  # sshfs, blobfuse, GlusterFS
}


def network_file_system(path: Path) -> str | None:
    """The name of the network file system that a file lies on; None on a local one.

    Raises:
        OSError: the file does not exist.
    """
    return NETWORK_FILE_SYSTEMS.get(file_system_number(path))


def file_system_number(path: Path) -> int:
    """The number of a file system, `f_type` of statfs(2).

    Raises:
        OSError: the file does not exist.
    """
    # struct statfs has 120 bytes on Linux; its first field, of the size of a long, is f_type.
    fields = (ctypes.c_long * 64)()
    if ctypes.CDLL(None, use_errno=True).statfs(os.fsencode(path), fields):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(fields[0]) & 0xFFFFFFFF
