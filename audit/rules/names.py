"""Import names, and the distributions that may bring them."""

import re
import sys

# Import names whose distribution is called otherwise; "" for what nobody declares, or what comes in many.
DISTRIBUTIONS = {
    "cv2": "opencv", "PIL": "pillow", "sklearn": "scikit-learn", "skimage": "scikit-image", "yaml": "pyyaml",
    "bs4": "beautifulsoup4", "dateutil": "python-dateutil", "dotenv": "python-dotenv", "git": "gitpython",
    "serial": "pyserial", "usb": "pyusb", "Crypto": "pycryptodome", "OpenSSL": "pyopenssl", "jwt": "pyjwt",
    "attr": "attrs", "fitz": "pymupdf", "docx": "python-docx", "pptx": "python-pptx", "magic": "python-magic",
    "umap": "umap-learn", "hydra": "hydra-core", "pl_bolts": "lightning-bolts", "pytorch_lightning": "lightning",
    "mpl_toolkits": "matplotlib", "pylab": "matplotlib", "ruamel": "ruamel-yaml", "pkg_resources": "setuptools",
    "_pytest": "pytest", "zmq": "pyzmq", "MySQLdb": "mysqlclient", "osgeo": "gdal", "Bio": "biopython",
    "wx": "wxpython", "OpenGL": "pyopengl", "kaggle_secrets": "", "google": "", "azure": "", "IPython": "",
    "ipykernel": "", "nvidia": "", "win32api": "pywin32", "win32con": "pywin32", "win32gui": "pywin32",
    "win32com": "pywin32", "pythoncom": "pywin32", "imblearn": "imbalanced-learn", "bson": "pymongo",
    "gridfs": "pymongo", "pywt": "pywavelets", "ot": "pot", "skvideo": "scikit-video", "skopt": "scikit-optimize",
    "sksurv": "scikit-survival", "skfuzzy": "scikit-fuzzy", "skmultilearn": "scikit-multilearn",
    "skbio": "scikit-bio", "community": "python-louvain", "tltorch": "tensorly-torch", "pynvml": "nvidia-ml-py",
    "umsgpack": "u-msgpack-python", "rest_framework": "djangorestframework", "pyximport": "cython",
    "haiku": "dm-haiku", "acme": "dm-acme", "reverb": "dm-reverb", "sonnet": "dm-sonnet", "pyro": "pyro-ppl",
    "lightning_fabric": "lightning", "functorch": "torch",
    "torchgen": "torch", "distributed": "dask", "iterstrat": "iterative-stratification", "nacl": "pynacl",
    "socks": "pysocks", "jose": "python-jose", "pythonjsonlogger": "python-json-logger",
    "tlz": "toolz",
}  # fmt: skip
# Names that nobody gives to a distribution on purpose: a module of the project is meant.
OWN_NAMES = re.compile(
    r"my_\w+|(?:[a-z0-9]+_)?(?:utils?|models?|networks?|nets?|visualiz\w*)|(?:config|data|dataset|train)_\w+|helpers?"
    r"|configs?|cfg|settings|params|options|opts|args|arguments|constants|globals|data|data_?sets?|data_?loaders?"
    r"|loss(?:es)?|\w+_loss|layers?|modules?|blocks?|ops|train(?:er|ing)?|test(?:er|ing)?|eval(?:uate|uator|uation)?"
    r"|callbacks?|schedulers?"
    r"|infer(?:ence)?|predict(?:or|ion)?|engine|solver|metrics?|logger|transforms?|common|core|lib|src|tools|base|main"
    r"|(?:augment(?=\w)|preprocess|postprocess|generator|discriminator|encoder|decoder)\w*|app"
    r"|\w+_(?:generator|discriminator|dataset)"
)
ON_PYPI = {
    "datasets", "evaluate", "transformers", "accelerate", "timm", "torchdata", "tests", "test", "configs",
    "classification_models", "segmentation_models", "model_utils", "python_utils",
}  # fmt: skip
# What other distributions only build upon: their name within another's says nothing about who brings it.
FRAMEWORKS = {
    "torch", "pytorch", "torchvision", "tensorflow", "keras", "jax", "numpy", "scipy", "pandas", "matplotlib",
    "transformers", "flask", "requests", "tqdm", "pillow", "pyyaml", "scikit-learn", "streamlit", "gradio",
    "click", "rich", "gym",
}  # fmt: skip
# Words that are added to a framework's name for another build of it.
BUILDS = re.compile(r"py|cpu|gpu|nightly|macos|intel|rocm|metal|headless|dev|src|cu(?:da)?\d*|tf|\d+|simd|lib|base")
# Modules that a program brings to those who write for it (Blender, ROS, simulators), or that is built from source.
HOSTED = re.compile(
    r"bpy|bmesh|bpy_extras|mathutils|hou|unreal|maya|nuke|omni|pxr|isaacgym|rospy|rclpy|roslib|rosbag|tf2_ros|cv_bridge"
    r"|\w+_msgs|ament_\w+|arcpy|qgis|comfy|comfy_extras|folder_paths|caffe|FreeCAD|gimpfu|dbutils|gi|kaggle_\w+|google3"
)
# Modules of Python 2: whoever imports them means another Python, not a distribution.
OLD = {
    "BaseHTTPServer", "Bastion", "CGIHTTPServer", "ConfigParser", "Cookie", "DocXMLRPCServer", "HTMLParser",
    "MimeWriter", "Queue", "ScrolledText", "SimpleHTTPServer", "SimpleXMLRPCServer", "SocketServer", "StringIO",
    "Tix", "Tkconstants", "Tkdnd", "Tkinter", "UserDict", "UserList", "UserString", "anydbm", "audiodev", "bsddb",
    "cPickle", "cStringIO", "commands", "compiler", "cookielib", "copy_reg", "dbhash", "dircache", "dl", "dumbdbm",
    "dummy_thread", "dummy_threading", "exceptions", "fpformat", "future_builtins", "gdbm", "hotshot",
    "htmlentitydefs", "htmllib", "httplib", "ihooks", "imputil", "md5", "mhlib", "mimetools", "mimify", "multifile",
    "mutex", "new", "popen2", "posixfile", "rexec", "rfc822", "robotparser", "sets", "sgmllib", "sha", "statvfs",
    "stringold", "strop", "sunaudio", "tkColorChooser", "tkCommonDialog", "tkFileDialog", "tkFont", "tkMessageBox",
    "tkSimpleDialog", "thread", "toaiff", "ttk", "urllib2", "urlparse", "whichdb", "xmllib", "xmlrpclib",
}  # fmt: skip


