"""Tomato's settings with the channel layer of `bench.stock`."""

from tomato.settings import *  # noqa: F403

CHANNEL_LAYERS["default"]["BACKEND"] = "bench.stock.StockLayer"  # noqa: F405
