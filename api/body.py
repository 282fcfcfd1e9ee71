"""Bodies that are read whole and decoded elsewhere: size and packing are settled here."""

import zlib
from functools import partial

from flask import request

from core.errors import Invalid

MOST = 32 * 1024 * 1024
_PIECE = 64 * 1024


def body_bytes(*kinds: str) -> bytes:
    """The request's body, unpacked.

    Raises:
        Invalid: `unsupported_media_type` (415), `too_large` (413, also for what would unpack to more than 32 MB),
            `broken_gzip`.
    """
    if request.mimetype not in kinds:
        raise Invalid("unsupported_media_type", f"Send {' or '.join(kinds)}.")
    packing = request.headers.get("Content-Encoding", "identity").lower()
    if packing not in {"identity", "gzip"}:
        raise Invalid("unsupported_media_type", "A body comes plain or as gzip.")
    # In pieces: asked for all at once, the server below holds a body three times while it comes in.
    body = b"".join(iter(partial(request.stream.read, _PIECE), b""))
    return _unpack(body) if packing == "gzip" else body


def _unpack(body: bytes) -> bytes:
    """Unpack at most the allowed size, so that a bomb costs no more than an honest body."""
    decoder = zlib.decompressobj(wbits=31)
    try:
        plain = decoder.decompress(body, MOST + 1)
    except zlib.error:
        raise Invalid("broken_gzip", "The body is not gzip.") from None
    if len(plain) > MOST:
        raise Invalid("too_large", "A body is at most 32 MB, unpacked.")
    if not decoder.eof or decoder.unused_data:
        raise Invalid("broken_gzip", "The gzip body is cut short or holds more than one part.")
    return plain
