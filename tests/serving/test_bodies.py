import gzip

import pytest

from keras_hashing.serving.bodies import inflate
from keras_hashing.serving.errors import ApiError


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
