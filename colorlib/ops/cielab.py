"""Constants of sRGB and CIE Lab (D65 white, 2° observer), for `lab` and its compiled kernels.

Source: IEC 61966-2-1 (sRGB transfer function and primaries), CIE 1976 L*a*b*. They are the rounded ones that the
paper's release inherits from scikit-image; other published roundings differ by up to 0.005 Lab units.
"""

# Rows X, Y, Z; columns linear R, G, B.
RGB_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
WHITE = (0.95047, 1.0, 1.08883)

SRGB_KNEE = 0.04045  # below it the transfer function is a straight line
LINEAR_KNEE = 0.0031308  # the same point in linear light
LAB_KNEE = 0.008856  # below it the cube root is replaced by a straight line
LAB_SLOPE = 7.787
LAB_OFFSET = 16.0 / 116.0
LAB_ROOT_KNEE = 0.2068966  # cube root of LAB_KNEE
