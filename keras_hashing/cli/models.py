"""MODEL on the command line: a zoo name, an entry's folder or a .keras file."""

import pathlib

DEFAULT_BACKBONE = "efficientnet_lite0"


def lasting_name(model):
    """MODEL in a form that means the same from another working folder."""
    path = pathlib.Path(model)
    return str(path.resolve()) if path.suffix == ".keras" or path.is_dir() else model


def photo_encoder(name, hashing):
    """`keras_hashing.photos.Encoder` that loads its model when it is first needed.

    Args:
        name: str, a backbone's name; with `hashing`, a MODEL.
        hashing: bool.
    """
    from keras_hashing import photos

    def load_backbone():
        from keras_hashing import backbones

        return backbones.get(name)

    def load_hashing():
        import keras_hashing

        return keras_hashing.load(name)

    load = load_hashing if hashing else load_backbone
    return photos.Encoder(name, load, hashing)
