"""Blocks of trials on the workers of a cluster, and one driver that keeps what they give."""
