"""What runs on the cluster: the standard library and pyspark only. Never imports the backend."""
