"""Compressed files: opened up to a limit, so that a small file cannot fill the memory."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib

from reporting.errors import SourceUnreadable

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
#: Bytes a file may hold when unpacked, however small it is packed.
LIMIT = 2 * 1024**3
_CHUNK = 1 << 20


def opened(received: bytes) -> bytes:
    """The bytes inside a gzip file, or inside a zip file of one member; others as they are.

    A workbook is a zip file of many members: it stays one, once its members
    are known to keep within the limit.

    Raises
    ------
    SourceUnreadable
        When the file is cut or damaged, or holds more than :data:`LIMIT`.
    """
    if received.startswith(_GZIP):
        received = _gunzipped(received)
    if received.startswith(_ZIP):
        received = _unzipped(received)
    return received


def is_zip(received: bytes) -> bool:
    """Whether the bytes are a zip file, as workbooks are."""
    return received.startswith(_ZIP)


def _gunzipped(received: bytes) -> bytes:
    content, size = io.BytesIO(), 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(received)) as stream:
            while part := stream.read(_CHUNK):
                size += len(part)
                _refuse_beyond(size)
                content.write(part)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceUnreadable(f"not a whole gzip file ({error}). Get it again: it is cut or damaged.") from None
    return content.getvalue()


def _unzipped(received: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(received)) as archive:
            members = archive.infolist()
            # A member never gives more bytes than its directory entry says.
            _refuse_beyond(sum(member.file_size for member in members))
            return archive.read(members[0]) if len(members) == 1 else received
    except (zipfile.BadZipFile, EOFError, ValueError, OSError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise SourceUnreadable(
            f"not a whole zip file or workbook ({error}). Get the file again: it is cut or damaged."
        ) from None


def _refuse_beyond(size: int) -> None:
    if size > LIMIT:
        raise SourceUnreadable(
            f"unpacked, the file would be larger than {LIMIT / 1024**3:.3g} GiB: it is not opened. "
            "Get the dataset in parts, or check where the file comes from."
        )
