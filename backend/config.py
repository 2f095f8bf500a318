"""Settings, each from the environment, a ``.env`` file, or the embedded stack that runs under ``DATA_DIR``."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    JsonConfigSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from backend.logins import check_kafka, of_same_servers, with_login, without_login
from backend.spark_conf import checked_conf, checked_memory

DEFAULT_DATA_DIR = Path("var")
Memory = Annotated[str, AfterValidator(checked_memory)]


def stack_addresses_path(data_dir: Path) -> Path:
    """The file in which a running embedded stack publishes its addresses, keyed by the settings' names."""
    return data_dir / "stack" / "addresses.json"


class Settings(BaseSettings):
    """All settings of the product. Their names in the environment are these, in capitals."""

    # What was entered may be a secret: an error names the setting, and what is wrong with it.
    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    archive_uri: str | None = Field(default=None, description="Folder of the alert archive (year=/month=/day=).")
    data_dir: Path = Field(default=DEFAULT_DATA_DIR, description="Where everything variable lives.")
    livy_url: str | None = Field(
        default=None, description="Address of the Livy server; a user and password in it are taken out, and used."
    )
    livy_username: str | None = Field(default=None, description="User of Livy, where it asks for one.")
    livy_password: SecretStr | None = Field(default=None, description="That user's password.")
    kafka_bootstrap_servers: str | None = Field(default=None, description="Addresses of the Kafka brokers.")
    kafka_public_servers: str | None = Field(
        default=None, description="Where other tools may read without a password; none: KAFKA_BOOTSTRAP_SERVERS."
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="How Kafka is entered, by us and by the jobs."
    )
    kafka_sasl_mechanism: str = Field(default="SCRAM-SHA-512", description="How a SASL protocol proves who we are.")
    kafka_username: str | None = Field(default=None, description="Our user of Kafka: makes, reads and deletes topics.")
    kafka_password: SecretStr | None = Field(default=None, description="That user's password.")
    kafka_ca_file: Path | None = Field(
        default=None, description="PEM file of who has signed the brokers' certificates; none: whom the system trusts."
    )
    kafka_job_ca_file: str | None = Field(
        default=None, description="The same for the jobs: a path on the cluster, there for driver and executors."
    )
    kafka_job_secrets_file: str | None = Field(
        default=None,
        pattern=r"^[^:{}]+$",  # the jobs' Kafka clients are told it as ${file:PATH:KEY}
        description="Properties file with the jobs' sasl.jaas.config: a path on the cluster, as that one.",
    )
    plaintext_readers: bool = Field(
        default=False, description="Whether the cluster profile's Kafka lets anybody on this machine read transfers."
    )
    spark_master: str = Field(default="local[*]", description="Master of the embedded Livy's Spark jobs.")
    spark_jars: tuple[str, ...] = Field(
        default=(), description="The connectors for Kafka and Avro as JSON list: paths or hdfs:// addresses."
    )
    script_store_uri: str | None = Field(default=None, description="Folder shared with the cluster: scripts, plans.")
    statistics_uri: str | None = Field(default=None, description="Folder of the archive's statistics table.")
    webhdfs_url: str | None = Field(
        default=None,
        description="How hdfs:// is reached from here: the NameNode's http(s) address; of a pair both, with a comma.",
    )
    webhdfs_user: str | None = Field(
        default=None, description="Our user of HDFS, as whom the jobs run too; none: the one who runs the dashboard."
    )
    webhdfs_kerberos: bool = Field(
        default=False, description="Whether HDFS wants our Kerberos ticket; needs the package requests-kerberos."
    )
    tns_catalogue_uri: str | None = Field(
        default=None, description="CSV file of the Transient Name Server, which tnsclass comes from."
    )
    sample_rows_per_night: int = Field(
        default=400, ge=10, description="Alerts a night, beside ten of each class, that estimates are made from."
    )
    confirm_bytes: int = Field(default=10**9, ge=0, description="Above this size a submission asks to confirm.")
    largest_bytes: int = Field(default=5 * 10**11, ge=0, description="Above this size a submission is refused.")
    max_running_batches: int = Field(default=1, ge=1, description="Transfers that run at once; others are QUEUED.")
    driver_memory: Memory = Field(default="2g", description="Memory of a job's Spark driver, such as 2g.")
    executor_memory: Memory = Field(default="1g", description="Memory of each executor of a job.")
    executor_cores: int = Field(default=1, ge=1, le=128, description="Cores of each executor of a job.")
    executors_small: int = Field(
        default=2, ge=1, le=1000, description="Executors of a small job, and of jobs that count the archive."
    )
    executors_large: int = Field(
        default=8, ge=1, le=1000, description="Executors of a large job; as many as of a small one: there is no choice."
    )
    deploy_mode: Literal["client", "cluster"] | None = Field(
        default=None, description="Where the driver runs: client (Livy's machine) or cluster; none: as Livy is set."
    )
    yarn_queue: str | None = Field(default=None, description="YARN's queue for the jobs; none: Spark's default.")
    proxy_user: str | None = Field(
        default=None, description="User as whom the jobs run, where Livy has livy.impersonation.enabled."
    )
    kerberos_principal: str | None = Field(
        default=None, description="Principal by which long jobs renew their Kerberos tickets; with KERBEROS_KEYTAB."
    )
    kerberos_keytab: str | None = Field(
        default=None, description="Its keytab: a path on the machine where Livy runs spark-submit."
    )
    spark_conf: dict[str, str] = Field(
        default={}, description="Further settings of Spark as JSON, such as spark.pyspark.python; no secrets, no code."
    )
    connect_timeout_s: float = Field(default=3.0, gt=0, description="Until a service must accept a connection.")
    request_timeout_s: float = Field(default=8.0, gt=0, description="Until a service must answer a request.")
    job_silence_s: float = Field(
        default=120.0, gt=15, description="A job that Livy has forgotten and that is silent for so long has failed."
    )
    download_keep_h: float = Field(default=24.0, gt=0, description="Hours that a prepared download is kept.")
    reader_memory_mb: int = Field(
        default=1000, ge=300, description="Memory of each reader, in MB: DuckDB's, and what is on its way there."
    )
    topic_retention_h: int = Field(default=96, ge=1, description="Hours that the alerts of a transfer are kept.")

    @field_validator("webhdfs_url")
    @classmethod
    def _webhdfs_is_http(cls, url: str | None) -> str | None:
        for address in (urlsplit(each.strip()) for each in (url or "").split(",") if each.strip()):
            if address.scheme not in ("http", "https") or not address.hostname or address.username:
                raise ValueError("write it like http://namenode:9870, without user and password")
        return url

    @field_validator("archive_uri", "script_store_uri", "statistics_uri", "tns_catalogue_uri", "spark_jars")
    @classmethod
    def _address_is_no_login(cls, given: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        for address in given if isinstance(given, tuple) else (given or "",):
            if urlsplit(address).password:
                raise ValueError("an address must have no password in it: jobs, plans and messages show it")
        return given

    @field_validator("spark_conf")
    @classmethod
    def _conf_is_harmless(cls, conf: dict[str, str]) -> dict[str, str]:
        return checked_conf(conf)

    @model_validator(mode="after")
    def _jobs_can_be_started(self) -> Self:
        if self.executors_large < self.executors_small:
            raise ValueError(
                f"EXECUTORS_LARGE ({self.executors_large}) is less than EXECUTORS_SMALL ({self.executors_small})"
            )
        if (self.kerberos_principal is None) != (self.kerberos_keytab is None):
            raise ValueError("KERBEROS_PRINCIPAL and KERBEROS_KEYTAB need each other: set both, or none")
        if self.proxy_user and self.kerberos_principal:
            raise ValueError("Spark takes PROXY_USER or KERBEROS_PRINCIPAL, not both: unset one")
        return self

    @model_validator(mode="before")
    @classmethod
    def _address_is_for_all_to_see(cls, given: Any) -> Any:
        """Take user and password out of Livy's address, which messages show."""
        if not (isinstance(given, dict) and given.get("livy_url")):
            return given
        address, login = without_login(given["livy_url"])
        named = dict(zip(("livy_username", "livy_password"), login, strict=True)) if login else {}
        return {**given, **named, "livy_url": address}

    @model_validator(mode="after")
    def _kafka_can_be_entered(self) -> Self:
        names = ("username", "password", "ca_file", "job_ca_file", "job_secrets_file")
        given = {f"KAFKA_{name.upper()}": bool(getattr(self, f"kafka_{name}")) for name in names}
        check_kafka(self.kafka_security_protocol, given)
        return self

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
        offered = of_same_servers(running_stack(), named)
        return init_settings, env_settings, dotenv_settings, InitSettingsSource(settings_cls, offered)

    def pointed_at(self, addresses: Mapping[str, Any]) -> Self:
        """These settings for other servers: their addresses, and how to enter them, by the settings' names."""
        unset = {name: field.default for name, field in type(self).model_fields.items()}
        own = of_same_servers(self.model_dump(), addresses)
        return type(self)(_env_file=None, **{**unset, **own, **addresses})

    @property
    def livy_login_url(self) -> SecretStr | None:
        """Livy's address with user and password in it, if there are."""
        if not (self.livy_url and self.livy_username):
            return SecretStr(self.livy_url) if self.livy_url else None
        password = self.livy_password.get_secret_value() if self.livy_password else ""
        return with_login(self.livy_url, self.livy_username, password)

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
