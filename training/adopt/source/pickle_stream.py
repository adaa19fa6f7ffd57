"""The stream of a pickle, plain or compressed."""

import bz2
import gzip
import lzma
import zlib

# Compressed files, by their first bytes.
READERS = (
    (b"\x1f\x8b", gzip.decompress),
    (b"BZh", bz2.decompress),
    (b"\xfd7zXZ", lzma.decompress),
    (b"\x5d\x00", lzma.decompress),
    (b"\x78", zlib.decompress),
)
BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)
PROTO, STOP = b"\x80", b"."
OLDEST = b"()]}cNIFKJ"  # first bytes of protocols 0 and 1, which do not name themselves


def decompressed(content: bytes) -> bytes:
    """The content, decompressed if it is compressed as joblib does it."""
    for magic, read in READERS:
        if content.startswith(magic):
            try:
                return read(content)
            except BROKEN:
                return content
    return content


def is_pickle(stream: bytes) -> bool:
    """True if a stream begins and ends as a pickle does."""
    begins = stream[:1] == PROTO and stream[1:2] <= b"\x05"
    return begins or (stream[:1] in OLDEST and stream.rstrip()[-1:] == STOP)
