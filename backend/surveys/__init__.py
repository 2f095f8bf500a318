"""One table of fields a survey: path, Spark SQL type, unit, origin, description."""
