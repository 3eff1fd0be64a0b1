"""Goldens for src/metrics from scikit-learn. Run by hand: python3 tools/metrics_goldens.py"""
import json
import pathlib

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

rng = np.random.default_rng(7)
cases = []
for n, levels in [(5, 2), (40, 4), (200, 11), (500, 100000), (300, 3), (64, 1)]:
    scores = rng.integers(0, levels, n) / max(1, levels) - 0.3
    scores = np.float32(scores * rng.choice([1, -1]))
    labels = rng.integers(0, 2, n)
    labels[:2] = [0, 1]
    precision, recall, _ = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    cases.append({
        "scores": [float(s) for s in scores],
        "labels": [int(l) for l in labels],
        "auroc": float(roc_auc_score(labels, scores)),
        "ap": float(average_precision_score(labels, scores)),
        "f1Max": float(f1.max()),
    })
out = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "metrics" / "ranking.json"
out.parent.mkdir(parents=True, exist_ok=True)
out.write_text(json.dumps(cases))
