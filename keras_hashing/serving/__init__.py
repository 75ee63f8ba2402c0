"""A local server with TensorFlow Serving's REST contract, and a client for both."""

from keras_hashing import spelling
from keras_hashing.serving.app import Settings, create_app
from keras_hashing.serving.client import Client, ServerError
from keras_hashing.serving.models import Models
from keras_hashing.serving.page_routes import page_routes
from keras_hashing.serving.versions import ServedModel

__all__ = [
    "Client",
    "Models",
    "ServedModel",
    "ServerError",
    "Settings",
    "create_app",
    "page_routes",
]

spelling.guide(__name__)
