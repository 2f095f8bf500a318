"""Everything that the pages and the command line stand on; knows nothing of Streamlit or Spark's Python."""
