"""What methods with a target code for each class have in common: the codes, and who makes them."""

from keras_hashing.methods.hashing_model import HashingModel
from keras_hashing.methods.tables import CentreTable
from keras_hashing.methods.training_data import class_count


class CentreMethod(HashingModel):
    """Family of the methods whose classes have target codes; a method gives `item_losses`.

    Args:
        bits, backbone, **kwargs: see `HashingModel`.
        classes: int, at least 2; `None` to find it in the labels at the first `fit`.
        seed: int, at least 0, of the codes.
        make: function of `(classes, bits, seed)` to an int8 array `(classes, bits)` of -1 and +1.

    Attributes:
        centres: int8 array `(classes, bits)` of -1 and +1, the classes' codes.

    Raises:
        ValueError: more classes than codes of `bits` bits, or an argument outside its range.
    """

    needs_labels = True

    def __init__(self, bits, backbone, classes, seed, *, make, **kwargs):
        super().__init__(bits, backbone, **kwargs)
        self.table = CentreTable(self.bits, make, seed)
        self.classes = None if classes is None else self.table.fill(classes)

    @property
    def centres(self):
        return self.table.numpy()

    def prepare(self, labels):
        self.classes = class_count(labels, self.classes)
        self.table.fill(self.classes)

    def share(self, longest):
        """Take the first columns of a longer model's codes as one's own."""
        self.classes = self.table.share(longest.table)

    def order_for_prefixes(self):
        """Reorder the codes' columns so that the first ones tell the classes apart too."""
        self.table.order_for_prefixes()

    def get_config(self):
        return {**super().get_config(), "classes": self.classes, "seed": self.table.seed}
