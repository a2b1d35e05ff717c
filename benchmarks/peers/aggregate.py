"""Plackett-Luce scores of sparse results with NumPy and SciPy, without intervals: aggregate.py MODELS SAMPLES MISSING."""
import json
import sys
import time

try:
    import numpy as np
    import scipy.linalg as linalg
except ImportError:
    sys.exit(3)

models, samples, missing = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
random = np.random.default_rng(1)
count = round(models * samples * (1 - missing))
cell = random.permutation(np.unique(random.integers(models * samples, size=count)))
model, sample = (cell % models).astype(np.int32), (cell // models).astype(np.int32)
score = model / models + random.standard_normal(len(cell))
score = np.where(sample % 2 == 0, (score > 0.5).astype(float), score)

start = time.perf_counter()
order = np.lexsort((model, sample))
model, sample, score = model[order], sample[order], score[order]
wins = np.zeros(models * models)
offset = 1
while True:
    # Every result with the one that many places later, where both are of one sample.
    same = np.flatnonzero(sample[offset:] == sample[:-offset])
    if len(same) == 0:
        break
    a, b = model[same], model[same + offset]
    x, y = score[same], score[same + offset]
    wins += np.bincount(a[x >= y] * models + b[x >= y], minlength=models * models)
    wins += np.bincount(b[y >= x] * models + a[y >= x], minlength=models * models)
    offset += 1
wins = wins.reshape(models, models)
theta = np.zeros(models)
for _ in range(100):
    w = np.exp(theta)
    chain = (wins / (w[:, None] + w[None, :])).T
    chain -= np.diag(chain.sum(axis=1))
    lu, _ = linalg.lu_factor(chain.T)
    weights = np.append(linalg.solve_triangular(lu[:-1, :-1], -lu[:-1, -1]), 1.0)
    new = np.log(weights)
    new -= new.mean()
    change = np.abs(new - theta).sum()
    theta = new
    if change <= 1e-8 * models:
        break
print(json.dumps({"seconds": time.perf_counter() - start}))
