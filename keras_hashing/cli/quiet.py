"""Keep TensorFlow's start-up notes, which no setting turns off, out of a user's sight."""

import contextlib
import os
import sys


@contextlib.contextmanager
def without_native_messages():
    """Hide what compiled code writes to file descriptor 2; `sys.stderr` goes on as before.

    With `KERAS_HASHING_TRACEBACK=1` in the environment nothing is hidden.
    """
    try:
        own = sys.stderr.fileno() == 2
    except (AttributeError, OSError):  # replaced, for example by a test
        own = False
    if not own or os.environ.get("KERAS_HASHING_TRACEBACK") == "1":
        yield
        return
    before = sys.stderr
    before.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    # Not closed in the end: a log handler made meanwhile may go on writing to it.
    again = os.fdopen(kept, "w", encoding=before.encoding, errors=before.errors, buffering=1)
    sys.stderr = again
    try:
        yield
    finally:
        sys.stderr = before
        again.flush()
        os.dup2(kept, 2)
