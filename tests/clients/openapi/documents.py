"""Documents as services publish them, written for these tests."""

from collections.abc import Mapping
from typing import Any

ERROR: Mapping[str, Any] = {
    "description": "Something went wrong",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

PETS: Mapping[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1.2.0"},
    "servers": [{"url": "http://pets.example/v1"}],
    "tags": [{"name": "pets"}, {"name": "orders"}],
    "paths": {
        "/pets": {
            "get": {
                "operationId": "listPets",
                "summary": "List pets",
                "description": "All pets,\r\nthe youngest first.\u200b",
                "tags": ["pets"],
                "parameters": [
                    {
                        "name": "limit",
                        "in": "query",
                        "description": "How many",
                        "schema": {
                            "type": "integer",
                            "minimum": 0,
                            "exclusiveMinimum": True,
                            "maximum": 100,
                            "default": 20,
                        },
                    },
                    {
                        "name": "tags",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                    {
                        "name": "filter",
                        "in": "query",
                        "style": "deepObject",
                        "explode": True,
                        "schema": {
                            "type": "object",
                            "properties": {"kind": {"$ref": "#/components/schemas/Kind"}},
                        },
                    },
                    {"$ref": "#/components/parameters/Trace"},
                ],
                "responses": {"200": {"description": "Pets"}, "default": ERROR},
            },
            "post": {
                "operationId": "createPet",
                "summary": "Add a pet",
                "tags": ["pets"],
                "security": [{"key": []}],
                "requestBody": {"$ref": "#/components/requestBodies/Pet"},
                "responses": {"201": {"description": "Added"}, "default": ERROR},
            },
        },
        "/pets/{petId}": {
            "parameters": [
                {"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "get": {"operationId": "getPet", "tags": ["pets"], "responses": {}},
            "put": {
                "operationId": "replacePet",
                "tags": ["pets"],
                "requestBody": {"$ref": "#/components/requestBodies/Pet"},
                "responses": {},
            },
            "delete": {
                "operationId": "deletePet",
                "deprecated": True,
                "tags": ["pets"],
                "security": [{"login": []}, {"key": []}],
                "responses": {"204": {"description": "Gone"}},
            },
        },
        "/pets/{petId}/photo": {
            "get": {
                "operationId": "getPhoto",
                "responses": {"200": {"description": "", "content": {"image/png": {}}}},
            },
            "put": {
                "operationId": "setPhoto",
                "requestBody": {
                    "required": True,
                    "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
                },
                "responses": {},
            },
        },
        "/orders": {
            "post": {
                "operationId": "order",
                "tags": ["orders"],
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "properties": {
                                    "pets": {"type": "array", "items": {"type": "string"}},
                                    "address": {"type": "object"},
                                    "gift": {"type": "boolean"},
                                    "box": {"type": "object"},
                                },
                            },
                            "encoding": {"box": {"style": "deepObject", "explode": True}},
                        }
                    }
                },
                "responses": {},
            }
        },
    },
    "components": {
        "parameters": {"Trace": {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}},
        "requestBodies": {
            "Pet": {
                "required": True,
                "content": {
                    "application/xml": {"schema": {"$ref": "#/components/schemas/Pet"}},
                    "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}},
                },
            }
        },
        "schemas": {
            "Kind": {"type": "string", "enum": ["cat", "dog"], "nullable": True},
            "Pet": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {
                    "id": {"type": "integer", "format": "int64", "readOnly": True},
                    "name": {"type": "string", "example": "Rex"},
                    "kind": {"$ref": "#/components/schemas/Kind"},
                    "mother": {"$ref": "#/components/schemas/Pet"},
                },
            },
            "Problem": {"type": "object", "properties": {"message": {"type": "string"}}},
        },
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            "login": {"type": "http", "scheme": "basic"},
        },
    },
}
"""A shop of OpenAPI 3.0."""

LIBRARY = """\
openapi: 3.1.0
info: {title: Library, version: 2024-01-31}
servers:
  - url: /api/{edition}
    variables: {edition: {default: v2, enum: [v1, v2]}}
security:
  - token: []
paths:
  /books:
    get:
      operationId: books.list
      tags: [read]
      parameters:
        - {name: 'page[size]', in: query, schema: {type: integer}}
        - {name: since, in: query, schema: {type: [string, 'null'], format: date}}
        - {name: session, in: cookie, schema: {type: string}}
      responses: {200: {description: Books}}
  /books/{isbn}:
    parameters:
      - {name: isbn, in: path, required: true, schema: {type: string}}
    get:
      tags: [read]
      summary: One book
      responses: {200: {description: A book}}
  /books/{isbn}/scans:
    post:
      operationId: addScan
      tags: [write]
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema:
              type: object
              required: [scan]
              properties:
                scan: {type: string, contentMediaType: image/png}
                note: {type: string}
                pages: {type: array, items: {type: integer}}
                about: {type: object}
      responses: {201: {description: Added}}
  /notes:
    post:
      operationId: addNote
      tags: [write]
      requestBody:
        content:
          text/plain: {schema: {type: string}}
      responses: {201: {description: Added}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
"""
"""A library of OpenAPI 3.1, in YAML, that says where it is by a path."""


def document(paths: Mapping[str, Any], *, version: str = "3.0.3", **others: Any) -> dict[str, Any]:
    """A small document with `paths`."""
    return {
        "openapi": version,
        "info": {"title": "Test", "version": "1"},
        "servers": [{"url": "http://a.example"}],
        "paths": paths,
        **others,
    }


def operation(*parameters: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    """An operation with `parameters`."""
    return {"parameters": list(parameters), "responses": {}, **others}


def parameter(name: str, place: str = "query", **others: Any) -> dict[str, Any]:
    """A parameter, a text unless `schema` says otherwise."""
    required = {"required": True} if place == "path" else {}
    return {"name": name, "in": place, "schema": {"type": "string"}, **required, **others}


def json_body(schema: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    """A body that is JSON."""
    return {"required": True, "content": {"application/json": {"schema": schema}}, **others}
