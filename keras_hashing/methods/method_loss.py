"""The loss that stands for a method's own `item_losses`."""

import keras

from keras_hashing import replicas


@keras.saving.register_keras_serializable(package="keras_hashing", name="MethodLoss")
class MethodLoss(keras.losses.Loss):
    """Mean over the batch of a method's own `item_losses`, weighted by sample weights.

    Example:
        >>> from keras_hashing.methods import CSQ
        >>> model = CSQ(bits=8, backbone=None)
        >>> model.compile()  # CSQ defines `item_losses`
        >>> isinstance(model.loss, MethodLoss)
        True
    """

    def call(self, labels, values):
        return replicas.balanced(values, self.reduction)
