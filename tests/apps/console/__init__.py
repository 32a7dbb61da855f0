"""Tests of the pages and endpoints that belong to no product."""
