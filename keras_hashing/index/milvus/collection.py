"""The collection of an index in Milvus: its connection, its errors, and how it is made."""

import contextlib
import importlib.util
import json
import urllib.parse

from keras_hashing.index import servers

_TIMEOUT = 120  # seconds; pymilvus repeats a failed call until then
_CONNECTION_FAILED = 2  # pymilvus' code for a server that is gone
_FORM = "keras_hashing"  # key of the description; its value is the version of the schema
_SEARCHED_LISTS = "BIN_IVF_FLAT"
_ALL = "BIN_FLAT"


class Collection:
    """A collection of id (INT64, primary key), code (BINARY_VECTOR) and label (INT64).

    It is made if there is none. Its description holds the true number of bits, as codes are stored
    in whole bytes.

    Args:
        uri: str, a server's URI, or the path of a local file whose name ends in `.db`.
        name: str, 1 to 48 letters, digits and underscores.
        bits: int, the code length.
        token: str or None, as `pymilvus.MilvusClient` takes it.
        lists: int or None, lists of an inverted index in a new collection; None for none.
        partitions: int or None, how many partitions the labels of a new collection fall into.

    Attributes:
        lists: int or None, lists of the collection's inverted index.

    Raises:
        ConnectionError: the server does not answer or let the user in.
        ValueError: the collection holds codes of another length, or something else; `lists` for a
            local file.
        ModuleNotFoundError: pymilvus, or Milvus Lite for a local file, is not installed.
    """

    def __init__(self, uri, name, bits, token=None, lists=None, partitions=None):
        self.name, self.bits = servers.name("collection", name), bits
        self._uri, self._token, self._client = uri, token or "", None
        _load_pymilvus()
        if self._local:
            _check_local(uri, lists)
        self.lists = self._open(lists, partitions)

    def call(self, method, *arguments, done="", **options):
        """Call a method of `MilvusClient` on this collection.

        Args:
            done: str, a sentence for the error that says what was stored.

        Raises:
            ConnectionError: the server does not answer. A call some seconds after it is back
                connects again.
        """
        with self.explained(done):
            client = self._connected()
            return getattr(client, method)(self.name, *arguments, timeout=_TIMEOUT, **options)

    @contextlib.contextmanager
    def explained(self, done=""):
        """Turns the many errors of a server that is gone into one."""
        import grpc
        from pymilvus.exceptions import ConnectionConfigException, MilvusException

        lost = (_CONNECTION_FAILED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
        try:
            yield
        except (MilvusException, grpc.RpcError) as error:
            code = error.code() if callable(error.code) else error.code
            if code not in lost and not isinstance(error, ConnectionConfigException):
                raise
            self._forget()
            hint = "no other process has the file open" if self._local else "the server runs"
            raise ConnectionError(
                f"Milvus at {self._place} does not answer, collection {self.name!r}. {done}"
                f"Check `uri`, and that {hint}; then repeat what failed, an `add` as `upsert`."
            ) from error

    @property
    def _local(self):
        return "://" not in self._uri

    @property
    def _place(self):
        """The URI without a user's name and password."""
        if self._local:
            return self._uri
        parts = urllib.parse.urlsplit(self._uri)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def _connected(self):
        if self._client is None:
            from pymilvus import MilvusClient

            self._client = MilvusClient(self._uri, token=self._token, timeout=_TIMEOUT)
        return self._client

    def _forget(self):
        """Drop a connection that broke, so that the next call makes a new one."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
        if self._local:  # else this process never starts its server again
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self._uri)

    def _open(self, lists, partitions):
        """Make what lacks, also what an earlier process was killed before; returns the lists."""
        if not self.call("has_collection"):
            self._create(lists, partitions)
        found = self.call("describe_collection")
        bits = _bits_of(found["description"])
        if bits is None:
            raise ValueError(
                f"collection {self.name!r} is none of this package. Name another collection."
            )
        if bits != self.bits:
            raise ValueError(
                f"collection {self.name!r} holds codes of {bits} bits; got bits={self.bits}. Open "
                "it with that number, or name another collection."
            )
        if not self.call("list_indexes"):
            self._create_index(lists)
        made = self.call("describe_index", "code")
        made_lists = int(made["nlist"]) if made["index_type"] == _SEARCHED_LISTS else None
        if lists is not None and lists != made_lists:
            raise ValueError(
                f"collection {self.name!r} was made with lists={made_lists}; got {lists}. Leave "
                "`lists` out to open it as it is."
            )
        self.call("load_collection")
        return made_lists

    def _create(self, lists, partitions):
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(
            auto_id=False, description=json.dumps({_FORM: 1, "bits": self.bits})
        )
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("code", DataType.BINARY_VECTOR, dim=8 * -(-self.bits // 8))
        schema.add_field("label", DataType.INT64, is_partition_key=partitions is not None)
        number = {} if partitions is None else {"num_partitions": partitions}
        # Strong: an item is found as soon as `add` returns.
        self.call("create_collection", schema=schema, consistency_level="Strong", **number)

    def _create_index(self, lists):
        from pymilvus import MilvusClient

        options = MilvusClient.prepare_index_params()
        kind, params = (_ALL, {}) if lists is None else (_SEARCHED_LISTS, {"nlist": lists})
        options.add_index("code", index_type=kind, metric_type="HAMMING", params=params)
        self.call("create_index", options)


def _bits_of(description):
    """Code length that a description holds; None if it is not of this package."""
    try:
        found = json.loads(description)
    except ValueError:
        return None
    return found.get("bits") if isinstance(found, dict) and _FORM in found else None


def _check_local(uri, lists):
    if not str(uri).endswith(".db"):
        raise ValueError(
            f"`uri` must be a server's, like http://127.0.0.1:19530, or the path of a file whose "
            f"name ends in .db; got {uri!r}."
        )
    if lists is not None:
        raise ValueError(
            "`lists` is for a server: a local file has no inverted index. Leave it out, and all "
            "codes are compared."
        )
    try:
        lite = importlib.util.find_spec("milvus_lite.server_manager")
    except ModuleNotFoundError:
        lite = None
    if lite is None:
        raise ModuleNotFoundError(
            "a local file needs Milvus Lite 2.5.1; newer ones have no binary vectors. Install "
            "keras_hashing[milvus-lite], or pass the URI of a server."
        )


def _load_pymilvus():
    try:
        import pymilvus  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "backend 'milvus' needs the package pymilvus. Install keras_hashing[milvus], or use "
            "the exact backend."
        ) from error
