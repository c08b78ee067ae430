"""The attention field softmax(Q K^T) V in numpy or PyTorch, driven line by line by bench/contestants/python.ts.

usage: attention_field.py numpy|torch INPUT N D PRECISION cpu|gpu

INPUT holds Q, K and V as N x D little-endian f32 each. Every answer is one line of JSON on stdout; the first says what
runs where, or why nothing does. Then each line of stdin is a request:
  run          computes once and answers {"seconds": s}, complete on the device, transfers excluded
  result PATH  writes the last field as f32 and answers {}
"""

import json
import sys
import time


def answer(**values):
    print(json.dumps(values), flush=True)


def open_numpy(read, precision, device):
    import numpy as np

    if precision != "f32":
        return {"skipped": f"numpy has no fast {precision}"}
    q, k, v = read(np)

    def run():
        scores = q @ k.T
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        normaliser = scores.sum(axis=1, keepdims=True)
        return (scores @ v) / normaliser

    return {"run": run, "array": lambda field: field, "adapter": "cpu", "version": f"numpy {np.__version__}"}


def open_torch(read, precision, device):
    import numpy as np
    import torch

    dtypes = {"f32": torch.float32, "f16": torch.float16}
    if precision not in dtypes:
        return {"skipped": f"PyTorch has no {precision}"}
    on_gpu = device == "gpu"
    if on_gpu and not torch.cuda.is_available():
        return {"skipped": f"torch {torch.__version__} finds no CUDA device"}
    if precision == "f16" and not on_gpu:
        return {"skipped": "f16 only on a GPU"}
    place = torch.device("cuda" if on_gpu else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    q, k, v = (torch.from_numpy(x).to(place, dtypes[precision])[None, None] for x in read(np))

    def run():
        with torch.inference_mode():
            field = torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=1.0)
        if on_gpu:
            torch.cuda.synchronize()
        return field

    adapter = torch.cuda.get_device_name() if on_gpu else "cpu"
    array = lambda field: field[0, 0].float().cpu().numpy()
    return {"run": run, "array": array, "adapter": adapter, "version": f"torch {torch.__version__}, TF32 off"}


def main():
    name, path, n, d, precision, device = sys.argv[1:]
    n, d = int(n), int(d)

    def read(np):
        return np.fromfile(path, dtype="<f4").reshape(3, n, d)

    try:
        opened = {"numpy": open_numpy, "torch": open_torch}[name](read, precision, device)
    except ImportError as error:
        opened = {"skipped": f"python3 has no module {error.name or name}"}
    if "skipped" in opened:
        return answer(skipped=opened["skipped"])
    version = f"{opened['version']}, Python {sys.version.split()[0]}"
    answer(adapter=opened["adapter"], version=version)
    field = None
    for line in sys.stdin:
        request, _, argument = line.strip().partition(" ")
        if request == "run":
            start = time.perf_counter()
            field = opened["run"]()
            answer(seconds=time.perf_counter() - start)
        elif request == "result":
            opened["array"](field).astype("<f4").tofile(argument)
            answer()


main()
