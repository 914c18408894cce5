"""The version of the world: it changes whenever the pixels or labels of a seed change, and keys every cache."""

VERSION = "1"
