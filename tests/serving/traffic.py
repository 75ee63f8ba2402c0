"""Mixed requests with the one right answer to each, for servers under load."""

import dataclasses
import itertools
import threading
import time

import numpy as np
import requests

from keras_hashing import codes as packed
from keras_hashing.exporting import export
from tests.exporting.images import BITS, file_bytes, photo, tiny_model
from tests.serving.test_contract import b64

ITEMS, K = 40, 3
PHOTOS = [photo(8 + seed % 3, 7, seed) for seed in range(40)]
MARGIN = 1e-4  # outputs nearer to 0 than this could change sign with the size of a batch


@dataclasses.dataclass(frozen=True)
class Question:
    """A POST to a model, and what each version answers: a status and, if 200, the JSON."""

    body: dict
    answers: dict


def write_version(number, path):
    """Export a model of this seed below `path`; return what it answers with."""
    model = tiny_model(seed=100 + number)
    outputs = np.random.default_rng(number).standard_normal((ITEMS, BITS))
    codes, ids = packed.pack(outputs), np.arange(ITEMS) * 7 + number
    assert export(model, path, index=codes, ids=ids, k=K).name == str(number)
    return model, codes, ids


def questions(versions):
    """Questions about every photo and many codes.

    Args:
        versions: dict, number -> (model, codes, ids).
    """
    rng = np.random.default_rng(0)
    made = [refused({"inputs": [[1, 2]]}, versions), refused({}, versions)]
    for image in PHOTOS:
        answers = {number: outputs(version[0], image) for number, version in versions.items()}
        if min(np.abs(values).min() for values in answers.values()) < MARGIN:
            continue
        made += about_image(image, versions, answers)
    for rows in (1, 2, 5):
        codes = packed.pack(rng.standard_normal((rows, BITS)))
        found = {number: neighbours(codes, version) for number, version in versions.items()}
        made += [asked("search", codes.tolist(), found)]
    order = rng.permutation(len(made))
    return [made[place] for place in order]


def refused(body, versions):
    return Question(body, dict.fromkeys(versions, (400, None)))


def outputs(model, image):
    return np.asarray(model(image[None].astype(np.float32), training=False))


def about_image(image, versions, answers):
    codes = {number: packed.pack(values) for number, values in answers.items()}
    file = b64(file_bytes(image))
    encoded = {
        number: {"code_bytes": [b64(code[0].tobytes())], "code_hex": [code[0].tobytes().hex()]}
        for number, code in codes.items()
    }
    found = {number: neighbours(codes[number], version) for number, version in versions.items()}
    plain = {
        number: {"outputs": answers[number].tolist(), "code": codes[number].tolist()}
        for number in versions
    }
    return [
        asked("encode_bytes", [file], encoded),
        asked("search_bytes", [file], found),
        asked("serving_default", [image.tolist()], plain),
    ]


def asked(signature, inputs, answers):
    body = {"signature_name": signature, "inputs": inputs}
    return Question(body, {number: (200, answer) for number, answer in answers.items()})


def neighbours(codes, version):
    """By sorting all distances, ties by position."""
    _, database, ids = version
    distances = packed.hamming(codes, database)
    order = np.argsort(distances, axis=1, kind="stable")[:, :K]
    return {
        "distances": np.take_along_axis(distances, order, 1).tolist(),
        "ids": ids[order].tolist(),
    }


def answered_by(question, response):
    """The versions whose answer this is; none if it is wrong."""
    return {n for n, answer in question.answers.items() if same(answer, response)}


def same(answer, response):
    status, expected = answer
    if status != response.status_code:
        return False
    if expected is None:
        return list(response.json()) == ["error"]
    got = response.json()["outputs"]
    return got.keys() == expected.keys() and all(close(got[key], expected[key]) for key in got)


def close(got, expected):
    """Equal, but for the last digits of floats, which change with the size of a batch."""
    if isinstance(expected[0], list) and isinstance(expected[0][0], float):
        return np.shape(got) == np.shape(expected) and np.allclose(got, expected, atol=1e-5)
    return got == expected


@dataclasses.dataclass
class Traffic:
    """Clients that ask the questions in turn until `stop`; what they saw is in `seen`.

    `seen` has (start, end, question, versions whose answer it was or None without an answer).
    """

    url: str
    questions: list
    clients: int
    stop: threading.Event = dataclasses.field(default_factory=threading.Event)
    seen: list = dataclasses.field(default_factory=list)

    def __enter__(self):
        self._turns = itertools.count()
        self._threads = [threading.Thread(target=self._ask) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self):
        with requests.Session() as session:
            while not self.stop.is_set():
                question = self.questions[next(self._turns) % len(self.questions)]
                start = time.monotonic()
                try:
                    response = session.post(self.url, json=question.body, timeout=180)
                except requests.ConnectionError:
                    versions = None
                else:
                    versions = answered_by(question, response)
                self.seen.append((start, time.monotonic(), question, versions))
                if versions is None:
                    return
