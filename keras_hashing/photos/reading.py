"""Photo files of a folder: which are there, their contents' digests, and decoding in threads."""

import collections
import concurrent.futures
import dataclasses
import hashlib
import os
import pathlib

import numpy as np

from keras_hashing.data import images


@dataclasses.dataclass(frozen=True)
class PhotoFile:
    """A photo as the folder lists it.

    Args:
        path: str, below the folder, with `/`.
        size: int, bytes.
        mtime_ns: int, time of the last change, nanoseconds.
    """

    path: str
    size: int
    mtime_ns: int


@dataclasses.dataclass(frozen=True)
class Reading:
    """What reading one photo gave: an image, or nothing as its digest is known, or a problem.

    Args:
        photo: `PhotoFile`.
        digest: hex SHA-256 of the bytes; None if they could not be read.
        image: float32 array `(size, size, 3)`, or None.
        problem: str, why there is no image to be had; None if all is well.
    """

    photo: PhotoFile
    digest: str | None
    image: np.ndarray | None = None
    problem: str | None = None


def list_photos(folder):
    """The image files of a folder and its sub-folders, as `images.list_images` finds them.

    Args:
        folder: str or path-like.

    Returns:
        List of `PhotoFile`, in order of path.

    Raises:
        FileNotFoundError, NotADirectoryError, ValueError: as `images.list_images`.
    """
    photos = []
    for path in images.list_images(folder):
        try:
            status = path.stat() if path.exists() else path.lstat()  # a link that leads nowhere
        except FileNotFoundError:  # deleted just now
            continue
        name = path.relative_to(folder).as_posix()
        photos.append(PhotoFile(name, status.st_size, status.st_mtime_ns))
    return sorted(photos, key=lambda photo: photo.path)


def read_photos(folder, photos, size, known, workers=None):
    """Read photos in threads, some ahead of the caller, so that decoding never waits for a model.

    Args:
        folder: str or path-like that the photos' paths are below.
        photos: list of `PhotoFile`.
        size: int, height and width to resize to, in pixels.
        known: container of digests; a photo with one of these is not decoded.
        workers: int, threads; default: the cores this process may use.

    Yields:
        `Reading` of each photo, in the order given.
    """
    folder = pathlib.Path(folder)
    workers = workers or len(os.sched_getaffinity(0))
    pool = concurrent.futures.ThreadPoolExecutor(workers)
    waiting = collections.deque()
    try:
        for photo in photos:
            waiting.append(pool.submit(_read, folder, photo, size, known))
            if len(waiting) > 64:  # images of 224 px: 40 MB
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _read(folder, photo, size, known):
    digest = None
    try:
        content = (folder / photo.path).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if digest in known:
            return Reading(photo, digest)
        return Reading(photo, digest, images.resize(images.read_image(content), size))
    except OSError as error:
        return Reading(photo, digest, problem=error.strerror or type(error).__name__)
    except ValueError as error:
        return Reading(photo, digest, problem=str(error).removeprefix("The image "))
