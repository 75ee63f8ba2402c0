"""`python -m keras_hashing` is `keras-hashing`."""

from keras_hashing.cli import main

if __name__ == "__main__":
    main.main()
