"""Bootstrap of accuracy and ROC-AUC by scikit-learn in a loop: bootstrap.py N RESAMPLES [MEASURED].

MEASURED resamples are timed (50 by default) and the time is scaled to RESAMPLES: the loop is linear in them, and all would take minutes.
"""
import json
import sys
import time

try:
    import numpy as np
    from sklearn import metrics
except ImportError:
    sys.exit(3)

n, resamples = int(sys.argv[1]), int(sys.argv[2])
measured = min(resamples, int(sys.argv[3]) if len(sys.argv) > 3 else 50)
rng = np.random.default_rng(1)
y = rng.integers(0, 2, n)
score = rng.normal(size=n) + y
predicted = (score > 0.5).astype(int)


def resample():
    rows = rng.integers(0, n, n)
    return metrics.accuracy_score(y[rows], predicted[rows]), metrics.roc_auc_score(y[rows], score[rows])


resample()
start = time.perf_counter()
values = np.array([resample() for _ in range(measured)])
seconds = (time.perf_counter() - start) * resamples / measured
low, high = np.percentile(values, [2.5, 97.5], axis=0)
print(json.dumps({"seconds": seconds, "measured": measured, "accuracy": [low[0], high[0]], "auc": [low[1], high[1]]}))
