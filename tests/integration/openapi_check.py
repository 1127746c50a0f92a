"""Checks the structure of an OpenAPI 3.0 document (https://spec.openapis.org/oas/v3.0.3) as far as Hilum writes it.

Debian has no validator. What this one does not know is a problem, so that nothing passes unseen.
"""

import re

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
TYPES = {"boolean", "integer", "number", "string", "array", "object"}
MEDIA_TYPE = re.compile(r"^[a-z]+/[a-z0-9.+*-]+$")
COMPONENT_NAME = re.compile(r"^[a-zA-Z0-9._-]+$")


class Check:
    def __init__(self, document):
        self.document = document
        self.problems = []
        self.operation_ids = set()

    def problem(self, where, what):
        self.problems.append(f"{where}: {what}")

    def object(self, value, where, required=(), optional=()):
        """An object with these members only; extensions (x-...) may always stand."""
        if not isinstance(value, dict):
            self.problem(where, "is no object")
            return {}
        for name in required:
            if name not in value:
                self.problem(where, f"lacks {name}")
        for name in value:
            if name not in required and name not in optional and not name.startswith("x-"):
                self.problem(where, f"has the unknown member {name}")
        return value

    def text(self, value, where):
        if not isinstance(value, str) or not value:
            self.problem(where, f"is no text: {value!r:.80}")

    def schema(self, value, where):
        schema = self.object(value, where, (), ("type", "items", "properties", "description", "format", "enum"))
        if "type" in schema and schema["type"] not in TYPES:
            self.problem(where, f"has the unknown type {schema['type']!r}")
        if (schema.get("type") == "array") != ("items" in schema):
            self.problem(where, "arrays have items, and nothing else has")
        if "items" in schema:
            self.schema(schema["items"], where + "/items")
        if "properties" in schema and schema.get("type") != "object":
            self.problem(where, "has properties and is no object")
        for name, member in schema.get("properties", {}).items():
            self.text(name, where + "/properties")
            self.schema(member, f"{where}/properties/{name}")

    def content(self, value, where):
        if not isinstance(value, dict) or not value:
            self.problem(where, "is empty or no object")
            return
        for media_type, member in value.items():
            if not MEDIA_TYPE.match(media_type):
                self.problem(where, f"{media_type!r} is no media type")
            described = self.object(member, f"{where}/{media_type}", (), ("schema", "example", "examples"))
            if "schema" in described:
                self.schema(described["schema"], f"{where}/{media_type}/schema")

    def response(self, value, where):
        if isinstance(value, dict) and "$ref" in value:
            self.reference(value, where)
            return
        response = self.object(value, where, ("description",), ("headers", "content", "links"))
        self.text(response.get("description"), where + "/description")
        if "content" in response:
            self.content(response["content"], where + "/content")

    def reference(self, value, where):
        self.object(value, where, ("$ref",))
        target = self.document
        parts = value["$ref"].split("/")
        if parts[0] != "#":
            self.problem(where, "refers to another document")
            return
        for part in parts[1:]:
            if not isinstance(target, dict) or part not in target:
                self.problem(where, f"refers to {value['$ref']}, which is not there")
                return
            target = target[part]

    def parameter(self, value, where):
        parameter = self.object(value, where, ("in", "name", "schema"), ("required", "description"))
        if parameter.get("in") not in ("path", "query", "header", "cookie"):
            self.problem(where, f"is in the unknown place {parameter.get('in')!r}")
        self.text(parameter.get("name"), where + "/name")
        if parameter.get("in") == "path" and parameter.get("required") is not True:
            self.problem(where, "parameters of the path are required")
        if not isinstance(parameter.get("required", False), bool):
            self.problem(where, "required must be true or false")
        self.schema(parameter.get("schema"), where + "/schema")
        return parameter.get("in"), parameter.get("name")

    def operation(self, value, path, method):
        where = f"{method.upper()} {path}"
        operation = self.object(value, where, ("responses", "summary", "operationId"),
                                ("parameters", "requestBody", "tags", "description"))
        self.text(operation.get("summary"), where + "/summary")
        operation_id = operation.get("operationId")
        if operation_id in self.operation_ids:
            self.problem(where, f"the operationId {operation_id} stands twice")
        self.operation_ids.add(operation_id)
        for tag in operation.get("tags", []):
            self.text(tag, where + "/tags")
        seen = [self.parameter(parameter, f"{where}/parameters/{index}")
                for index, parameter in enumerate(operation.get("parameters", []))]
        for key in set(seen):
            if seen.count(key) > 1:
                self.problem(where, f"the parameter {key} stands twice")
        in_path = sorted(re.findall(r"\{([^{}]+)\}", path))
        declared = sorted(name for place, name in seen if place == "path")
        if in_path != declared:
            self.problem(where, f"the path has {in_path}, the parameters are {declared}")
        if "requestBody" in operation:
            if method in ("get", "delete"):
                self.problem(where, "takes no body")
            body = self.object(operation["requestBody"], where + "/requestBody", ("content",),
                               ("description", "required"))
            self.content(body.get("content"), where + "/requestBody/content")
        responses = operation.get("responses")
        if not isinstance(responses, dict) or not responses:
            self.problem(where, "has no responses")
            return
        for status, response in responses.items():
            if not re.match(r"^([1-5][0-9X]{2}|default)$", status):
                self.problem(where, f"{status!r} is no status")
            self.response(response, f"{where}/responses/{status}")

    def run(self):
        document = self.object(self.document, "document", ("openapi", "info", "paths"),
                               ("servers", "components", "security", "tags", "externalDocs"))
        if not re.match(r"^3\.0\.\d+$", str(document.get("openapi"))):
            self.problem("document", f"is of the version {document.get('openapi')!r}")
        info = self.object(document.get("info"), "info", ("title", "version"),
                           ("description", "license", "contact", "termsOfService"))
        for name in ("title", "version"):
            self.text(info.get(name), "info/" + name)
        if "license" in info:
            self.object(info["license"], "info/license", ("name",), ("url",))
        components = self.object(document.get("components", {}), "components", (), ("responses", "schemas"))
        for name, response in components.get("responses", {}).items():
            if not COMPONENT_NAME.match(name):
                self.problem("components", f"{name!r} is no name")
            self.response(response, f"components/responses/{name}")
        shapes = {}
        for path, item in document.get("paths", {}).items():
            if not path.startswith("/"):
                self.problem(path, "does not begin with a slash")
            shape = re.sub(r"\{[^{}]*\}", "{}", path)
            if shape in shapes:
                self.problem(path, f"is the same path as {shapes[shape]}")
            shapes[shape] = path
            for method, operation in self.object(item, path, (), METHODS).items():
                self.operation(operation, path, method)
        return self.problems


def problems_of(document):
    """What is wrong with the document; an empty list if nothing is."""
    return Check(document).run()
