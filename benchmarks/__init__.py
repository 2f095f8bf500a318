"""``make bench``: the speeds that we promise, measured on real servers and simulated nights."""
