import os
import subprocess
import sys

SCRIPT = """
import os, sys
from keras_hashing.cli.quiet import without_native_messages

def both(word):
    os.write(2, f"native {word}\\n".encode())
    print(f"python {word}", file=sys.stderr)

both("before")
try:
    with without_native_messages():
        both("inside")
        kept = sys.stderr
        raise KeyError("through")
except KeyError:
    pass
both("after")
print("log", file=kept)
"""


def lines(**environment):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stderr.splitlines()


def test_only_native_messages_are_hidden_and_only_inside():
    assert lines() == [
        "native before",
        "python before",
        "python inside",
        "native after",
        "python after",
        "log",
    ]


def test_nothing_is_hidden_where_tracebacks_are_wanted():
    assert "native inside" in lines(KERAS_HASHING_TRACEBACK="1")
