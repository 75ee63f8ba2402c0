"""`kh.load` in a fresh process, where nothing has registered the classes."""

import subprocess
import sys

import numpy as np

from keras_hashing.methods import DHN


def test_load_in_a_fresh_process(tmp_path):
    model = DHN(bits=5, backbone=None)
    features = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)
    expected = model.predict(features, verbose=0)
    model.save(tmp_path / "m.keras")
    np.save(tmp_path / "features.npy", features)
    code = (
        "import sys, numpy as np, keras_hashing as kh\n"
        "model = kh.load(sys.argv[1] + '/m.keras')\n"
        "features = np.load(sys.argv[1] + '/features.npy')\n"
        "np.save(sys.argv[1] + '/got.npy', model.predict(features, verbose=0))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "got.npy"), expected, atol=1e-6)
