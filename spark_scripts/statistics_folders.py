"""The folders in which the statistics of an archive are, one for each time that some nights were counted."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from spark_scripts.java import hadoop_file_system, hadoop_path

COUNTS, SAMPLE = "counts", "sample"
DONE = "_SUCCESS"
"""Spark's mark of a table that is written completely."""


class StatisticsFolders:
    """Reads and writes below one address.

    Parameters
    ----------
    uri
        The folder of the archive's statistics; made when first written to.
    """

    def __init__(self, spark: SparkSession, uri: str) -> None:
        self._spark = spark
        self._root = uri.rstrip("/")

    def nights_done(self, catalogue: str) -> set[date]:
        """The nights that were counted with this version of the TNS catalogue when they were counted last."""
        return {row.night for row in self._youngest() if row.tns_catalogue == catalogue}

    def write(self, folder: str, table: str, rows: DataFrame) -> None:
        """Write a table in a folder; complete or absent."""
        rows.write.parquet(f"{self._root}/{folder}/{table}")

    def remove_replaced(self) -> None:
        """Remove folders of which every night is in a younger one too, unfinished ones, and those of old versions."""
        needed = {row.folder for row in self._youngest()}
        for folder in self._folders():
            if folder not in needed:
                path = hadoop_path(self._spark, f"{self._root}/{folder}")
                hadoop_file_system(self._spark, path).delete(path, True)

    def _youngest(self) -> list[Row]:
        """Night, folder and catalogue of each night's youngest counts."""
        complete = [folder for folder in self._folders() if self._exists(f"{folder}/{COUNTS}/{DONE}")]
        if not complete:
            return []
        rows = self._spark.read.parquet(*(f"{self._root}/{folder}/{COUNTS}" for folder in complete))
        folder = F.regexp_extract("_metadata.file_path", rf"([^/]+)/{COUNTS}/[^/]+$", 1).alias("folder")
        youngest = (
            rows.select("night", F.struct(folder, "tns_catalogue").alias("last"))
            .groupBy("night")
            .agg(F.max("last").alias("last"))
        )
        return youngest.select("night", "last.*").collect()

    def _folders(self) -> list[str]:
        """Folders of runs; what else is here has a name of another form."""
        root = hadoop_path(self._spark, self._root)
        file_system = hadoop_file_system(self._spark, root)
        if not file_system.exists(root):
            return []
        names = (status.getPath().getName() for status in file_system.listStatus(root) if status.isDirectory())
        return sorted(name for name in names if name[:8].isdigit())

    def _exists(self, relative: str) -> bool:
        path = hadoop_path(self._spark, f"{self._root}/{relative}")
        return bool(hadoop_file_system(self._spark, path).exists(path))
