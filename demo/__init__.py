"""``make demo``: the main job from a request to Parquet on disk, without a browser."""
