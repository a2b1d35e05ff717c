"""Whole AdamW steps of a LLaMA-style decoder in PyTorch: decoder_step.py V d L heads kv f T B STEPS."""
import json
import math
import sys
import time

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    sys.exit(3)

V, D, L, H, KV, FF, T, B, STEPS = (int(a) for a in sys.argv[1:10])
DH = D // H
torch.manual_seed(1)


class Norm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(D))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


angles = torch.outer(torch.arange(T).float(), 500000.0 ** (-torch.arange(0, DH, 2).float() / DH))
COS, SIN = torch.cat([angles, angles], 1).cos(), torch.cat([angles, angles], 1).sin()
MASK = torch.triu(torch.full((T, T), -math.inf), 1)


def rotate(x):
    a, b = x.chunk(2, -1)
    return x * COS + torch.cat([-b, a], -1) * SIN


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        lin = lambda i, o: torch.nn.Linear(i, o, bias=False)
        self.n1, self.n2 = Norm(), Norm()
        self.q, self.k, self.v, self.o = lin(D, D), lin(D, KV * DH), lin(D, KV * DH), lin(D, D)
        self.g, self.u, self.d = lin(D, FF), lin(D, FF), lin(FF, D)

    def forward(self, x):
        n = self.n1(x)
        q = rotate(self.q(n).view(B, T, H, DH).transpose(1, 2))
        k = rotate(self.k(n).view(B, T, KV, DH).transpose(1, 2)).repeat_interleave(H // KV, 1)
        v = self.v(n).view(B, T, KV, DH).transpose(1, 2).repeat_interleave(H // KV, 1)
        a = (q @ k.transpose(-1, -2) / math.sqrt(DH) + MASK).softmax(-1) @ v
        x = x + self.o(a.transpose(1, 2).reshape(B, T, D))
        n = self.n2(x)
        return x + self.d(F.silu(self.g(n)) * self.u(n))


class Decoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.e = torch.nn.Embedding(V, D)
        self.blocks = torch.nn.ModuleList(Block() for _ in range(L))
        self.n = Norm()
        self.h = torch.nn.Linear(D, V, bias=False)

    def forward(self, t):
        x = self.e(t)
        for b in self.blocks:
            x = b(x)
        return self.h(self.n(x))


model = Decoder()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
tokens = torch.randint(0, V, (B * 8, T + 1))


def step(i):
    batch = tokens[(i % 8) * B:(i % 8 + 1) * B]
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(batch[:, :-1]).reshape(-1, V), batch[:, 1:].reshape(-1))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


for i in range(2):
    step(i)
start = time.perf_counter()
for i in range(STEPS):
    step(i)
print(json.dumps({"seconds": time.perf_counter() - start}))
