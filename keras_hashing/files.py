"""Files that are whole or not there, locks that other processes see, and names as text."""

import contextlib
import errno
import hashlib
import os
import pathlib
import shutil
import uuid

import filelock


@contextlib.contextmanager
def atomic_path(path):
    """Yield a temporary path beside `path`; on success it takes the place of `path`.

    Whatever the block writes there, a file or a folder, is removed if the block fails. An
    existing file is replaced at once; an existing folder is moved aside first and deleted after.

    Args:
        path: str or path-like, the final place. Its parent folder is made.

    Yields:
        `pathlib.Path`, not existing yet.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        if temporary.is_dir():
            _replace_folder(temporary, path)
        else:
            _sync(temporary)
            temporary.replace(path)
        _sync_names(path.parent)
    except BaseException:
        _remove(temporary)
        raise


@contextlib.contextmanager
def locked(path, wait=True):
    """Hold a lock that other processes and threads see, as long as the block runs.

    Args:
        path: path-like, a file that is made for it, its folder too, and stays.
        wait: bool, whether to wait for another who holds it.

    Raises:
        ValueError: another holds it, without `wait`; names the folder.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(path, timeout=-1 if wait else 0):
            yield
    except filelock.Timeout as error:
        raise ValueError(
            f"{path.parent} is being written by another run. Wait until it ends."
        ) from error


def printable(path):
    """A path as valid Unicode, whatever bytes a file's name holds."""
    return os.fsencode(path).decode("utf-8", "replace")


def sha256(path):
    """Hex SHA-256 of a file's bytes."""
    with pathlib.Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_names(folder):
    """Wait until a folder's names are on the disk, or a power cut may bring the old file back."""
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems cannot
            raise


def _sync(path):
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _replace_folder(temporary, path):
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.old")
    if path.exists():
        path.rename(aside)
    try:
        temporary.rename(path)
    except OSError:
        if aside.exists():
            aside.rename(path)
        raise
    _remove(aside)


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
