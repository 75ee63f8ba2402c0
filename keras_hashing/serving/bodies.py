"""Reading requests' bodies within bounds of size, of time, and of memory for all together."""

import asyncio
import contextlib
import zlib

from keras_hashing.serving.errors import ApiError

MAX_BODY_BYTES = 64 * 2**20  # as sent, and once inflated
MAX_HELD_BYTES = 256 * 2**20  # of all bodies that are being read or answered
MAX_SECONDS = 60.0  # until a body has come
_DISCARDED = 4  # times the limit that are read on and dropped


class Bodies:
    """Reads bodies, and counts those whose requests are not answered yet.

    Args:
        limit: int, bytes of one body, as sent and once inflated.
        total: int, bytes of all at a time.
        seconds: float, until one has come.
    """

    def __init__(self, limit=MAX_BODY_BYTES, total=MAX_HELD_BYTES, seconds=MAX_SECONDS):
        self._limit, self._total, self._seconds = limit, total, seconds
        self._held = 0

    @contextlib.asynccontextmanager
    async def read(self, request):
        """Yield the whole body, inflated if it was sent with `Content-Encoding: gzip`.

        It counts as held until the block ends. A body that is too large is read on and dropped,
        so that the client can send its end and then see the answer.

        Args:
            request: `starlette.requests.Request`.

        Raises:
            ApiError: 413 too large, 400 not gzip although it said so, 408 it did not come in
                time, 503 too much is held already.
        """
        counts = []
        try:
            body = await self._in_time(request, counts)
            if "gzip" in request.headers.get("content-encoding", "").lower():
                # In a thread: it takes a while, and other requests must not wait for it.
                body = await asyncio.to_thread(inflate, body, self._limit)
                self._count(len(body), counts)
            yield body
        finally:
            self._held -= sum(counts)

    async def _in_time(self, request, counts):
        try:
            async with asyncio.timeout(self._seconds):
                return await self._whole(request, counts)
        except TimeoutError:
            raise ApiError(
                408, f"the body did not come within {self._seconds:g} seconds; send it again"
            ) from None

    async def _whole(self, request, counts):
        chunks, size = [], 0
        async for chunk in request.stream():
            size += len(chunk)
            if size <= self._limit:
                self._count(len(chunk), counts)
                chunks.append(chunk)
            else:
                chunks.clear()
                if size > _DISCARDED * self._limit:
                    break
        if size > self._limit:
            raise ApiError(
                413, f"the body is over {self._limit} bytes; send fewer images in one request"
            )
        return b"".join(chunks)

    def _count(self, size, counts):
        if self._held + size > self._total:
            raise ApiError(503, "too many large requests at once; try again in a moment")
        self._held += size
        counts.append(size)


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
