"""The objects: what their metadata says, and which files lie beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .files import genome_files
from .genome import contigs
from .layout import Attributes, Elements, zarr2, zarr3


@dataclass(frozen=True)
class Modo:
    """One multi-omics digital object at `path` of a bucket."""

    path: str
    attributes: Attributes
    elements: Elements
    files: Mapping[str, bytes]

    def contents(self, *, release: bool = False, consolidated: bool = True) -> dict[str, bytes]:
        """By key; as the release 0.3.5 writes it or as the newer generation does."""
        metadata = (zarr2 if release else zarr3)(self.attributes, self.elements, consolidated)
        return {f"{self.path}/{name}": content for name, content in {**metadata, **self.files}.items()}


def sample_modos() -> list[Modo]:
    """Makes the files of the objects the first time, which blocks for a moment."""
    return [
        Modo("GIAB", GIAB, giab_elements(), _files("calls1.")),
        Modo("ex", EX, ex_elements(), _files("demo1.", "reference.")),
        Modo("proj/nested-ex", EX, ex_elements(), _files("demo1.", "reference.")),
    ]


def generated(number: int, folder: str) -> Modo:
    """An object of metadata alone, one of many."""
    name = f"generated-{number:06}"
    attributes = {
        "@type": "MODO",
        "creation_date": "2024-01-17T00:00:00",
        "description": f"Generated object {number}",
        "has_assay": ["assay/assay1"],
        "id": name,
        "last_update_date": "2024-10-15",
    }
    elements = {name: element for name, element in ex_elements().items() if not name.startswith("sequence/")}
    return Modo(f"{folder}/{name}" if folder else name, attributes, elements, {})


def _files(*beginnings: str) -> dict[str, bytes]:
    return {name: content for name, content in genome_files().items() if name.startswith(beginnings)}


GIAB: Attributes = {
    "id": "GIAB",
    "name": "Genome in a bottle",
    "description": "second object",
    "creation_date": "2024-05-14T00:00:00",
    "last_update_date": "2024-05-15T00:00:00",
    "@type": "MODO",
}

EX: Attributes = {
    "@type": "MODO",
    "creation_date": "2024-01-17T00:00:00",
    "description": "Example modo for tests",
    # Not a list: so objects of old look.
    "has_assay": "assay1",
    "id": "ex",
    "last_update_date": "2024-10-15",
}


def ex_elements() -> Elements:
    links = {"has_sample": ["sample/sample1"], "has_reference": ["reference/reference1"]}
    elements: dict[str, Attributes] = {
        "assay/assay1": {
            "@type": "Assay",
            "description": "Example assay for tests",
            "name": "Assay 1",
            "omics_type": ["GENOMICS"],
        },
        "data/demo1": {
            "@type": "DataEntity",
            "data_format": "CRAM",
            "data_path": "demo1.cram",
            "description": "Demo CRAM file for tests.",
            **links,
            "name": "Demo 1",
        },
        "data/demo1-bam": {
            "@type": "DataEntity",
            "data_format": "BAM",
            "data_path": "demo1.bam",
            "description": "The same reads as BAM.",
            **links,
            "name": "Demo 1 as BAM",
        },
        "reference/reference1": {"@type": "ReferenceGenome", "data_path": "reference.fa", "name": "Reference 1"},
        "sample/sample1": {
            "@type": "Sample",
            "cell_type": "http://purl.obolibrary.org/obo/CL_0002627",
            "description": "Dummy sample for tests",
            "name": "Sample 1",
            "sex": "Male",
            "source_material": "http://purl.obolibrary.org/obo/UBERON_0002316",
        },
    }
    for contig in contigs():
        elements[f"sequence/{contig.name}_{contig.md5[:6]}"] = {
            "@type": "ReferenceSequence",
            "name": contig.name,
            "sequence_md5": contig.md5,
            "source_uri": "/data/reference.fa",
        }
    return elements


def giab_elements() -> Elements:
    return {
        f"data/calls1-{form.lower()}": {
            "@type": "DataEntity",
            "data_format": form,
            "data_path": f"calls1.{suffix}",
            "description": "Variant calls for tests.",
            "name": f"Calls 1 as {form}",
        }
        for suffix, form in (("vcf.gz", "VCF"), ("bcf", "BCF"))
    }
