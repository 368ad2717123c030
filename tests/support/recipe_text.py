# SPDX-License-Identifier: Apache-2.0
"""Reads recipes: JSON with comments, and with a comma after the last member or element."""
import json
import re

# A string, or what JSON does not have.
TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/|,(?=\s*(?://[^\n]*\s*|/\*.*?\*/\s*)*[}\]])', re.S)


def as_json(text):
    return TOKEN.sub(lambda match: match[1] or "", text)


def read_recipe(text):
    """A recipe, or members of one without its braces, as documents show them."""
    text = as_json(text).strip().removesuffix(",")
    return json.loads(text if text.startswith("{") else "{" + text + "}")
