"""What a SavedModel must not hold to run in another process, and in TensorFlow Serving."""

import pathlib


def problems(folder):
    """Parts of a SavedModel that TensorFlow Serving cannot run.

    XLA is switched off there, so a function compiled with it fails on every request (Keras
    makes one of each grouped convolution); a Python function exists only in this process.

    Args:
        folder: str or path-like, holds `saved_model.pb`.

    Returns:
        List of str, empty if all is well.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(pathlib.Path(folder, "saved_model.pb").read_bytes())
    found = []
    for meta_graph in saved.meta_graphs:
        graph = meta_graph.graph_def
        found += _in_nodes("the main graph", graph.node)
        for function in graph.library.function:
            name = function.signature.name
            found += [f"function {name} has {text}" for text in _xla(function.attr)]
            found += _in_nodes(f"function {name}", function.node_def)
    return found


def _in_nodes(place, nodes):
    found = []
    for node in nodes:
        if "PyFunc" in node.op:
            found.append(f"{place} calls Python at {node.name} ({node.op})")
        if node.op.startswith("Xla"):
            found.append(f"{place} has the XLA operation {node.op}")
        found += [f"{place}, node {node.name}, has {text}" for text in _xla(node.attr)]
    return found


def _xla(attributes):
    """The XLA attributes that are set; a bool that is False asks for nothing."""
    return [
        f"the XLA attribute {name}"
        for name, value in attributes.items()
        if "xla" in name.lower() and (value.WhichOneof("value") != "b" or value.b)
    ]
