"""Errors that a request can end in, with the HTTP status TensorFlow Serving gives them."""

# TensorFlow's status codes, by number, to HTTP; every other is 500.
_HTTP_OF_CODE = {
    1: 499,
    3: 400,
    4: 504,
    5: 404,
    6: 409,
    7: 403,
    8: 429,
    9: 400,
    10: 409,
    11: 400,
    12: 501,
    14: 503,
    16: 401,
}


class ApiError(Exception):
    """Ends a request with `{"error": message}`.

    Args:
        status: int, the HTTP status.
        message: str.
    """

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def from_tensorflow(error):
    """The `ApiError` for an exception that running a signature raised.

    The message is the cause alone, without the names of nodes and functions behind it.
    """
    if isinstance(error, UnicodeDecodeError):  # TensorFlow quoted the request's bytes
        return ApiError(400, "the request's bytes could not be read as an image")
    code = getattr(error, "error_code", None)
    if code is None:
        return ApiError(500, f"{type(error).__name__} while the model ran")
    text = error.message.rpartition("<stack traces unavailable>\n")[2].strip()
    text = text.partition("\n")[0].removeprefix("assertion failed: [").removesuffix("]")
    return ApiError(_HTTP_OF_CODE.get(code, 500), text)
