"""What the MODOS schema says: classes, the group of each, and what an attribute holds. Facts: modos-schema 0.3.4."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from scibus.contracts.problems import InvalidRequest

NAMESPACE = "https://w3id.org/sdsc-ordes/modos-schema/"
GROUPS = ("assay", "data", "reference", "sample", "sequence")
OBJECT = "MODO"


class Slot(NamedTuple):
    """What an attribute may hold.

    Attributes:
        kind: a link leads to an element, a path to a file; a term is a code of an ontology, as IRI or CURIE.
        target: of a link, the group of the elements that it leads to.
        many: whether it holds a list.
        pattern: what its text has to fit.
        iri: its predicate; empty: its name in the namespace of the schema.
        meanings: IRIs that stand for its values.
    """

    kind: Literal["text", "date", "uri", "term", "path", "link"] = "text"
    target: str = ""
    many: bool = False
    pattern: re.Pattern[str] | None = None
    iri: str = ""
    meanings: Mapping[str, str] = {}


class ElementClass(NamedTuple):
    """A class: the group of its elements, the attributes that it knows, and which of them there must be."""

    group: str
    slots: frozenset[str]
    required: tuple[str, ...] = ()


_NCIT = "http://purl.obolibrary.org/obo/NCIT_"
_EDAM = "http://edamontology.org/"
_OMICS = {"GENOMICS": "C84343", "TRANSCRIPTOMICS": "C153189", "METABOLOMICS": "C49019", "PROTEOMICS": "C20085"}
_FORMATS = {
    "CRAM": "format_3462",
    "FASTQ": "format_1930",
    "Zarr": "format_3915",
    "FASTA": "format_1929",
    "VCF": "format_3016",
    "BCF": "format_3020",
    "mzTab": "format_3681",
    "TSV": "format_3475",
    "JSON": "format_3464",
}

PREFIXES = {
    "modos": NAMESPACE,
    "CL": "https://bioregistry.io/reference/cl:/",
    "EDAM": _EDAM,
    "FG": "https://w3id.org/fair-genomes/ontology/",
    "GENO": "http://purl.obolibrary.org/obo/GENO_",
    "NCIT": _NCIT,
    "schema": "http://schema.org/",
    "sphn": "https://biomedit.ch/rdf/sphn-schema/sphn#",
    "UBERON": "http://purl.obolibrary.org/obo/UBERON_",
}
"""Of CURIEs, as the schema resolves them."""

SLOTS: Mapping[str, Slot] = {
    "id": Slot(iri="http://schema.org/identifier"),
    "name": Slot(iri="http://schema.org/name"),
    "description": Slot(iri="http://schema.org/description"),
    "creation_date": Slot("date"),
    "last_update_date": Slot("date"),
    "omics_type": Slot(many=True, meanings={name: _NCIT + code for name, code in _OMICS.items()}),
    "has_assay": Slot("link", "assay", many=True),
    "has_sample": Slot("link", "sample", many=True),
    "has_data": Slot("link", "data", many=True),
    "has_sequence": Slot("link", "sequence", many=True),
    "has_reference": Slot("link", "reference", many=True),
    "sample_processing": Slot("term", many=True),
    "taxon_id": Slot("term", many=True),
    "cell_type": Slot("term"),
    "source_material": Slot("term"),
    "collector": Slot(many=True),
    "sex": Slot(),
    "version": Slot(),
    "data_format": Slot(meanings={name: _EDAM + code for name, code in _FORMATS.items()}),
    "data_path": Slot("path"),
    "data_checksum": Slot(pattern=re.compile(r"[0-9a-fA-F]{128}")),
    "sequence_md5": Slot(pattern=re.compile(r"[0-9a-f]{32}")),
    "source_uri": Slot("uri"),
}

_NAMED = frozenset({"id", "name", "description"})
_DATA = ElementClass(
    "data",
    _NAMED | {"data_path", "data_format", "has_sample", "has_reference", "data_checksum"},
    ("data_path", "data_format"),
)

CLASSES: Mapping[str, ElementClass] = {
    "Assay": ElementClass("assay", _NAMED | {"has_data", "omics_type", "sample_processing"}, ("omics_type",)),
    "Sample": ElementClass(
        "sample", _NAMED | {"cell_type", "source_material", "sex", "taxon_id", "collector", "source_uri"}
    ),
    "DataEntity": _DATA,
    "AlignmentSet": _DATA,
    "VariantSet": _DATA,
    "MassSpectrometryResults": _DATA,
    "Array": _DATA,
    "ReferenceGenome": ElementClass(
        "reference", _NAMED | {"data_path", "has_sequence", "taxon_id", "source_uri", "version"}, ("data_path",)
    ),
    "ReferenceSequence": ElementClass("sequence", _NAMED | {"sequence_md5", "source_uri", "version"}),
}
"""Of elements. An attribute that a class does not know is allowed, unless it is a link."""

OBJECT_CLASS = ElementClass(
    "",
    _NAMED | {"creation_date", "last_update_date", "has_assay", "source_uri"},
    ("creation_date", "last_update_date"),
)


def class_named(name: str) -> ElementClass:
    """The class of elements of that name.

    Raises:
        InvalidRequest: there is none.
    """
    if name not in CLASSES:
        raise InvalidRequest(f"{name[:100]!r} is no type of an element: there are {', '.join(CLASSES)}")
    return CLASSES[name]


def class_of(attributes: Mapping[str, object]) -> ElementClass | None:
    """The class that stored attributes name; None: one that the schema does not know."""
    name = str(attributes.get("@type"))
    return OBJECT_CLASS if name == OBJECT else CLASSES.get(name)


def slot_to(group: str) -> str:
    """The attribute that links to elements of the group."""
    return next(name for name, slot in SLOTS.items() if slot.kind == "link" and slot.target == group)
