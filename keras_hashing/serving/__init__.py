"""A local server with TensorFlow Serving's REST contract, and a client for both."""

from keras_hashing.serving.client import Client, ServerError

__all__ = ["Client", "ServerError"]
