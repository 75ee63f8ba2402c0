import asyncio
import gzip

import pytest
from starlette.requests import ClientDisconnect, Request

from keras_hashing.serving.bodies import Bodies, inflate
from keras_hashing.serving.errors import ApiError


def request(*chunks, encoding="", pause=0.0):
    """A request whose body comes in these parts; None is a client that goes away."""
    left = list(chunks)

    async def receive():
        await asyncio.sleep(pause)
        chunk = left.pop(0)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    headers = [(b"content-encoding", encoding.encode())]
    return Request({"type": "http", "headers": headers}, receive)


def read(*chunks, bodies=None, **options):
    async def ask():
        async with (bodies or Bodies(limit=1000)).read(request(*chunks, **options)) as body:
            return body

    return asyncio.run(ask())


def refused(status, words, *chunks, **options):
    with pytest.raises(ApiError, match=words) as error:
        read(*chunks, **options)
    assert error.value.status == status


def test_parts_are_joined():
    assert read(b"ab", b"", b"c") == b"abc"
    assert read(b"x" * 500, b"x" * 500) == b"x" * 1000
    assert read(gzip.compress(b"abc"), encoding="gzip") == b"abc"
    assert read(gzip.compress(b"abc"), encoding="x-GZIP, br") == b"abc"


def test_too_large_is_413_and_read_to_its_end():
    parts = [b"x" * 600] * 3
    refused(413, "over 1000 bytes", *parts)
    refused(413, "inflates to more than 1000", gzip.compress(b"x" * 1001), encoding="gzip")


def test_one_that_goes_on_for_ever_is_given_up():
    refused(413, "over 1000 bytes", *[b"x" * 600] * 9, None)  # it is not read to the None


def test_one_that_does_not_come_is_408():
    slow = Bodies(seconds=0.05)
    refused(408, r"within 0\.05 seconds", b"a", b"b", bodies=slow, pause=0.04)


def test_a_client_that_goes_away():
    with pytest.raises(ClientDisconnect):
        read(b"a", None)


def test_all_that_are_held_are_counted_until_they_are_answered():
    bodies = Bodies(limit=1000, total=1500)

    async def ask():
        async with bodies.read(request(b"x" * 800)):
            with pytest.raises(ApiError, match="too many large requests") as error:
                async with bodies.read(request(b"x" * 800)):
                    pass
            assert error.value.status == 503
            async with bodies.read(request(b"x" * 700)) as body:
                assert len(body) == 700
            bomb = gzip.compress(b"x" * 800)
            with pytest.raises(ApiError, match="too many large requests"):
                async with bodies.read(request(bomb, encoding="gzip")):
                    pass

    asyncio.run(ask())
    for _ in range(9):  # nothing of what was refused is counted any more
        with pytest.raises(ApiError):
            read(b"x" * 900, b"x" * 900, bodies=bodies)
        with pytest.raises(ClientDisconnect):
            read(b"x" * 900, None, bodies=bodies)
    assert len(read(b"x" * 1000, bodies=bodies)) == 1000


def test_inflates_up_to_the_limit():
    assert inflate(gzip.compress(b"x" * 1000), limit=1000) == b"x" * 1000
    assert inflate(gzip.compress(b""), limit=10) == b""


def test_a_bomb_is_refused_without_being_inflated():
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 60_000
    with pytest.raises(ApiError, match="inflates to more than 1000 bytes") as error:
        inflate(bomb, limit=1000)
    assert error.value.status == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"garbage", gzip.compress(b"x" * 100)[:-1]],
    ids=["empty", "garbage", "cut off"],  # workers must agree on names, and gzip holds the time
)
def test_what_is_not_a_whole_gzip_member_is_400(body):
    with pytest.raises(ApiError, match="gzip") as error:
        inflate(body)
    assert error.value.status == 400
