import pytest
import tensorflow as tf

from keras_hashing.serving.errors import from_tensorflow


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("InvalidArgumentError", 400),
        ("CancelledError", 499),
        ("UnknownError", 500),
        ("AlreadyExistsError", 409),
        ("AbortedError", 409),
        ("DataLossError", 500),
        ("UnauthenticatedError", 401),
        ("FailedPreconditionError", 400),
        ("OutOfRangeError", 400),
        ("NotFoundError", 404),
        ("PermissionDeniedError", 403),
        ("ResourceExhaustedError", 429),
        ("InternalError", 500),
        ("UnimplementedError", 501),
        ("UnavailableError", 503),
        ("DeadlineExceededError", 504),
    ],
)
def test_statuses(kind, status):
    error = from_tensorflow(getattr(tf.errors, kind)(None, None, "why"))
    assert (error.status, str(error)) == (status, "why")


def test_only_the_cause_is_told():
    text = (
        "Graph execution error:\n\nDetected at node Assert defined at (most recent call last):\n"
        "<stack traces unavailable>\nassertion failed: [images are too large]\n"
        "\t [[{{node Assert}}]] [Op:__inference_signature_wrapper_714]"
    )
    error = from_tensorflow(tf.errors.InvalidArgumentError(None, None, text))
    assert str(error) == "images are too large"


def test_what_tensorflow_does_not_raise():
    quoted = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    assert from_tensorflow(quoted).status == 400
    fault = from_tensorflow(RuntimeError("a path of this machine"))
    assert (fault.status, str(fault)) == (500, "RuntimeError while the model ran")
