"""Reads predictions with pandas and judges them with scikit-learn: judge.py FILE (CSV or Parquet; columns label and p_CLASS).

Without pyarrow the CSV beside a Parquet file is read in its place, and standard error says so.

The metrics are those of `assay judge`, without their intervals, which scikit-learn does not give.
"""
import json
import os
import sys
import time

try:
    import numpy as np
    import pandas as pd
    from sklearn import metrics
except ImportError:
    sys.exit(3)


def calibration(confidence, right, edges):
    """Sum over bins of |right - confidence|, divided by n; scikit-learn has no such metric."""
    bins = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, len(edges) - 2)
    gaps = np.bincount(bins, weights=right - confidence, minlength=len(edges) - 1)
    return np.abs(gaps).sum() / len(confidence)


start = time.perf_counter()
path = sys.argv[1]
if path.endswith(".parquet"):
    try:
        table = pd.read_parquet(path)
    except ImportError:
        path = os.path.splitext(path)[0] + ".csv"
        print(f"judge.py: pyarrow is absent, {path} is read instead", file=sys.stderr)
if path.endswith(".csv"):
    table = pd.read_csv(path)
columns = [c for c in table.columns if c.startswith("p_")]
y = table["label"].to_numpy().astype(int)
p = table[columns].to_numpy()
read = time.perf_counter() - start
predicted = p.argmax(1)
confidence, right = p.max(1), predicted == y
onehot = np.eye(len(columns))[y]
binary = len(columns) == 2
results = {
    "accuracy": metrics.accuracy_score(y, predicted),
    "balanced-accuracy": metrics.balanced_accuracy_score(y, predicted),
    "f1-macro": metrics.f1_score(y, predicted, average="macro"),
    "f1-micro": metrics.f1_score(y, predicted, average="micro"),
    "f1-weighted": metrics.f1_score(y, predicted, average="weighted"),
    "mcc": metrics.matthews_corrcoef(y, predicted),
    "cohen-kappa": metrics.cohen_kappa_score(y, predicted),
    "log-loss": metrics.log_loss(y, p),
    "brier": metrics.brier_score_loss(y, p[:, 1]) if binary else np.square(p - onehot).sum(1).mean(),
    "roc-auc": metrics.roc_auc_score(y, p[:, 1]) if binary else metrics.roc_auc_score(y, p, multi_class="ovr"),
    "average-precision": metrics.average_precision_score(y, p[:, 1]) if binary
    else np.mean([metrics.average_precision_score(y == c, p[:, c]) for c in range(len(columns))]),
    "ece": calibration(confidence, right, np.linspace(0, 1, 16)),
    "ece-equal-mass": calibration(confidence, right, np.quantile(confidence, np.linspace(0, 1, 16))),
}
metrics.confusion_matrix(y, predicted)
metrics.precision_recall_fscore_support(y, predicted)
print(json.dumps({"seconds": time.perf_counter() - start, "read": read, "metrics": results}))
