"""Genome files, made once."""

import pytest

from tests.modos.genomics.samples import Samples, make_samples


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return make_samples(tmp_path_factory.mktemp("genome"))
