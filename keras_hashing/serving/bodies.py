"""Reading a request's body within bounds."""

import zlib

from keras_hashing.serving.errors import ApiError

MAX_BODY_BYTES = 64 * 2**20  # as sent, and once inflated
_DISCARDED = 4  # times the limit; what is sent beyond it meets a closed connection


async def read(request, limit=MAX_BODY_BYTES):
    """The whole body, inflated if it was sent with `Content-Encoding: gzip`.

    A body that is too large is read on and dropped, so that the client can send its end and
    then see the answer.

    Args:
        request: `starlette.requests.Request`.
        limit: int, bytes.

    Raises:
        ApiError: 413 too large, 400 not gzip although it said so.
    """
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
            if size > _DISCARDED * limit:
                break
    if size > limit:
        raise ApiError(413, f"the body is over {limit} bytes; send fewer images in one request")
    body = b"".join(chunks)
    if "gzip" in request.headers.get("content-encoding", "").lower():
        return inflate(body, limit)
    return body


def inflate(body, limit=MAX_BODY_BYTES):
    """Bytes of a gzip member, at most `limit` of them.

    Raises:
        ApiError: 413 larger than that, 400 not gzip or cut short.
    """
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise ApiError(400, "the body is not gzip, as Content-Encoding says") from None
    if len(inflated) > limit:
        raise ApiError(413, f"the body inflates to more than {limit} bytes")
    if not inflater.eof:
        raise ApiError(400, "the gzip body is cut short")
    return inflated
