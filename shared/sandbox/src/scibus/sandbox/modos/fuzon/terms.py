"""A few terms of each ontology, as the finder has them: angle brackets around URIs, languages behind labels."""

from __future__ import annotations

OBO = "http://purl.obolibrary.org/obo/"

Terms = tuple[tuple[str, str], ...]
"""Labels and URIs, in the order of the ontology."""


def _terms(prefix: str, *terms: tuple[str, str]) -> Terms:
    return tuple((label, f"<{OBO}{prefix}_{number}>") for label, number in terms)


COLLECTIONS: dict[str, Terms] = {
    "cell_type": _terms(
        "CL",
        ("T cell", "0000084"),
        ("leukocyte@en", "0000738"),
        ("myeloid leukocyte", "0000766"),
        ("B cell", "0000236"),
        ("hepatocyte", "0000182"),
        ("neuron", "0000540"),
        ("fibroblast@en", "0000057"),
        ("macrophage", "0000235"),
        ("lung microvascular endothelial cell", "2000016"),
        ("esophageal endothelial cell", "0002627"),
    ),
    "source_material": _terms(
        "UBERON",
        ("blood", "0000178"),
        ("liver", "0002107"),
        ("lung", "0002048"),
        ("brain", "0000955"),
        ("white matter", "0002316"),
        ("skin of body", "0002097"),
        ("kidney", "0002113"),
    ),
    "taxon_id": _terms(
        "NCBITaxon",
        ("Homo sapiens", "9606"),
        ("Mus musculus", "10090"),
        ("Escherichia coli", "562"),
        ("Saccharomyces cerevisiae", "4932"),
        ("Drosophila melanogaster", "7227"),
    ),
}
