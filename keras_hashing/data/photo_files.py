"""Which files of a collection can be used: readable ones, each content once."""

import concurrent.futures
import os
import warnings

from keras_hashing import files
from keras_hashing.data.images import check_image


def split_readable(paths):
    """Decode every file once and set those aside that cannot be read.

    Shows a progress bar on a terminal when it takes over a second.

    Args:
        paths: list of `pathlib.Path`.

    Returns:
        (readable, passed_over): list of paths in the same order, list of (path, reason).
    """
    from tqdm.auto import tqdm

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        checked = pool.map(_reason_unreadable, paths)
        bar = tqdm(
            checked, "Checking photos", len(paths), unit="photo", delay=1, leave=False, disable=None
        )
        reasons = list(bar)
    readable = [path for path, reason in zip(paths, reasons, strict=True) if reason is None]
    passed_over = [(path, why) for path, why in zip(paths, reasons, strict=True) if why is not None]
    return readable, passed_over


def same_content(paths):
    """Files whose bytes another, earlier file has.

    Args:
        paths: list of `pathlib.Path`.

    Returns:
        Dict, the later file -> the first one with the same bytes.
    """
    by_size: dict[int, list] = {}
    for path in paths:
        by_size.setdefault(path.stat().st_size, []).append(path)
    firsts: dict[str, object] = {}
    repeats = {}
    for path in paths:
        group = by_size[path.stat().st_size]
        if len(group) > 1:
            first = firsts.setdefault(files.sha256(path), path)
            if first is not path:
                repeats[path] = first
    return repeats


def warn_passed_over(passed_over, where):
    """Warn once about the files that were left out, with the first of them."""
    if passed_over:
        path, reason = passed_over[0]
        warnings.warn(
            f"{len(passed_over)} file(s) passed over, the first: {path} ({reason}) "
            f"All are listed in {where}.",
            stacklevel=3,
        )


def _reason_unreadable(path):
    try:
        check_image(path)
    except (ValueError, OSError) as error:
        return str(error)
    return None
