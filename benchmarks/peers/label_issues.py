"""cleanlab's find_label_issues on made-up probabilities: label_issues.py ROWS CLASSES."""
import json
import sys
import time

try:
    import numpy as np
    from cleanlab.filter import find_label_issues
except ImportError:
    sys.exit(3)

rows, classes = int(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(1)
truth = random.integers(classes, size=rows)
probabilities = random.random((rows, classes), dtype=np.float32)
probabilities[np.arange(rows), truth] += classes
probabilities /= probabilities.sum(axis=1, keepdims=True)
labels = np.where(random.random(rows) < 0.1, random.integers(classes, size=rows), truth)
start = time.perf_counter()
find_label_issues(labels, probabilities, filter_by="prune_by_noise_rate", return_indices_ranked_by="normalized_margin")
print(json.dumps({"seconds": time.perf_counter() - start}))