def is_foreign(first: str) -> bool:
    """Whether a first name belongs to a distribution: not to Python or a host program, and not to a hidden module."""
    brought = first in sys.stdlib_module_names or first in OLD or HOSTED.fullmatch(first)
    return bool(first) and not brought and not first.startswith("_")


def covers(names: set[str], first: str) -> bool:
    """Whether a declared distribution may bring the import name: by table, or because the names hold each other."""
    plain = first.lower().replace("_", "-")
    wanted = DISTRIBUTIONS.get(first, plain).lower()
    if plain in names or not wanted:
        return True
    if wanted in FRAMEWORKS:
        brought = {wanted, "tensorflow"} if wanted == "keras" else {wanted}
        return any(is_build(name, framework) for name in names for framework in brought)
    parts = set(wanted.split("-")) - {"python", "py"}
    return any(
        wanted in name
        or name == f"scikit-{wanted.removeprefix('sk')}"
        or name.replace("-", "") in (wanted.replace("-", ""), f"py{wanted}", f"python{wanted}")
        or (len(parts) > 1 and parts <= set(name.split("-")))
        or (name not in FRAMEWORKS and name != "python" and ((len(name) > 3 and name in wanted) or name in parts))
        for name in names
    )  # fmt: skip


def is_build(name: str, framework: str) -> bool:
    """Whether a distribution is the framework itself in some build: `tensorflow-gpu`, `pytorch`, `tf-nightly`."""
    if framework == "tensorflow" and name.startswith("tf-nightly"):
        return True
    before, found, after = name.partition(framework)
    return bool(found) and all(not part or BUILDS.fullmatch(part) for part in (*before.split("-"), *after.split("-")))
