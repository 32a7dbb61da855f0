"""What documents say of products is there, and what products have stands in their README."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from fastapi import FastAPI

from myriad.apps.products import PRODUCTS
from myriad.scale.jobs.registry import REGISTRY
from myriad.scale.manifest import Product
from tests.every_product.catalog import Table
from tests.every_product.routes import PARAMETER, endpoints_of
from tests.house.pages import SOURCE, code_of, each_page

each_product = pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)

_ADDRESS = re.compile(
    r"(?:(?<![\w>])|(?<=YOUR-HOST))/(?:api/v1|keeper|kamioi|upswitch)/[a-z][a-z/{}_-]*[a-z}]"
)
_NOWHERE = "GET /api/v1/keeper/custmers"


def addresses_in(text: str) -> set[str]:
    """Return the addresses that stand in code, each with its parameters unnamed."""
    return {PARAMETER.sub("{}", found) for found in _ADDRESS.findall(text)}


def unserved(app: FastAPI, addresses: set[str]) -> set[str]:
    """Return those that no route answers and that begin none, as a folder of pages would."""
    routes = {PARAMETER.sub("{}", endpoint.template) for endpoint in endpoints_of(app)}
    return {
        address
        for address in addresses
        if not any(f"{route}/".startswith(f"{address}/") for route in routes)
    }


@each_page
def test_every_address_in_a_document_is_served(page: Path, served: FastAPI) -> None:
    assert unserved(served, addresses_in(code_of(page))) == set()


def test_an_address_that_is_misspelt_is_found(served: FastAPI) -> None:
    assert unserved(served, addresses_in(_NOWHERE)) == {"/api/v1/keeper/custmers"}


def words_of(product: Product) -> set[str]:
    """Return what a product's README names: words, and names of jobs."""
    page = SOURCE / "products" / product.name / "README.md"
    return set(re.findall(r"[\w.]*\w", page.read_text(encoding="utf-8")))


@each_product
def test_a_products_readme_names_every_table(product: Product, catalog: dict[str, Table]) -> None:
    tables = {name.partition(".")[2] for name in catalog if name.startswith(f"{product.name}.")}
    assert tables
    assert tables - words_of(product) == set()


@each_product
def test_a_products_readme_names_every_job(product: Product) -> None:
    import_module(product.tasks)
    jobs = {name for name in REGISTRY.all() if name.startswith(f"{product.name}.")}
    assert jobs
    assert jobs - words_of(product) == set()
