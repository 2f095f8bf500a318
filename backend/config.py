"""Settings, each from the environment, a ``.env`` file, or the embedded stack that runs under ``DATA_DIR``."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, JsonConfigSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

DEFAULT_DATA_DIR = Path("var")


def stack_addresses_path(data_dir: Path) -> Path:
    """The file in which a running embedded stack publishes its addresses, keyed by the settings' names."""
    return data_dir / "stack" / "addresses.json"


class Settings(BaseSettings):
    """All settings of the product. Their names in the environment are these, in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    archive_uri: str | None = Field(default=None, description="Folder of the alert archive (year=/month=/day=).")
    data_dir: Path = Field(default=DEFAULT_DATA_DIR, description="Where everything variable lives.")
    livy_url: str | None = Field(default=None, description="Address of the Livy server.")
    kafka_bootstrap_servers: str | None = Field(default=None, description="Addresses of the Kafka brokers.")
    spark_master: str = Field(default="local[*]", description="Master of the embedded Livy's Spark jobs.")
    spark_jars: tuple[str, ...] = Field(default=(), description="The Kafka and Avro connectors, passed to each batch.")
    script_store_uri: str | None = Field(default=None, description="Folder shared with the cluster: scripts, plans.")
    statistics_uri: str | None = Field(default=None, description="Folder of the archive's statistics table.")
    tns_catalogue_uri: str | None = Field(
        default=None, description="CSV file of the Transient Name Server, which tnsclass comes from."
    )
    sample_rows_per_night: int = Field(
        default=400, ge=10, description="Alerts a night, beside ten of each class, that estimates are made from."
    )
    confirm_bytes: int = Field(default=10**9, ge=0, description="Above this size a submission asks to confirm.")
    largest_bytes: int = Field(default=5 * 10**11, ge=0, description="Above this size a submission is refused.")
    max_running_batches: int = Field(default=1, ge=1, description="Transfers that run at once; others are QUEUED.")
    driver_memory: str = Field(default="2g", description="Memory of a transfer's Spark driver.")
    connect_timeout_s: float = Field(default=3.0, gt=0, description="Until a service must accept a connection.")
    request_timeout_s: float = Field(default=8.0, gt=0, description="Until a service must answer a request.")
    job_silence_s: float = Field(
        default=120.0, gt=15, description="A job that Livy has forgotten and that is silent for so long has failed."
    )
    topic_retention_h: int = Field(default=96, ge=1, description="Hours that the alerts of a transfer are kept.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add the addresses of the running embedded stack, after everything that the user said."""
        named: dict[str, Any] = {**dotenv_settings(), **env_settings(), **init_settings()}
        data_dir = Path(named.get("data_dir") or DEFAULT_DATA_DIR)
        running_stack = JsonConfigSettingsSource(settings_cls, json_file=stack_addresses_path(data_dir))
        return init_settings, env_settings, dotenv_settings, running_stack

    @property
    def script_store(self) -> str:
        """Where scripts and plans are put for the cluster to read."""
        return self.script_store_uri or (self.data_dir.absolute() / "scripts").as_uri()

    @property
    def statistics_store(self) -> str:
        """Where the statistics of archives are, a folder each."""
        return self.statistics_uri or (self.data_dir.absolute() / "statistics").as_uri()

    @property
    def user(self) -> str:
        """Who submits, as shown in the list of transfers."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a container's user may have no name
            return "unknown"
