"""Writes test/goldens/opencv.json: what cv2.resize makes of images from a hash. Needs numpy and opencv-python-headless (5.0).

    python3 tools/opencv_goldens.py
"""
import json
import pathlib
import zlib

import cv2
import numpy as np


def hashed(name, n):
    """As tools/hashed.py's, without torch: the top 8 bits."""
    h = (np.arange(n, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(zlib.crc32(name.encode()))) & np.uint64(0xFFFFFFFF)
    for shift, factor in [(15, 2246822519), (13, 3266489917)]:
        h ^= h >> np.uint64(shift)
        h = (h * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    h ^= h >> np.uint64(16)
    return (h >> np.uint64(24)).astype(np.uint8)


CASES = [(82, 62, 40, 61), (64, 64, 32, 32), (70, 100, 96, 96), (33, 33, 64, 64), (300, 200, 64, 64), (5, 1, 7, 3)]
out = []
for width, height, to_width, to_height in CASES:
    image = hashed(f"{width}x{height}", width * height * 3).reshape(height, width, 3)
    made = cv2.resize(image, (to_width, to_height))
    out.append({
        "from": [width, height], "to": [to_width, to_height],
        "crc32": zlib.crc32(made.tobytes()), "first": [int(v) for v in made.reshape(-1)[:12]],
    })
path = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "opencv.json"
path.write_text(json.dumps({"opencv": cv2.__version__, "cases": out}, indent=1) + "\n")
