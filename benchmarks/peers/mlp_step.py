"""Whole Adam steps of an MLP in PyTorch: mlp_step.py SIZES BATCH STEPS, for example 784-256-256-10 128 300."""
import json
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(3)

sizes = [int(s) for s in sys.argv[1].split("-")]
batch, steps = int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(1)
layers = []
for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
    layers.append(torch.nn.Linear(a, b))
    if i < len(sizes) - 2:
        layers.append(torch.nn.ReLU())
model = torch.nn.Sequential(*layers)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = torch.nn.CrossEntropyLoss()
x = torch.randn(batch * 20, sizes[0])
y = torch.arange(batch * 20) % sizes[-1]
order = torch.randperm(batch * 20)


def step(i):
    rows = order[(i % 20) * batch:(i % 20 + 1) * batch]
    optimizer.zero_grad(set_to_none=True)
    loss = criterion(model(x.index_select(0, rows)), y.index_select(0, rows))
    loss.backward()
    optimizer.step()
    return loss.item()


for i in range(steps // 5):
    step(i)
start = time.perf_counter()
for i in range(steps):
    step(i)
print(json.dumps({"seconds": time.perf_counter() - start}))
