"""What the counting graphs need of a GPU, asked of the installed TensorFlow's registry.

The plain `tensorflow` wheel registers its GPU kernels on any machine. What the graphs count is
tested with `histograms`.
"""

import math

import pytest
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.python.framework import kernels as registry

from keras_hashing.evaluation import kernels

# Ops that have no kernel: the runtime handles them itself.
RUNTIME = {"Placeholder", "_Arg", "_Retval", "NoOp"}
MOST_ON_HOST = 4096  # elements; shapes and counters, never pairs or codes

GRAPHS = {
    "grades": lambda: kernels.by_grade(2, 1, False, 100, 2, 4096, False),
    "weighted": lambda: kernels.by_grade(1, 1, False, 48, 2, 1024, True),
    "multi-hot": lambda: kernels.by_grade(1, 2, True, 48, 5, 1024, False),
    "pairs": lambda: kernels.by_pairs(1, 48, 4096),
}


def gpu_kernels(op):
    """Kernels for a GPU; those of the device "DEFAULT" serve every kind of device."""
    found = registry.get_registered_kernels_for_op(op).kernel
    return [kernel for kernel in found if kernel.device_type in ("GPU", "DEFAULT")]


pytestmark = pytest.mark.skipif(
    not gpu_kernels("DenseBincount"),
    reason="this TensorFlow was built without GPU kernels; install the plain `tensorflow` wheel",
)


def outside_xla(graph):
    """Operations of a concrete function and of its loops, without compiled functions."""
    for operation in graph.get_operations():
        called = [
            graph._get_function(operation.get_attr(name).name)
            for name in ("f", "body", "cond", "then_branch", "else_branch")
            if name in operation.node_def.attr and operation.node_def.attr[name].HasField("func")
        ]
        if any("_XlaMustCompile" in function.cached_definition.attr for function in called):
            continue
        if called:
            for function in called:
                yield from outside_xla(function.graph)
        else:
            yield operation


def fits(kernel, operation):
    """Whether a kernel takes the operation's dtypes."""
    for constraint in kernel.constraint:
        allowed = list(constraint.allowed_values.list.type)
        found = operation.get_attr(constraint.name)
        found = found if isinstance(found, list) else [found]
        if any(tf.as_dtype(dtype).as_datatype_enum not in allowed for dtype in found):
            return False
    return True


def small(tensor):
    """Few elements, or at most two for each 64 queries: their number and bounds."""
    known = [size for size in tensor.shape if size is not None]
    return math.prod(known) <= (2 if None in list(tensor.shape) else MOST_ON_HOST)


@pytest.mark.parametrize("name", GRAPHS)
def test_every_operation_outside_xla_has_a_gpu_kernel_and_keeps_large_tensors_there(name):
    operations = list(outside_xla(GRAPHS[name]().graph))
    assert any(operation.type == "DenseBincount" for operation in operations)
    for operation in operations:
        if operation.type in RUNTIME:
            continue
        fitting = [kernel for kernel in gpu_kernels(operation.type) if fits(kernel, operation)]
        dtypes = [tensor.dtype.name for tensor in operation.outputs]
        assert fitting, f"{operation.type} {dtypes} has no GPU kernel"
        on_host = set(fitting[0].host_memory_arg)
        definition = operation.op_def
        for arguments, tensors in (
            (definition.input_arg, operation.inputs),
            (definition.output_arg, operation.outputs),
        ):
            if len(arguments) != len(tensors):  # a list of tensors: all or none on the host
                arguments = [arguments[0]] * len(tensors)
            for argument, tensor in zip(arguments, tensors, strict=True):
                if argument.name in on_host and tensor.dtype != tf.variant:
                    assert small(tensor), (operation.name, tensor)


def test_the_check_itself_sees_what_has_no_kernel():
    # As the table of kernels says: no bit count of uint64, and int32 sums only on the host.
    assert types_pb2.DT_UINT64 not in {
        dtype
        for kernel in gpu_kernels("PopulationCount")
        for constraint in kernel.constraint
        for dtype in constraint.allowed_values.list.type
    }

    @tf.function
    def wrong(x):
        return tf.raw_ops.PopulationCount(x=x)

    (operation,) = [
        operation
        for operation in outside_xla(
            wrong.get_concrete_function(tf.TensorSpec((8,), tf.uint64)).graph
        )
        if operation.type == "PopulationCount"
    ]
    assert not [kernel for kernel in gpu_kernels(operation.type) if fits(kernel, operation)]
