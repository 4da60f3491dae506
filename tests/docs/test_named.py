"""What the pages name in passing is there: settings, and the command's words and options."""

import re
import shlex

import pytest
import typer

from docs.generated.settings import SETTINGS, settings
from scibus.client.command.main import app
from tests.docs.pages import FOLDER

TEXT = "\n".join(page.read_text(encoding="utf-8") for page in FOLDER.glob("*.md"))
OTHER_NAMES = re.compile("SCIBUS_(TOKEN|TELESCOPE_.*|RESULTS|DEAD|DATA|(JOBS|SCHEDULES)(_DRMS|_AUTOBAHN)?)$")
"""Of the command's own variable, of the example's settings, and of streams."""
LINE = re.compile(r"(?:^(?:\$ |[A-Z_]+=\S+ )?|`)(scibus [a-z][^`\n#]*)", re.MULTILINE)
FIELDS = ("call", "submit")
"""Their further words are services and operations, and their options fields."""


def test_settings_are_there():
    known = "\n".join(line for name in SETTINGS for line in settings(name))
    named = set(re.findall(r"\bSCIBUS_[A-Z_]*[A-Z]\b", TEXT))

    assert {name for name in named if name not in known and not OTHER_NAMES.match(name)} == set()


@pytest.mark.parametrize("line", sorted({line.strip() for line in LINE.findall(TEXT)}))
def test_commands_are_there(line):
    words = shlex.split(line.replace("…", ""))[1:]
    command = typer.main.get_command(app)
    context = command.context_class(command, info_name="scibus")
    while words and hasattr(command, "get_command") and words[0] not in FIELDS:
        command = command.get_command(context, words.pop(0))
        assert command is not None
    known = {
        option for parameter in command.get_params(context) for option in (*parameter.opts, *parameter.secondary_opts)
    }

    assert {word for word in words if word.startswith("-")} <= known or words[0] in FIELDS
