"""Networks that turn lightness into a distribution over ab bins, or into ab; saving and loading them."""

from colorlib.models.base import ColorNet, Head
from colorlib.models.export import export_onnx
from colorlib.models.mobilelite import MobileLite
from colorlib.models.onnx_folder import OnnxNet, load_onnx
from colorlib.models.papernet import PaperNet
from colorlib.models.pretrained import from_pretrained, save_pretrained
from colorlib.models.quantisation import quantise_onnx
from colorlib.models.registry import build

__all__ = [
    "ColorNet",
    "Head",
    "MobileLite",
    "OnnxNet",
    "PaperNet",
    "build",
    "export_onnx",
    "from_pretrained",
    "load_onnx",
    "quantise_onnx",
    "save_pretrained",
]
