"""Settings of the telescope's worker."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class TelescopeSettings(BaseSettings):
    """Where the telescope is, and how often it is asked."""

    model_config = SettingsConfigDict(env_prefix="SCIBUS_TELESCOPE_", env_file=".env", extra="ignore")

    base_url: str = Field(default="http://telescope.example.org/", description="Base of the telescope's HTTP API.")
    poll_seconds: float = Field(default=0.5, gt=0, description="Between two questions how far an exposure is.")
