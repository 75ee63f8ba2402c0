"""How do the hashing methods compare on equal terms?

    python -m benchmarks.methods --data-dir DIR --cache FOLDER --workers 2

Every method trains a head on the same cached features of a frozen EfficientNet-Lite0, with the same
budget of steps. Its setting is chosen at 32 bits on the validation images, from six at most; then
it is trained on all training images with three seeds at seven code lengths. `settings.py` lists
methods and settings, `runs.py` trains and evaluates, `report.py` draws the plot and the tables.
Finished runs stand in `docs/results/methods.csv` and are not done again.
"""
