"""What reads a file by its path, and what writes one with the same call."""

import ast

from audit.rules.code import keyword, last_name, text_of

READERS = {
    "torch.load", "numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "open", "PIL.Image.open", "h5py.File",
    "joblib.load", "scipy.io.loadmat", "tensorflow.keras.models.load_model", "keras.models.load_model",
    "safetensors.torch.load_file", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open", "imageio.imread",
    "imageio.v2.imread", "skimage.io.imread", "tifffile.imread", "matplotlib.pyplot.imread", "soundfile.read",
    "librosa.load", "torchaudio.load", "scipy.io.wavfile.read", "nibabel.load", "torch.jit.load", "onnx.load",
    "polars.read_csv", "polars.read_parquet", "xarray.open_dataset", "numpy.fromfile", "geopandas.read_file",
    "cv2.imread", "omegaconf.OmegaConf.load", "tensorflow.saved_model.load",
    "lightgbm.Booster", "xgboost.Booster", "gensim.models.KeyedVectors.load_word2vec_format", "fasttext.load_model",
    "numpy.memmap", "scipy.sparse.load_npz", "torchvision.io.read_image", "pyarrow.parquet.read_table",
    "datasets.load_from_disk", "pydicom.dcmread", "SimpleITK.ReadImage", "xml.etree.ElementTree.parse", "toml.load",
    "polars.scan_csv", "polars.scan_parquet", "polars.read_json", "zipfile.ZipFile", "tarfile.open", "wave.open",
    "safetensors.safe_open", "rasterio.open", "pandas.ExcelFile", "onnxruntime.InferenceSession", "faiss.read_index",
    "sentencepiece.SentencePieceProcessor", "tokenizers.Tokenizer.from_file", "gensim.models.KeyedVectors.load",
    "gensim.models.Word2Vec.load", "pyarrow.feather.read_table", "pyarrow.csv.read_csv", "imageio.v3.imread",
    "pycocotools.coco.COCO", "anndata.read_h5ad", "scanpy.read_h5ad", "tensorflow.lite.Interpreter",
    "open3d.io.read_point_cloud", "trimesh.load", "jsonlines.open",
    *(f"pandas.read_{kind}" for kind in ("fwf", "stata", "sas", "spss", "orc", "xml")),
    *(f"pandas.read_{kind}" for kind in ("csv", "excel", "json", "parquet", "pickle", "table", "feather", "hdf")),
}  # fmt: skip
# Of these, what writes, too.
OPENERS = {
    "open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open", "h5py.File", "zipfile.ZipFile",
    "tarfile.open", "wave.open", "rasterio.open", "jsonlines.open", "numpy.memmap",
}  # fmt: skip
BY_NAME = {"lightgbm.Booster", "xgboost.Booster"}  # what they are given first, of several, is no path
PATH_READERS = {"read_text", "read_bytes", "open"}  # of pathlib.Path
# Methods of models, by the libraries whose models have them.
MODEL_READERS = {"load_weights": {"keras", "tensorflow"}, "load_model": {"xgboost", "catboost"}}
CLASS_READERS = {"load_from_checkpoint": "checkpoint_path"}  # of Lightning's modules, by what the path is called


def opens_for_writing(call: ast.Call) -> bool:
    """Whether the mode of an open() makes the file."""
    return text_of(mode_of(call)).startswith(("w", "a", "x"))


def mode_of(call: ast.Call) -> ast.expr | None:
    """The mode that an open() is given; of `numpy.memmap(path, dtype, mode)` the third."""
    place = 2 if last_name(call.func) == "memmap" else 1
    return call.args[place] if len(call.args) > place else keyword(call, "mode")
