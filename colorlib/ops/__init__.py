"""The paper's operations as pure tensor functions, without input or output of their own."""

from colorlib.ops.vector_math import settle

settle()
