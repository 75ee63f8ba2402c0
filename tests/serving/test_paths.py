"""`paths.py` by itself; `test_contract.py` asks the same over HTTP."""

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_hashing.serving import paths
from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.paths import Call, match


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("GET", "/v1/models/m", Call("status", "m")),
        ("GET", "/v1/models/m/versions/007", Call("status", "m", 7)),
        ("GET", "/v1/models/m/labels/l", Call("status", "m", None, "l")),
        ("GET", "/v1/models/m/metadata", Call("metadata", "m")),
        ("GET", "/V1/MODELS/m/VERSIONS/1/Metadata", Call("metadata", "m", 1)),
        ("GET", "/v1/models/m?x=1", Call("status", "m?x=1")),
        ("GET", "/v1/models/a%2Fb%3a", Call("status", "a/b:")),
        ("POST", "/v1/models/m:predict", Call("predict", "m")),
        ("POST", "/v1/models/m/labels/a%20b:regress", Call("regress", "m", None, "a b")),
        ("POST", f"/v1/models/m/versions/{2**63 - 1}:classify", Call("classify", "m", 2**63 - 1)),
    ],
)
def test_calls(method, path, call):
    assert match(method, path) == call


def test_options_only_with_an_origin():
    for origin in ("http://a", "https://a"):
        assert match("OPTIONS", "/v1/anything", origin) == Call("options")
    with pytest.raises(ApiError, match="Malformed request: OPTIONS /v1/anything"):
        match("OPTIONS", "/v1/anything", "file://a")


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/v1/models", "Missing model name"),
        ("GET", f"/v1/models/m/versions/{2**63}", "to numeric"),
        ("GET", "/v1/models/m/versions/" + "9" * 5000, "to numeric"),
        ("GET", "/v1/models/m/versions/1/labels/l", "Malformed request: GET /v1/models/m/v"),
        ("GET", "/v1/models/m:predict", "Malformed"),
        ("POST", "/v1/models/m", "Malformed"),
        ("POST", "/v1/models/m:Predict", "Malformed"),
        ("POST", "/v1/models/m:predict?x=1", "Malformed"),
        ("POST", "/v1/models/m:predict\n", "Malformed"),
        ("GET", "/v1/models/m/versions/\u0661", "Malformed"),  # a digit, but not of ASCII
    ],
)
def test_what_is_no_call(method, path, words):
    with pytest.raises(ApiError, match=words) as error:
        match(method, path)
    assert error.value.status == 400


@given(st.sampled_from(["GET", "POST", "PUT", "HEAD"]), st.text(max_size=30))
def test_any_path_is_a_call_or_400(method, tail):
    try:
        call = match(method, "/v1/models/" + tail)
    except ApiError as error:
        assert error.status == 400
    else:
        assert call.name
        assert method in ("GET", "POST")


@pytest.mark.parametrize(
    ("raw", "root", "expected"),
    [
        ("/v1/models/m", "", "/v1/models/m"),
        ("/v1/models/a%2Fb", "", "/v1/models/a%2Fb"),
        ("/images/v1/models/m", "/images", "/v1/models/m"),
        ("/images/v1/models/m", "/images/", "/v1/models/m"),
        ("/a%20b/c/v1/models/a%20b", "/a b/c", "/v1/models/a%20b"),
        ("/a%2Fb/v1/models/m", "/a/b", "/v1/models/m"),  # as frameworks decode it
        ("/images/images/v1", "/images", "/images/v1"),
        ("/v1/models/m", "/images", "/v1/models/m"),  # a proxy that takes its prefix off
        ("/imagesv1/models/m", "/images", "/imagesv1/models/m"),
    ],
)
def test_inner(raw, root, expected):
    scope = {"path": urllib.parse.unquote(raw), "raw_path": raw.encode(), "root_path": root}
    assert paths.inner(scope) == expected


def test_inner_without_the_raw_path():
    assert paths.inner({"path": "/a b/v1/ü", "root_path": "/a b"}) == "/v1/%C3%BC"
