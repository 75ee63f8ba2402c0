"""What can be said of anyone's codes, before a figure made from them is believed."""

from keras_hashing import spelling
from keras_hashing.auditing.audit import audit
from keras_hashing.auditing.result import Audit

__all__ = ["Audit", "audit"]

spelling.guide(__name__)
