"""What deploy/generate.py writes is what is committed."""

import importlib.util

from tests.tools import ROOT


def test_the_generated_manifests_are_up_to_date():
    spec = importlib.util.spec_from_file_location("deploy_generate", ROOT / "deploy" / "generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)

    stale = [str(path) for path, text in generate.manifests().items() if path.read_text(encoding="utf-8") != text]

    assert stale == [], "run `make manifests`"
