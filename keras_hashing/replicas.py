"""The rows of all replicas, for what compares the items of a batch under `tf.distribute`.

A replica holds a part of the batch; pairs, rankings and means over the batch need all of it. Where
there is one device, and on Keras backends other than TensorFlow, whose distributed arrays are
whole, everything here hands back what it is given.
"""

import contextlib

import keras
from keras import ops

_MEANS = ("sum_over_batch_size", "mean")  # reductions to a mean over the replica's rows


def count():
    """How many replicas share a batch, int: 1 without a strategy."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def scope(model):
    """The scope in which weights must be made that are to be trained with those of `model`."""
    strategy = getattr(model, "distribute_strategy", None)
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def gather(*tensors):
    """Rows of all replicas.

    The gradient passes to the rows of every replica: what each replica's loss owes to a row is
    summed up at the replica that has it.

    Args:
        tensors: of rank 1 at least, `(rows, ...)`; replicas may have different numbers of rows.

    Returns:
        List of tensors `(rows of all replicas, ...)`, in one order for all calls of a step.
    """
    context = _context()
    return [*tensors] if context is None else [_gathered(context, tensor) for tensor in tensors]


def positions(rows):
    """The place of each of this replica's rows among those of all replicas.

    Args:
        rows: tensor `(rows, ...)`.

    Returns:
        int32 tensor `(rows,)`.
    """
    context, size = _context(), ops.shape(rows)[0]
    if context is None:
        return ops.arange(size, dtype="int32")
    own = ops.cast(context.replica_id_in_sync_group, "int32")
    owners = _gathered(context, ops.broadcast_to(own, (size,)))
    return ops.cast(ops.nonzero(ops.equal(owners, own))[0], "int32")


def of_batch(function, *tensors):
    """Values of this replica's rows by a function of the whole batch's.

    Args:
        function: of tensors `(batch, ...)` to a tensor `(batch, ...)`.
        tensors: its arguments, of which this replica holds a part.

    Returns:
        Tensor `(rows, ...)`.
    """
    if _context() is None:
        return function(*tensors)
    return ops.take(function(*gather(*tensors)), positions(tensors[0]), axis=0)


def balanced(values, reduction="sum_over_batch_size"):
    """The same values, their gradient such that unequal replicas count by their rows.

    Keras takes the mean over each replica's rows, and of these the mean over replicas. Where one
    has 3 rows and another 2, as in a last batch of 5, that is no mean over items. The values stay
    as they are, for Keras weighs them by rows in the losses that it shows.

    Args:
        values: float tensor `(rows,)`, the loss of each row.
        reduction: str, how Keras goes on; only a mean is put right.

    Returns:
        Float tensor `(rows,)`.
    """
    context = _context()
    if context is None or reduction not in _MEANS:
        return values
    rows = ops.shape(values)[0]
    every = ops.shape(_gathered(context, ops.ones((rows,), "int32")))[0]
    share = ops.cast(context.num_replicas_in_sync * rows, values.dtype)
    constant = ops.stop_gradient(values)
    # The bracket is exactly 0.
    return constant + share / ops.cast(every, values.dtype) * (values - constant)


def _context():
    """The replica that runs, None where the batch is whole or no step runs."""
    if count() == 1:
        return None
    import tensorflow as tf

    return tf.distribute.get_replica_context()


def _gathered(context, tensor):
    import tensorflow as tf

    tensor = ops.convert_to_tensor(tensor)
    rows = context.all_gather(tensor, axis=0)
    return tf.ensure_shape(rows, (None, *tensor.shape[1:]))  # which gathering forgets
