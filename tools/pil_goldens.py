"""Writes test/goldens/pil: small images and what Pillow makes of them. Needs pillow and numpy.

    python3 tools/pil_goldens.py
"""

import json
import pathlib

import numpy as np
import PIL
from PIL import Image

OUT = pathlib.Path(__file__).parent.parent / "test" / "goldens" / "pil"


def smooth(rng, height, width, channels):
    """Colour blobs with an edge and some noise: what photographs have, and what rounding stumbles over."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = []
    for _ in range(channels):
        a, b, c = rng.uniform(0.05, 0.4, 3)
        plane = 127 + 90 * np.sin(a * x + b * y) + 30 * np.cos(c * y - a * x) + rng.normal(0, 8, (height, width))
        plane[height // 3 : height // 2, width // 4 : width // 2] = rng.integers(0, 256)
        planes.append(plane)
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def main():
    rng = np.random.default_rng(20)
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    cases = []

    def case(name, image, sizes, suffix="png", expected_from=None, mask=False, **save):
        file = f"{name}.{suffix}"
        image.save(OUT / file, **save)
        opened = Image.open(OUT / file)
        for width, height in sizes:
            source = expected_from or opened
            expected = f"{name}.{width}x{height}.expected.png"
            if mask:
                source = Image.fromarray(np.where(np.asarray(source) > 0, 255, 0).astype(np.uint8))
                source.resize((width, height), Image.BILINEAR).save(OUT / expected)
                source.resize((width, height), Image.NEAREST).save(OUT / expected.replace(".expected", ".nearest"))
            else:
                source.convert("RGB").resize((width, height), Image.BILINEAR).save(OUT / expected)
            cases.append({"input": file, "width": width, "height": height, "expected": expected, "mask": mask})

    rgb = smooth(rng, 61, 83, 3)
    case("rgb", Image.fromarray(rgb), [(32, 32), (83, 20), (40, 61), (200, 150), (1, 1), (83, 61), (82, 62)])
    case("noise", Image.fromarray(rng.integers(0, 256, (47, 53, 3), dtype=np.uint8)), [(16, 16), (64, 64), (37, 41)])
    case("extremes", Image.fromarray(rng.choice([0, 255], (31, 29, 3)).astype(np.uint8)), [(13, 17), (40, 40)])
    case("grey", Image.fromarray(smooth(rng, 40, 33, 1)[..., 0]), [(24, 24)])
    rgba = np.concatenate([smooth(rng, 37, 45, 3), rng.integers(0, 256, (37, 45, 1), dtype=np.uint8)], -1)
    case("alpha", Image.fromarray(rgba), [(24, 24)])
    grey_alpha = np.stack([smooth(rng, 30, 30, 1)[..., 0], rng.integers(0, 256, (30, 30), dtype=np.uint8)], -1)
    case("grey_alpha", Image.fromarray(grey_alpha, "LA"), [(20, 20)])
    case("palette", Image.fromarray(smooth(rng, 40, 44, 3)).quantize(30), [(24, 24)])
    case("bilevel", Image.fromarray(smooth(rng, 40, 44, 1)[..., 0]).convert("1"), [(24, 24)])
    # Our rule for 16 bits is the high byte; Pillow's own conversion of I;16 has changed over its versions.
    deep = smooth(rng, 35, 39, 1)[..., 0].astype(np.uint16) * 256 + rng.integers(0, 256, (35, 39)).astype(np.uint16)
    high = Image.fromarray((deep >> 8).astype(np.uint8))
    case("grey16", Image.fromarray(deep), [(24, 24)], expected_from=high)
    case("tiff16", Image.fromarray(deep), [(24, 24)], suffix="tif", expected_from=high)
    case("tiff", Image.fromarray(rgb[:40]), [(24, 24)], suffix="tif")
    case("jpeg", Image.fromarray(rgb), [(32, 32)], suffix="jpg", quality=92)
    case("jpeg_grey", Image.fromarray(rgb[..., 0]), [(32, 32)], suffix="jpg", quality=92)
    case("webp", Image.fromarray(rgb), [(32, 32)], suffix="webp", lossless=True)
    case("bmp24", Image.fromarray(rgb[:31, :41]), [(24, 24)], suffix="bmp")
    case("bmp8", Image.fromarray(rgb[:31, :41, 0]), [(24, 24)], suffix="bmp")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.fromarray(rgb).transpose(Image.Transpose.ROTATE_270)
    case("exif6", Image.fromarray(rgb), [(24, 40)], expected_from=turned, exif=exif)
    index = np.zeros((50, 70), np.uint8)
    index[10:22, 15:40] = rng.integers(1, 10, (12, 25))
    index[40, 60] = 1
    case("mask_index", Image.fromarray(index), [(32, 32), (100, 100)], mask=True)
    case("mask_bmp", Image.fromarray((index > 0).astype(np.uint8) * 255), [(32, 32)], suffix="bmp", mask=True)

    (OUT / "cases.json").write_text(json.dumps({"pillow": PIL.__version__, "cases": cases}, indent=1) + "\n")


main()
