"""References between the parts of the document."""


def reference(kind: str, name: str) -> dict[str, str]:
    """To what stands among the document's components."""
    return {"$ref": f"#/components/{kind}/{name}"}


def channel_reference(name: str) -> dict[str, str]:
    """To a channel."""
    return {"$ref": f"#/channels/{name}"}


def message_in(channel: str, name: str) -> dict[str, str]:
    """To a message, by the channel that carries it."""
    return {"$ref": f"#/channels/{channel}/messages/{name}"}
