"""A LLaMA-style checkpoint written and read by PyTorch, to compare logits with ours.

llama_checkpoint.py write DIR    a small random model: config.json, model.safetensors, expected.json (tokens and logits)
llama_checkpoint.py logits DIR   reads a folder's config and weights and prints the logits of tokens 0, 1, 2, ... as JSON
"""
import json
import math
import os
import struct
import sys

import torch
import torch.nn.functional as F


def read_safetensors(path):
    with open(path, "rb") as f:
        size = struct.unpack("<Q", f.read(8))[0]
        header = json.loads(f.read(size))
        body = f.read()
    kinds = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            flat = torch.frombuffer(bytearray(body[start:end]), dtype=kinds[entry["dtype"]])
            tensors[name] = flat.view(entry["shape"]).float()
    return tensors


def write_safetensors(path, tensors):
    header, blobs, offset = {}, [], 0
    for name, value in tensors.items():
        blob = value.contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def norm(x, w, eps):
    return w * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


def logits(c, w, tokens):
    d, h, kv = c["hidden_size"], c["num_attention_heads"], c["num_key_value_heads"]
    dh, t, eps = d // h, len(tokens), c["rms_norm_eps"]
    angles = torch.outer(torch.arange(t).double(), c["rope_theta"] ** (-torch.arange(0, dh, 2).double() / dh))
    cos, sin = torch.cat([angles, angles], 1).cos().float(), torch.cat([angles, angles], 1).sin().float()

    def rotate(x):
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat([-b, a], -1) * sin

    x = w["model.embed_tokens.weight"][torch.tensor(tokens)]
    mask = torch.triu(torch.full((t, t), -math.inf), 1)
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        n = norm(x, w[p + "input_layernorm.weight"], eps)
        q = rotate((n @ w[p + "self_attn.q_proj.weight"].T).view(t, h, dh).transpose(0, 1))
        k = rotate((n @ w[p + "self_attn.k_proj.weight"].T).view(t, kv, dh).transpose(0, 1)).repeat_interleave(h // kv, 0)
        v = (n @ w[p + "self_attn.v_proj.weight"].T).view(t, kv, dh).transpose(0, 1).repeat_interleave(h // kv, 0)
        a = (q @ k.transpose(-1, -2) / math.sqrt(dh) + mask).softmax(-1) @ v
        x = x + a.transpose(0, 1).reshape(t, d) @ w[p + "self_attn.o_proj.weight"].T
        n = norm(x, w[p + "post_attention_layernorm.weight"], eps)
        gate = F.silu(n @ w[p + "mlp.gate_proj.weight"].T)
        x = x + (gate * (n @ w[p + "mlp.up_proj.weight"].T)) @ w[p + "mlp.down_proj.weight"].T
    x = norm(x, w["model.norm.weight"], eps)
    return x @ w.get("lm_head.weight", w["model.embed_tokens.weight"]).T


def write(folder):
    torch.manual_seed(7)
    c = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 41, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 24, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_act": "silu",
        "tie_word_embeddings": False, "attention_bias": False, "mlp_bias": False, "torch_dtype": "float32",
    }
    d, f, kv = c["hidden_size"], c["intermediate_size"], 16
    w = {"model.embed_tokens.weight": torch.randn(c["vocab_size"], d), "model.norm.weight": 1 + 0.1 * torch.randn(d), "lm_head.weight": torch.randn(c["vocab_size"], d)}
    for i in range(c["num_hidden_layers"]):
        p = f"model.layers.{i}."
        for name, shape in (("self_attn.q_proj", (d, d)), ("self_attn.k_proj", (kv, d)), ("self_attn.v_proj", (kv, d)), ("self_attn.o_proj", (d, d)),
                            ("mlp.gate_proj", (f, d)), ("mlp.up_proj", (f, d)), ("mlp.down_proj", (d, f))):
            w[p + name + ".weight"] = torch.randn(shape) / math.sqrt(shape[1])
        for name in ("input_layernorm", "post_attention_layernorm"):
            w[p + name + ".weight"] = 1 + 0.1 * torch.randn(d)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(c, file, indent=1)
    write_safetensors(os.path.join(folder, "model.safetensors"), w)
    tokens = [int(x) for x in torch.randint(0, c["vocab_size"], (17,))]
    expected = logits(c, w, tokens)
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump({"tokens": tokens, "logits": [[round(float(v), 6) for v in row] for row in expected]}, file)


if sys.argv[1] == "write":
    write(sys.argv[2])
else:
    with open(os.path.join(sys.argv[2], "config.json")) as file:
        config = json.load(file)
    weights = read_safetensors(os.path.join(sys.argv[2], "model.safetensors"))
    print(json.dumps(logits(config, weights, list(range(20))).tolist()))
