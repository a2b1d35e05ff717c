"""L(N, D) = E + A/N^alpha + B/D^beta by SciPy's L-BFGS-B from each start: parametric_loss.py FILE STARTS [MEASURED].

FILE holds n, d and loss, one run a line; Huber loss (delta = 1e-3) on the logarithm, gradient in closed form with NumPy, the published grid of
4,500 starts. Every k-th start is timed so that MEASURED are (300 by default), and the time is scaled to STARTS.
"""
import json
import sys
import time
from itertools import product

try:
    import numpy as np
    from scipy.optimize import minimize
except ImportError:
    sys.exit(3)

runs = np.loadtxt(sys.argv[1], delimiter=",")
count = int(sys.argv[2])
measured = int(sys.argv[3]) if len(sys.argv) > 3 else 300
log_n, log_d, log_l = np.log(runs).T
delta = 1e-3


def objective(theta):
    a, b, e, alpha, beta = theta
    terms = np.stack([a - alpha * log_n, b - beta * log_d, np.full_like(log_n, e)])
    top = terms.max(0)
    powers = np.exp(terms - top)
    total = powers.sum(0)
    residual = top + np.log(total) - log_l
    psi = np.clip(residual, -delta, delta)
    weights = powers * (psi / total)
    gradient = np.array([weights[0].sum(), weights[1].sum(), weights[2].sum(), -(weights[0] @ log_n), -(weights[1] @ log_d)])
    return (psi * (residual - psi / 2)).sum(), gradient


half = np.arange(0, 2.5, 0.5)
grid = [(5.0 * a, 5.0 * b, e, alpha, beta) for alpha, beta, e, a, b in product(half, half, np.arange(-1, 1.5, 0.5), range(6), range(6))][:count]
chosen = grid[:: max(1, count // measured)]
options = {"maxiter": 1000, "ftol": 1e-10, "gtol": 1e-9}
minimize(objective, chosen[0], jac=True, method="L-BFGS-B", options=options)
start = time.perf_counter()
best = min((minimize(objective, s, jac=True, method="L-BFGS-B", options=options) for s in chosen), key=lambda r: r.fun)
seconds = (time.perf_counter() - start) * count / len(chosen)
print(json.dumps({"seconds": seconds, "measured": len(chosen), "objective": best.fun, "theta": list(best.x)}))
