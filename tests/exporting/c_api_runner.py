"""Runs signatures of a SavedModel through TensorFlow's C API: the path of TensorFlow Serving.

Standard library only, so neither TensorFlow's Python nor Keras is imported, and XLA is switched
off as it is in the server. A child process of the tests: `run` starts it.

    python c_api_runner.py LIBRARY FOLDER < requests.json > answers.jsonl

A request is `{"signature": str, "inputs": {name: {"dtype": int, "shape": [...], "data": ...}}}`,
`data` being base64, or a list of base64 for strings; an answer has `code`, `message`, `outputs`.
"""

import base64
import ctypes
import json
import subprocess
import sys

STRING, STRING_BYTES = 7, 24


def run(library, folder, requests):
    """The answers to all requests, and how the child ended (0, or minus a signal's number)."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", __file__, str(library), str(folder)],
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


class Output(ctypes.Structure):
    _fields_ = (("operation", ctypes.c_void_p), ("index", ctypes.c_int))


class Buffer(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("deallocator", ctypes.c_void_p),
    )


def open_library(path):
    """TensorFlow's library, with types on every function, so that no pointer is cut."""
    library = ctypes.CDLL(path)
    p, i, s, n = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t
    functions = {
        "TF_NewStatus": (p, []),
        "TF_GetCode": (i, [p]),
        "TF_Message": (s, [p]),
        "TF_NewGraph": (p, []),
        "TF_NewSessionOptions": (p, []),
        "TF_NewBuffer": (ctypes.POINTER(Buffer), []),
        "TF_LoadSessionFromSavedModel": (p, [p, p, s, ctypes.POINTER(s), i, p, p, p]),
        "TF_GraphOperationByName": (p, [p, s]),
        "TF_AllocateTensor": (p, [i, ctypes.POINTER(ctypes.c_int64), i, n]),
        "TF_DeleteTensor": (None, [p]),
        "TF_TensorData": (p, [p]),
        "TF_TensorType": (i, [p]),
        "TF_TensorByteSize": (n, [p]),
        "TF_NumDims": (i, [p]),
        "TF_Dim": (ctypes.c_int64, [p, i]),
        "TF_StringInit": (None, [p]),
        "TF_StringCopy": (None, [p, s, n]),
        "TF_StringGetDataPointer": (p, [p]),
        "TF_StringGetSize": (n, [p]),
        "TF_SessionRun": (None, [p, p, p, p, i, p, p, i, p, i, p, p]),
    }
    for name, (result, arguments) in functions.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library._ZN10tensorflow21DisableXlaCompilationEv()
    return library


def fields(data):
    """(number, value) of each field of a protobuf message: ints, or bytes."""
    place = 0

    def varint():
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        size = {1: 8, 5: 4}.get(key & 7) or varint()
        yield key >> 3, data[place : place + size]
        place += size


def signatures(meta_graph):
    """Signature -> {"inputs": {name: tensor name}, "outputs": ...} of a serialized MetaGraphDef."""
    found = {}
    for number, entry in fields(meta_graph):
        if number == 5:
            pair = dict(fields(entry))
            tensors = {"inputs": {}, "outputs": {}}
            for kind, item in fields(pair[2]):
                if kind in (1, 2):
                    named = dict(fields(item))
                    tensor = dict(fields(named[2]))[1].decode()
                    tensors["inputs" if kind == 1 else "outputs"][named[1].decode()] = tensor
            found[pair[1].decode()] = tensors
    return found


class Session:
    """A loaded SavedModel."""

    def __init__(self, library, folder):
        self.library = library
        self.graph = library.TF_NewGraph()
        self.status = library.TF_NewStatus()
        meta_graph = library.TF_NewBuffer()
        self.session = library.TF_LoadSessionFromSavedModel(
            library.TF_NewSessionOptions(),
            None,
            folder.encode(),
            (ctypes.c_char_p * 1)(b"serve"),
            1,
            self.graph,
            meta_graph,
            self.status,
        )
        if library.TF_GetCode(self.status):
            raise RuntimeError(library.TF_Message(self.status).decode())
        content = meta_graph.contents
        self.signatures = signatures(ctypes.string_at(content.data, content.length))

    def answer(self, request):
        tensors = self.signatures[request["signature"]]
        inputs = request["inputs"]
        names = list(tensors["outputs"])
        feeds = self._places(tensors["inputs"][name] for name in inputs)
        fetches = self._places(tensors["outputs"][name] for name in names)
        given = (ctypes.c_void_p * len(inputs))(*[self._tensor(x) for x in inputs.values()])
        got = (ctypes.c_void_p * len(names))()
        self.library.TF_SessionRun(
            *(self.session, None, feeds, given, len(inputs), fetches, got, len(names)),
            *(None, 0, None, self.status),
        )
        code = self.library.TF_GetCode(self.status)
        message = self.library.TF_Message(self.status).decode()
        outputs = {} if code else {n: self._read(t) for n, t in zip(names, got, strict=True)}
        return {"code": code, "message": message, "outputs": outputs}

    def _places(self, names):
        pairs = [name.rsplit(":", 1) for name in names]
        find = self.library.TF_GraphOperationByName
        found = [Output(find(self.graph, name.encode()), int(index)) for name, index in pairs]
        return (Output * len(found))(*found)

    def _tensor(self, value):
        dtype, shape, data = value["dtype"], value["shape"], value["data"]
        dims = (ctypes.c_int64 * len(shape))(*shape)
        if dtype != STRING:
            raw = base64.b64decode(data)
            tensor = self.library.TF_AllocateTensor(dtype, dims, len(shape), len(raw))
            ctypes.memmove(self.library.TF_TensorData(tensor), raw, len(raw))
            return tensor
        size = len(data) * STRING_BYTES
        tensor = self.library.TF_AllocateTensor(dtype, dims, len(shape), size)
        start = self.library.TF_TensorData(tensor)
        for position, text in enumerate(data):
            raw = base64.b64decode(text)
            self.library.TF_StringInit(start + position * STRING_BYTES)
            self.library.TF_StringCopy(start + position * STRING_BYTES, raw, len(raw))
        return tensor

    def _read(self, tensor):
        api = self.library
        dtype = api.TF_TensorType(tensor)
        shape = [api.TF_Dim(tensor, i) for i in range(api.TF_NumDims(tensor))]
        start, size = api.TF_TensorData(tensor), api.TF_TensorByteSize(tensor)
        if dtype != STRING:
            data = base64.b64encode(ctypes.string_at(start, size)).decode()
        else:
            places = range(start, start + size, STRING_BYTES)
            raw = [
                ctypes.string_at(api.TF_StringGetDataPointer(p), api.TF_StringGetSize(p))
                for p in places
            ]
            data = [base64.b64encode(text).decode() for text in raw]
        return {"dtype": dtype, "shape": shape, "data": data}


def main():
    session = Session(open_library(sys.argv[1]), sys.argv[2])
    if foreign := {"numpy", "tensorflow", "keras"} & set(sys.modules):
        raise RuntimeError(f"imported: {foreign}")
    for request in json.load(sys.stdin):
        print(json.dumps(session.answer(request)), flush=True)


if __name__ == "__main__":
    main()
