"""How the formats are laid out, as far as their beginning, their pieces and their end tell."""

from base64 import b64decode

BGZF_END = b64decode("H4sIBAAAAAAA/wYAQkMCABsAAwAAAAAAAAAAAA==")
"""An empty block of BGZF, with which BAM, BCF and compressed VCF end."""
CRAM_END = b64decode("DwAAAP////8P4EVPRgAAAAABAAW92U8AAQAGBgEAAQABAO5jAUs=")
"""A container without records, with which CRAM 3 ends."""
CRAM_2_END = bytes.fromhex("0b000000ffffffff0fe0454f460000000001000001000606010001000100")
"""The same without checksums."""
