"""Files of a corpus, whole or not there, and what to do when one cannot be written."""

import contextlib
import pathlib

from keras_hashing import files


@contextlib.contextmanager
def whole_file(path):
    """As `files.atomic_path`, with words for a full disk or a folder that may not be written.

    Raises:
        OSError: the block's, with the name of the file and the way out; nothing is left behind.
    """
    try:
        with files.atomic_path(path) as temporary:
            yield temporary
    except OSError as error:
        text = (
            f"{error.strerror or error}: {pathlib.Path(path)} was not written. What is finished is "
            "kept: make room or give access, and run the same command again"
        )
        raise OSError(error.errno, text) from error
