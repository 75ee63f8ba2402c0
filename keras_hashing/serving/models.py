"""The served models: which versions are loaded, in which state, and how that changes.

Source of the states and of their order: TensorFlow Serving, `get_model_status.proto` and
`availability_preserving_policy.h`.
"""

import contextlib
import dataclasses
import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from keras_hashing.serving import versions
from keras_hashing.serving.errors import ApiError
from keras_hashing.serving.version import Version, has_manifest, load

POLL_SECONDS = 1.0
_RETRIES = 5  # of a load that failed, as in TensorFlow Serving
_RETRY_SECONDS = 60.0

_log = logging.getLogger(__name__)


@dataclasses.dataclass
class _Entry:
    """What is known of one version; `error` is why it could not be loaded."""

    state: str = "START"
    version: Version | None = None
    error: str = ""
    failures: int = 0
    due: float = 0.0
    users: int = 0


class _Versions:
    """The versions of one model. Loading happens in one thread, questions come from any.

    Args:
        model: `versions.ServedModel`.
        announce: function of a line of text.
        retry: float, seconds between attempts to load.
    """

    def __init__(self, model, announce, retry):
        self.model, self._announce, self._retry = model, announce, retry
        self._entries: dict[int, _Entry] = {}
        self._lock = threading.Lock()
        self._ended: list[int] = []

    def refresh(self, first=False):
        """Load what is wanted and not there; then let go of what is there and not wanted."""
        self._tell_ended()
        wanted = versions.wanted(self.model)
        for number, folder in sorted(wanted.items(), reverse=True):
            if self._is_due(number):
                self._load(number, folder, first)
        with self._lock:
            # Nothing is let go before all that takes its place is there.
            if wanted and all(self._entries[n].state == "AVAILABLE" for n in wanted):
                for number, entry in self._entries.items():
                    if entry.state == "AVAILABLE" and number not in wanted:
                        entry.state = "UNLOADING"
                        self._end_unused(number, entry)

    @contextlib.contextmanager
    def use(self, number, label):
        """Yield a loaded version, which stays loaded until the block ends."""
        with self._lock:
            number = self._resolve(number, label)
            entry = self._entries[number]
            entry.users += 1
        try:
            yield entry.version
        finally:
            with self._lock:
                entry.users -= 1
                self._end_unused(number, entry)

    def states(self):
        """List of (number, state, error), highest first."""
        with self._lock:
            return [(n, e.state, e.error) for n, e in sorted(self._entries.items(), reverse=True)]

    def _resolve(self, number, label):
        available = {n for n, entry in self._entries.items() if entry.state == "AVAILABLE"}
        if label is not None:
            number = self.model.labels.get(label)
            if number not in available:
                raise ApiError(400, f"Unrecognized servable version label: {label}")
        wanted = max(available, default=None) if number is None else number
        if wanted not in available:
            name = self.model.name
            which = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise ApiError(404, f"Servable not found for request: {which}")
        return wanted

    def _is_due(self, number):
        with self._lock:
            entry = self._entries.setdefault(number, _Entry())
            if entry.state == "END" and not entry.error:  # let go before, and wanted again
                entry.state, entry.failures = "START", 0
            return entry.state in ("START", "LOADING") and time.monotonic() >= entry.due

    def _load(self, number, folder, first):
        entry = self._entries[number]
        self._set(entry, state="LOADING")
        checked = has_manifest(folder)
        files = "files checked with its manifest" if checked else "files unchecked: no manifest"
        self._announce(f"Loading {self.model.name}, version {number}: {folder} ({files}) ...")
        try:
            version = load(number, folder)
        except Exception as error:
            if first:
                raise
            failures = entry.failures + 1
            state = "END" if failures > _RETRIES else "LOADING"
            reason = str(error) if state == "END" else ""
            due = time.monotonic() + self._retry
            self._set(entry, state=state, error=reason, failures=failures, due=due)
            _log.error("%s, version %d: %s", self.model.name, number, error)
        else:
            self._set(entry, state="AVAILABLE", version=version)
            self._announce(f"{self.model.name}, version {number} is served.")

    def _set(self, entry, **values):
        with self._lock:
            for name, value in values.items():
                setattr(entry, name, value)

    def _end_unused(self, number, entry):
        if entry.state == "UNLOADING" and not entry.users:
            entry.state, entry.version = "END", None
            self._ended.append(number)

    def _tell_ended(self):
        with self._lock:
            ended, self._ended = self._ended, []
        for number in ended:
            self._announce(f"{self.model.name}, version {number} is no longer served.")
        if ended:
            gc.collect()  # weights sit in cycles, which Python would collect much later


class Models:
    """All served models; `load` them before use.

    Args:
        served: list of `versions.ServedModel`.
        announce: function of a line of text, told what is loaded, from where, and what is let go;
            None for silence.
        retry: float, seconds until a version that could not be loaded is tried again.

    Raises:
        FileNotFoundError: a folder, or a version asked for, that is not there.
        ValueError: two models of one name, or what `versions.check` finds.

    Example:
        >>> models = Models([])
        >>> models.load()
        >>> models.names
        []
    """

    def __init__(
        self,
        served: Sequence[versions.ServedModel],
        announce: Callable[[str], Any] | None = None,
        retry: float = _RETRY_SECONDS,
    ) -> None:
        announce = announce or (lambda line: None)
        self._models = {}
        for model in served:
            versions.check(model)
            if model.name in self._models:
                raise ValueError(f"Two models have the name {model.name!r}. Rename one.")
            self._models[model.name] = _Versions(model, announce, retry)

    def load(self) -> None:
        """Load what is there now.

        Raises:
            ValueError: a version that cannot be loaded.
        """
        for model in self._models.values():
            model.refresh(first=True)

    @property
    def names(self) -> list[str]:
        """Names of the served models."""
        return list(self._models)

    def use(
        self, name: str, number: int | None = None, label: str | None = None
    ) -> contextlib.AbstractContextManager[Version]:
        """Context of the version asked for, the highest if neither number nor label is given.

        Yields:
            `version.Version`, which stays loaded until the block ends.

        Raises:
            ApiError: 404 for an unknown name or number, 400 for an unknown label.
        """
        if name not in self._models:
            which = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise ApiError(404, f"Servable not found for request: {which}")
        return self._models[name].use(number, label)

    def states(self, name: str, number: int | None = None):
        """(version, state, error) of a model's known versions, highest first, or of one.

        Raises:
            ApiError: 404, nothing known of it.
        """
        known = self._models[name].states() if name in self._models else []
        found = [row for row in known if number in (None, row[0])]
        if not found:
            version = "" if number is None else f" version {number} of"
            raise ApiError(404, f"Could not find any versions of{version} model {name}")
        return found

    def refresh(self) -> None:
        """Look at the disk once, load what is new, and let go of what it takes the place of."""
        for model in self._models.values():
            model.refresh()

    @contextlib.contextmanager
    def watched(self, seconds: float = POLL_SECONDS) -> Iterator[None]:
        """Refresh every so many seconds, in a thread, until the block ends."""
        stop = threading.Event()

        def watch():
            while not stop.wait(seconds):
                try:
                    self.refresh()
                except Exception:
                    _log.exception("the folders of models could not be read")

        # Waited for at the end: a process that exits while TensorFlow loads may crash.
        thread = threading.Thread(target=watch, name="versions")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
